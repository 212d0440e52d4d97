using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Manifest;
using CockroachCmek.Core.Tests.FourthCloud;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Cmek;

/// <summary>A cluster with CMEK on the test's own cloud, and everything that a revocation needs.</summary>
internal sealed class RevocationWorld : IDisposable
{
    private readonly CrdbCloudClient _client;
    private readonly ICmekKeyProvider _keys;

    /// <summary>A world whose cluster has no CMEK.</summary>
    public RevocationWorld()
    {
        Api = new MoonApi(Cluster);
        Clouds = new CustomerCloudTable([Moon]);
        _client = new CrdbCloudClient(
            new CloudConnection(new Uri("https://moon.example/"), new Secret("s"))
            {
                Handler = Api,
                Time = new ScaledTimeProvider(TimeProvider.System, 2_000),
                TimeScale = 2_000,
            }
        );
        _keys = Moon.Connect(CloudOptions.None, null);
    }

    public static string Near => "moon:near-side:tycho";

    public static string Far => "moon:far-side:tycho";

    public CrdbCluster Cluster { get; } =
        new()
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

    public MoonCloud Moon { get; } = new();

    public MoonApi Api { get; }

    public RecordingLog Log { get; } = new();

    public CustomerCloudTable Clouds { get; }

    public CmekManifest Manifest =>
        new()
        {
            Cluster = Cluster,
            RegionSpecs =
            [
                CmekRegionSpec.Create("near-side", "MOON_KMS", Near, "astronaut/apollo"),
                CmekRegionSpec.Create("far-side", "MOON_KMS", Far, "astronaut/apollo"),
            ],
        };

    /// <summary>The clock of the operations.</summary>
    public TimeProvider Clock { get; set; } = new ScaledTimeProvider(TimeProvider.System, 2_000);

    private OperationContext Context => new(Log, Clock, TestContext.Current.CancellationToken);

    private CmekLifecycle Lifecycle => new(_client, new ManifestCheck(Clouds));

    /// <summary>A world whose cluster uses a key for each of its two regions.</summary>
    public static async Task<RevocationWorld> EnabledAsync()
    {
        var world = new RevocationWorld();
        foreach (var spec in world.Manifest.RegionSpecs)
            world.Moon.Keys[spec.KeyUri] = new MoonKey(DateTimeOffset.UnixEpoch, spec.AuthPrincipal);
        await world.Lifecycle.EnableAsync(world.Cluster, world.Manifest, new WriteOptions(), null, world.Context);
        world.Api.Requests.Clear();
        world.Log.Questions.Clear();
        return world;
    }

    /// <summary>Moves the near side to a new key, so that the old one is a past key.</summary>
    public async Task<string> ReplaceNearKeyAsync()
    {
        const string Newer = "moon:near-side:copernicus";
        Moon.Keys[Newer] = new MoonKey(DateTimeOffset.UnixEpoch, "astronaut/apollo");
        await _client.UpdateCmekAsync(
            Cluster,
            [CmekRegionSpec.Create("near-side", "MOON_KMS", Newer, "astronaut/apollo")],
            Context
        );
        Api.Requests.Clear();
        return Newer;
    }

    public Task<IReadOnlyList<CmekKey>> KeysAsync() => new KeyInventory(_client).ReadAsync(Cluster, _keys, Context);

    public Task<IReadOnlyList<CmekRole>> RolesAsync() =>
        new RoleInventory(_client).ReadAsync(new RoleSearch { Cluster = Cluster }, _keys, Context);

    public Task<CmekSummary> SummaryAsync(CrdbCluster? cluster = null) =>
        new FleetSummary(_client, new CmekHealth(_client, new ManifestCheck(Clouds))).ReadAsync(
            cluster ?? Cluster,
            () => _keys,
            new HealthOptions(),
            Context
        );

    /// <summary>Another cluster of the organization.</summary>
    public static CrdbCluster Other(string name, int number) =>
        new()
        {
            Id = $"00000000-0000-4000-8000-{number:D12}",
            Name = name,
            Plan = "ADVANCED",
            State = "CREATED",
            CloudProvider = "MOON",
        };

    public Task<(CmekRevocation Revocation, CmekException? Error)> RevokeAsync(
        RevocationOptions? options = null,
        CrdbCluster? cluster = null
    ) =>
        new CmekRevocations(_client, Lifecycle, Clouds).RevokeAsync(
            cluster ?? Cluster,
            _keys,
            options ?? new RevocationOptions(),
            Context
        );

    public Task<IReadOnlyList<CmekCheck>> CheckAsync() =>
        new CmekHealth(_client, new ManifestCheck(Clouds)).CheckAsync(Cluster, _keys, new HealthOptions(), Context);

    public async Task<IReadOnlyList<CmekCheck>> CheckSharingAsync(KeySharing sharing, CrdbCluster cluster) =>
        await sharing.CheckAsync(await _client.GetCmekAsync(cluster, Context), _keys, Context);

    public Task<IReadOnlyList<CmekRevocationDrill>> DrillAsync() =>
        new RevocationDrills(_client, Clouds).RunAsync(Cluster, CmekRevocationMethod.Default, null, _keys, Context);

    public Task<(IReadOnlyList<CmekKey> Keys, CmekException? Error)> RestoreAsync(
        CmekRevocation? record,
        CrdbCluster? cluster = null
    ) => new CmekRestoration(_client, Clouds).RestoreAsync(cluster ?? Cluster, record, _keys, Context);

    public void Dispose() => _client.Dispose();
}
