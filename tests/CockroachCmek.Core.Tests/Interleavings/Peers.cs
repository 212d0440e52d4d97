using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Clouds;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Manifest;
using CockroachCmek.Sandbox;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Interleavings;

/// <summary>One admin's session: nothing is shared with the other but the sandbox over HTTP.</summary>
internal sealed class Peer : IDisposable
{
    private const double NoLimit = 1_000_000;

    private readonly CrdbCloudClient _client;
    private readonly ICmekKeyProvider _keys;
    private readonly CmekLifecycle _lifecycle;
    private readonly CrdbCluster _cluster;
    private readonly OperationContext _context;

    /// <param name="keys">The provider of the cluster's cloud, connected as this peer.</param>
    public Peer(Uri cloud, string apiKey, ICmekKeyProvider keys, CrdbCluster cluster, TimeProvider time)
    {
        _client = new CrdbCloudClient(
            new CloudConnection(cloud, new Secret(apiKey)) { Time = time, TimeScale = NoLimit }
        );
        _keys = keys;
        _cluster = cluster;
        _lifecycle = new CmekLifecycle(_client, new ManifestCheck(CustomerClouds.All));
        _context = new OperationContext(Log, time, CancellationToken.None)
        {
            // A request waits for its turn, which is no silence of the service.
            Patience = Patience.Usual with
            {
                Announce = Interleaver.RequestTimeout,
                Attempt = Interleaver.RequestTimeout + Interleaver.RequestTimeout,
                Together = Interleaver.RequestTimeout,
            },
        };
    }

    public RecordingLog Log { get; } = new();

    /// <summary>Parameters of New-CrdbCmekKey.</summary>
    public CloudOptions KeyOptions { get; init; } = CloudOptions.None;

    /// <summary>What the run said at its end; null when it failed.</summary>
    public CmekOutcome? Outcome { get; private set; }

    /// <summary>The error at its end; null when it succeeded.</summary>
    public CmekException? Error { get; private set; }

    /// <summary>True when the run says that it made the change.</summary>
    public bool ClaimsSuccess => Outcome is CmekOutcome.Created or CmekOutcome.Updated;

    private static WaitOptions Wait(string? expected) =>
        new() { PollInterval = TimeSpan.FromMinutes(5), Expected = expected };

    /// <summary>One of the commands, as its cmdlet calls it. Starts a while after the other.</summary>
    public async Task RunAsync(string command, TimeSpan start)
    {
        try
        {
            if (start > TimeSpan.Zero)
                await Task.Delay(start, _context.Time);
            Outcome = command switch
            {
                "enable" => await EnableAsync(),
                "rotate" => await RotateAsync(newKey: false),
                "new key" => await RotateAsync(newKey: true),
                "add region" => await AddRegionAsync(),
                "revoke" => await RevokeAsync(),
                _ => throw new ArgumentException(command, nameof(command)),
            };
        }
        catch (CmekException error)
        {
            Error = error;
        }
    }

    private async Task<CmekOutcome> EnableAsync()
    {
        var before = await _client.GetCmekAsync(_cluster, _context);
        if (before.Status != CmekStatus.Disabled)
            CmekState.RefuseUnlessNew(before);
        var role = await _keys.EnsureRoleAsync(
            new RoleRequest { Cluster = _cluster, OrganizationId = (await _client.GetOrganizationAsync(_context)).Id },
            _context
        );
        var keys = await _keys.EnsureKeysAsync(
            new KeyRequest
            {
                Cluster = _cluster,
                AuthPrincipal = role.AuthPrincipal,
                Regions = [.. _cluster.Regions.Select(r => r.Name)],
                Options = KeyOptions,
            },
            _context
        );
        var builder = new ManifestBuilder(CustomerClouds.All);
        var manifest = keys.Select(k => builder.Add(_cluster, k.Region, k.KeyUri, k.AuthPrincipal, k))
            .OfType<CmekManifest>()
            .Single();
        var fresh = new WriteOptions { PrincipalsAreFresh = true };
        var wait = Wait(CmekStatus.Enabled);
        return (await _lifecycle.EnableAsync(_cluster, manifest, fresh, wait, _context)).Outcome;
    }

    private async Task<CmekOutcome> RotateAsync(bool newKey)
    {
        var rotation = new CmekRotation(_client, _lifecycle, new ManifestCheck(CustomerClouds.All));
        var options = new RotationOptions { NewKey = newKey, Wait = Wait(CmekStatus.Enabled) };
        return (await rotation.RotateAsync(_cluster, _keys, options, _context)).Outcome;
    }

    private async Task<CmekOutcome> AddRegionAsync()
    {
        var options = new RegionAdditionOptions
        {
            Regions = [Added],
            NodeCount = 3,
            Wait = Wait(null),
        };
        await new RegionAddition(_client, _lifecycle).AddAsync(_cluster, _keys, options, _context);
        return Log.Writes.Any(w => w.Contains("PATCH", StringComparison.Ordinal))
            ? CmekOutcome.Updated
            : CmekOutcome.Existing;
    }

    private async Task<CmekOutcome> RevokeAsync()
    {
        var options = new RevocationOptions { NeighbourPatience = TimeSpan.Zero, Wait = Wait(CmekStatus.Revoked) };
        var (revocation, error) = await new CmekRevocations(_client, _lifecycle, CustomerClouds.All).RevokeAsync(
            _cluster,
            _keys,
            options,
            _context
        );
        return error is null ? revocation.Outcome : throw error;
    }

    /// <summary>The region that is added.</summary>
    public string Added => _cluster.CloudProvider == "GCP" ? "europe-west3" : "eu-north-1";

    public Task<CmekInfo> StateAsync() => _client.GetCmekAsync(_cluster, _context);

    public Task<CrdbCluster> ClusterAsync() => _client.GetClusterAsync(_cluster.Id, _context);

    public override string ToString() =>
        $"{Outcome?.ToString() ?? "-"} {Error?.ErrorId} {Error?.Message} | {string.Join(" | ", Log.Warnings)}";

    public void Dispose()
    {
        _client.Dispose();
        _keys.Dispose();
    }
}
