using CockroachCmek.Core.Clouds;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Vault;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Vault;

/// <summary>A cluster of two regions, its cloud, and the Vault that its keys are generated in.</summary>
internal sealed class VaultWorld(string cloud = "AWS") : IDisposable
{
    public const string Token = "planted-vault-token";
    public const string CloudSecret = "planted-cloud-secret";

    /// <summary>Name of the cluster's first key; on AWS the region follows.</summary>
    public const string KeyName = "crdb-cmek-25ebef5ed2aa";

    public const string KeyRing = "projects/p/locations/global/keyRings/r";

    private VaultClient? _client;

    public CrdbCluster Cluster { get; } =
        new()
        {
            Id = "35c4abb2-bb66-46d7-afed-25ebef5ed2aa",
            Name = "prod",
            CloudProvider = cloud,
            Regions = [.. RegionsOf(cloud).Select(r => new CrdbRegion { Name = r, NodeCount = 3 })],
        };

    public FakeVault Vault { get; } = new();

    public FakeCloud Cloud { get; } = new(CustomerClouds.All.All.Single(c => c.Provider == cloud));

    public RecordingLog Log { get; init; } = new();

    public VaultCloudCredentials? Credentials { get; init; } =
        new()
        {
            UserName = "id",
            Password = new Secret(CloudSecret),
            ServiceAccountFile = "/etc/vault/agent.json",
        };

    public string? Namespace { get; init; }

    /// <summary>Parameters of New-CrdbCmekKey. Default: a key collection where the cloud needs one.</summary>
    public CloudOptions Options { get; init; } =
        CloudOptions.None.With(
            "VaultKeyCollection",
            cloud switch
            {
                "GCP" => KeyRing,
                "AZURE" => "kv-prod",
                _ => null,
            }
        );

    public string Principal =>
        cloud switch
        {
            "AWS" => "arn:aws:iam::111122223333:role/r",
            "GCP" => "crdb-cmek@my-project.iam.gserviceaccount.com",
            _ => "11111111-2222-3333-4444-555555555555",
        };

    public OperationContext Context =>
        new(Log, new ScaledTimeProvider(TimeProvider.System, 20_000), CancellationToken.None);

    public VaultKeyProvider Provider => new(Cloud, _client ??= new VaultClient(Connection));

    public KeyRequest Request =>
        new()
        {
            Cluster = Cluster,
            AuthPrincipal = Principal,
            Regions = [.. Cluster.Regions.Select(r => r.Name)],
            Options = Options,
        };

    private VaultConnection Connection =>
        new(new Uri("https://vault.example:8200"), new Secret(Token))
        {
            Handler = Vault,
            CloudCredentials = Credentials,
            Namespace = Namespace,
        };

    public Task<IReadOnlyList<CmekKey>> EnsureAsync(Func<KeyRequest, KeyRequest>? change = null) =>
        Provider.EnsureKeysAsync(change?.Invoke(Request) ?? Request, Context);

    public Task<CmekException> EnsureFailsAsync(Func<KeyRequest, KeyRequest>? change = null) =>
        Assert.ThrowsAsync<CmekException>(() => EnsureAsync(change));

    /// <summary>Rotates keys in force; null when that was declined.</summary>
    /// <param name="wrappedAt">When the cluster last wrapped with them.</param>
    public Task<IReadOnlyList<CmekRegionSpec>?> TryRotateAsync(
        IEnumerable<CmekRegionSpec> inForce,
        bool newKey,
        DateTimeOffset? wrappedAt,
        OperationContext context
    ) =>
        Provider.RotateKeysAsync(
            new RotationRequest
            {
                Cluster = Cluster,
                NewKey = newKey,
                Regions = [.. inForce.Select(s => InForce(s, wrappedAt))],
            },
            context
        );

    /// <summary>What the regions are to use after a rotation that nobody declines.</summary>
    public async Task<IReadOnlyList<CmekRegionSpec>> RotateAsync(
        IEnumerable<CmekRegionSpec> inForce,
        bool newKey = false,
        DateTimeOffset? wrappedAt = null
    )
    {
        var next = await TryRotateAsync(inForce, newKey, wrappedAt, Context);
        Assert.NotNull(next);
        return next;
    }

    /// <summary>The specification of a region that uses a key.</summary>
    public CmekRegionSpec Spec(string region, string keyUri) =>
        new()
        {
            Region = region,
            KeySpec = new CmekKeySpec
            {
                Type = Cloud.Cloud.KeyType,
                Uri = keyUri,
                AuthPrincipal = Principal,
            },
        };

    public IReadOnlyList<CmekRegionSpec> Specs(IEnumerable<CmekKey> keys) =>
        [.. keys.Select(k => Spec(k.Region, k.KeyUri))];

    public void Dispose() => _client?.Dispose();

    private static CmekRegionInfo InForce(CmekRegionSpec spec, DateTimeOffset? wrappedAt) =>
        new()
        {
            Region = spec.Region,
            Keys =
            [
                new CmekKeyInfo
                {
                    KeyType = spec.KeySpec.Type,
                    KeyUri = spec.KeyUri,
                    AuthPrincipal = spec.AuthPrincipal,
                    CreatedAt = wrappedAt,
                },
            ],
        };

    private static string[] RegionsOf(string cloud) =>
        cloud switch
        {
            "AWS" => ["us-east-1", "us-west-2"],
            "GCP" => ["europe-west1", "us-east4"],
            _ => ["westeurope", "northeurope"],
        };
}
