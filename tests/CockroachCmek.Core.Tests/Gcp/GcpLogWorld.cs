using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Gcp;
using CockroachCmek.Sandbox.Cloud;
using CockroachCmek.Sandbox.Gcp;

namespace CockroachCmek.Core.Tests.Gcp;

/// <summary>gcp-us with a key that is 200 days in use, and a CockroachDB that uses it when told to.</summary>
internal sealed class GcpLogWorld : IAsyncDisposable
{
    private readonly GcpWorld _world;
    private readonly GcpKeyUser _user;
    private readonly KeyUseRequest _use;
    private byte[] _wrapped = [];

    private GcpLogWorld(GcpWorld world)
    {
        _world = world;
        _user = new GcpKeyUser(world.Server.Gcp, world.Server.Clock);
        var seeded = world.Server.UseCmek("gcp-us");
        Key = CmekRegionSpec.Create("us-east4", seeded.Type, seeded.Uri, seeded.AuthPrincipal);
        var cluster = world.Cluster;
        _use = new KeyUseRequest(Key.KeyUri, Key.AuthPrincipal, "org", cluster.Id, cluster.AccountId, Key.Region);
    }

    public static async Task<GcpLogWorld> StartAsync() => new(await GcpWorld.StartAsync(timeScale: 600));

    public CmekRegionSpec Key { get; }

    public GcpWorld World => _world;

    public GcpSandbox Gcp => _world.Server.Gcp;

    public DateTimeOffset Now => _world.Server.Clock.UtcNow;

    /// <summary>Turns Data Access logs on, as if they had been on for long.</summary>
    public void TurnLogsOn()
    {
        Gcp.LogDataAccess("cloudkms.googleapis.com");
        Gcp.LogDataAccess("iam.googleapis.com");
    }

    public void Advance(TimeSpan time) => _world.Server.Clock.Advance(time);

    /// <summary>CockroachDB wraps its store key, or unwraps it; the entry can be read afterwards.</summary>
    /// <returns>The refusal; null when it worked.</returns>
    public string? Use(string? uri = null)
    {
        var request = uri is null ? _use : _use with { Uri = uri };
        var use =
            _wrapped.Length == 0 || uri is not null
                ? _user.Wrap(request, new byte[32])
                : _user.Unwrap(request, _wrapped);
        if (_wrapped.Length == 0 && uri is null)
            _wrapped = use.Bytes ?? [];
        Advance(Gcp.LogDelay);
        return use.Refusal;
    }

    public Task<KeyUsage> ReadAsync(GcpKeyProvider? provider = null, int days = 30, CmekRegionSpec? key = null) =>
        (provider ?? _world.Provider).ReadUsageAsync(
            new KeyUsageRequest
            {
                Cluster = _world.Cluster,
                Key = key ?? Key,
                Since = Now.AddDays(-days),
            },
            _world.Context
        );

    public Task<KeyEvents> ReadEventsAsync(GcpKeyProvider? provider = null, int days = 30) =>
        (provider ?? _world.Provider).ReadEventsAsync(
            new KeyEventsRequest
            {
                Cluster = _world.Cluster,
                Keys = [Key],
                Since = Now.AddDays(-days),
            },
            _world.Context
        );

    /// <summary>Somebody who may do everything but this.</summary>
    public GcpKeyProvider Without(params string[] permissions) =>
        _world.ProviderAs(Gcp.AddPrincipalWithout("limited@example.com", permissions));

    public async ValueTask DisposeAsync()
    {
        _world.ConformsToSpecification();
        await _world.DisposeAsync();
    }
}
