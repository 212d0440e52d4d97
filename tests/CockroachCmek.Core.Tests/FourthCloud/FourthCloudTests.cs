using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Manifest;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.FourthCloud;

/// <summary>
/// A cloud is one folder and one row: a fourth one goes the whole way without a change anywhere else.
/// </summary>
public sealed class FourthCloudTests : IDisposable
{
    private static readonly CrdbCluster Cluster = new()
    {
        Id = "35c4abb2-bb66-46d7-afed-25ebef5ed2aa",
        Name = "apollo",
        Plan = "ADVANCED",
        State = "CREATED",
        CloudProvider = "MOON",
        Regions =
        [
            new CrdbRegion { Name = "near-side", NodeCount = 3 },
            new CrdbRegion { Name = "far-side", NodeCount = 3 },
        ],
    };

    private readonly RecordingLog _log = new();
    private readonly MoonCloud _moon = new();
    private readonly CustomerCloudTable _clouds;
    private readonly CrdbCloudClient _client = new(
        new CloudConnection(new Uri("https://moon.example/"), new Secret("s")) { Handler = new MoonApi(Cluster) }
    );

    public FourthCloudTests() => _clouds = new CustomerCloudTable([_moon]);

    private OperationContext Context =>
        new(_log, new ScaledTimeProvider(TimeProvider.System, 2_000), TestContext.Current.CancellationToken);

    private CmekLifecycle Lifecycle => new(_client, new ManifestCheck(_clouds));

    [Fact]
    public async Task A_fourth_cloud_goes_from_role_to_restoration()
    {
        using var provider = _clouds.Of(Cluster).Connect(CloudOptions.None, null);
        var manifest = await ManifestAsync(provider);
        var text = ManifestWriter.Write(manifest, CmekManifestFormat.Yaml);
        var read = new ManifestReader(_clouds).ForCluster(
            new ManifestReader(_clouds).Read(text, CmekManifestFormat.Yaml),
            Cluster
        );
        Assert.Equal(manifest.RegionSpecs, read.RegionSpecs);

        var enabled = await Lifecycle.EnableAsync(Cluster, read, new WriteOptions(), null, Context);
        Assert.Equal((CmekStatus.Enabled, CmekOutcome.Created), (enabled.Status, enabled.Outcome));
        Assert.All(await CheckAsync(provider), c => Assert.NotEqual(CmekCheckStatus.Fail, c.Status));

        var rotation = new CmekRotation(_client, Lifecycle, new ManifestCheck(_clouds));
        var rotated = await rotation.RotateAsync(Cluster, provider, new RotationOptions(), Context);
        Assert.Equal(CmekOutcome.Updated, rotated.Outcome);
        Assert.All(rotated.Regions, r => Assert.Equal(2, r.Keys.Count));

        var (revocation, error) = await new CmekRevocations(_client, Lifecycle, _clouds).RevokeAsync(
            Cluster,
            provider,
            new RevocationOptions(),
            Context
        );
        Assert.Null(error);
        Assert.Equal(CmekStatus.Revoked, revocation.Status);
        Assert.All(_moon.Keys.Values, k => Assert.Null(k.GrantedTo));

        var (keys, unrestored) = await new CmekRestoration(_client, _clouds).RestoreAsync(
            Cluster,
            revocation,
            provider,
            Context
        );
        Assert.Null(unrestored);
        Assert.All(keys, k => Assert.Equal(CmekOutcome.Updated, k.Outcome));
        Assert.All(_moon.Keys.Values, k => Assert.NotNull(k.GrantedTo));
    }

    [Theory]
    [InlineData("moon:near-side", "astronaut/neil", "KeyUriMalformed")]
    [InlineData("moon:near-side:tycho", "neil", "PrincipalMalformed")]
    public void A_manifest_is_checked_by_the_cloud_s_own_grammar(string uri, string principal, string errorId)
    {
        var manifest = new CmekManifest
        {
            Cluster = Cluster,
            RegionSpecs = [.. Cluster.Regions.Select(r => CmekRegionSpec.Create(r.Name, "MOON_KMS", uri, principal))],
        };
        Assert.Contains(new ManifestCheck(_clouds).Check(Cluster, manifest), c => c.ErrorId == errorId);
    }

    [Fact]
    public void A_parameter_of_another_cloud_is_refused_by_name()
    {
        var error = Assert.Throws<CmekException>(() =>
            _clouds.RefuseForeignOptions(Cluster, CloudOptions.None.With("KeyRing", "r"), c => c.KeyOptions)
        );
        Assert.Equal(nameof(Errors.ParameterNotSupported), error.ErrorId);
        Assert.Contains("-KeyRing", error.Message, StringComparison.Ordinal);
        _clouds.RefuseForeignOptions(Cluster, CloudOptions.None.With("Crater", "tycho"), c => c.KeyOptions);
    }

    public void Dispose() => _client.Dispose();

    private async Task<CmekManifest> ManifestAsync(ICmekKeyProvider provider)
    {
        var role = await provider.EnsureRoleAsync(new RoleRequest { Cluster = Cluster, OrganizationId = "" }, Context);
        var keys = await provider.EnsureKeysAsync(
            new KeyRequest
            {
                Cluster = Cluster,
                AuthPrincipal = role.AuthPrincipal,
                Regions = [.. Cluster.Regions.Select(r => r.Name)],
            },
            Context
        );
        var builder = new ManifestBuilder(_clouds);
        return keys.Select(k => builder.Add(Cluster, k.Region, k.KeyUri, k.AuthPrincipal, k))
            .OfType<CmekManifest>()
            .Single();
    }

    private Task<IReadOnlyList<CmekCheck>> CheckAsync(ICmekKeyProvider provider) =>
        new CmekHealth(_client, new ManifestCheck(_clouds)).CheckAsync(Cluster, provider, new HealthOptions(), Context);
}
