using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Clouds;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Manifest;
using CockroachCmek.Sandbox;
using CockroachCmek.Sandbox.Cloud;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Matrix;

/// <summary>
/// A cluster of one cloud with a key in force for each region and a past key. It is prepared once; every cell of the
/// matrix starts from a copy.
/// </summary>
public abstract class MatrixCloud : IAsyncLifetime
{
    private const double Scale = 20_000;

    private readonly ScaledTimeProvider _time = new(TimeProvider.System, Scale);
    private readonly List<IDisposable> _owned = [];
    private readonly Dictionary<string, byte[]> _wrapped = [];
    private SandboxSnapshot? _snapshot;

    /// <summary>The sandbox.</summary>
    internal SandboxServer Server { get; } =
        SandboxServer.Start(
            new SandboxOptions
            {
                TimeScale = Scale,
                Record = true,
                PageSize = 50,
            }
        );

    /// <summary>The cloud's name for people.</summary>
    internal abstract string Name { get; }

    /// <summary>The cluster.</summary>
    internal CrdbCluster Cluster { get; private set; } = null!;

    /// <summary>Another cluster on the same cloud.</summary>
    internal CrdbCluster Neighbour { get; private set; } = null!;

    /// <summary>The state of CMEK before anything is revoked.</summary>
    internal CmekInfo Info { get; private set; } = null!;

    /// <summary>The key that the first region used before.</summary>
    internal CmekRegionSpec Past { get; private set; } = null!;

    /// <summary>The keys in force.</summary>
    internal IReadOnlyList<CmekRegionSpec> InForce => Info.InForce();

    /// <summary>A manifest that names the keys in force.</summary>
    internal CmekManifest Manifest => new() { Cluster = Cluster, RegionSpecs = InForce };

    /// <summary>Names of the cluster and of another one on the same cloud.</summary>
    private protected abstract (string Cluster, string Neighbour) Names { get; }

    /// <summary>How the sandbox's CockroachDB uses a key.</summary>
    private protected abstract IKeyUser User { get; }

    /// <summary>Connects the module, with the administrator's credentials or with expired ones.</summary>
    private protected abstract ICmekKeyProvider Connect(bool expired);

    /// <summary>Everything that a revocation may change, as text.</summary>
    internal abstract string Dump();

    /// <summary>What happens to requests for an unreachable key.</summary>
    private protected FaultRule KeyFault { get; private set; } = new();

    /// <summary>Prepares a state of the customer's cloud.</summary>
    private protected abstract void Arrange(MatrixState state);

    /// <summary>Takes the obstacles of a state away, so that access can be restored.</summary>
    private protected abstract void TakeObstaclesAway();

    /// <summary>Changes policies, as another administrator does, or takes the change back.</summary>
    internal abstract void ChangeAsStranger(bool undo);

    /// <summary>True for a request that would change something in the customer's cloud.</summary>
    private protected abstract bool IsWrite(RecordedExchange exchange);

    /// <summary>Parameters of New-CrdbCmekKey.</summary>
    private protected virtual CloudOptions KeyOptions(string region) => CloudOptions.None;

    /// <summary>Copies of keys in force that decrypt what those encrypted, in regions that the cluster does not use.</summary>
    private protected virtual IReadOnlyList<(CmekRegionSpec Key, CmekRegionSpec Of)> Copies => [];

    /// <summary>Prepares the cluster with the module itself.</summary>
    public async ValueTask InitializeAsync()
    {
        var context = Context(new RecordingLog());
        using var client = Client();
        Cluster = await FindAsync(client, Names.Cluster, context);
        Neighbour = await FindAsync(client, Names.Neighbour, context);
        var provider = Own(Connect(expired: false));
        var role = await provider.EnsureRoleAsync(
            new RoleRequest { Cluster = Cluster, OrganizationId = Server.Cloud.OrganizationId },
            context
        );
        var keys = new List<CmekKey>();
        foreach (var region in Cluster.Regions.Select(r => r.Name))
            keys.AddRange(
                await provider.EnsureKeysAsync(
                    new KeyRequest
                    {
                        Cluster = Cluster,
                        AuthPrincipal = role.AuthPrincipal,
                        Regions = [region],
                        Options = KeyOptions(region),
                    },
                    context
                )
            );
        var manifest = new CmekManifest
        {
            Cluster = Cluster,
            RegionSpecs = [.. keys.Select(k => CmekRegionSpec.Create(k.Region, k.KeyType, k.KeyUri, k.AuthPrincipal))],
        };
        var lifecycle = Lifecycle(client);
        var patient = new WriteOptions { PrincipalsAreFresh = true, Propagation = TimeSpan.FromHours(1) };
        var wait = new WaitOptions { Expected = CmekStatus.Enabled };
        Info = await lifecycle.EnableAsync(Cluster, manifest, patient, wait, context);
        Past = InForce[0];
        var moved = await provider.RotateKeysAsync(
            new RotationRequest
            {
                Cluster = Cluster,
                NewKey = true,
                Regions = Info.Regions,
            },
            context
        );
        await provider.SettleNewKeysAsync(Cluster, moved!, context);
        Server.Clock.Advance(TimeSpan.FromMinutes(20));
        await client.UpdateCmekAsync(Cluster, moved!, context);
        Info = await lifecycle.WaitAsync(Cluster, wait, context);
        Server.Clock.Advance(TimeSpan.FromMinutes(20));
        foreach (var spec in InForce.DistinctBy(k => k.KeyUri))
            _wrapped[spec.KeyUri] = User.Wrap(Request(spec), new byte[32]).Bytes!;
        _snapshot = Server.Save();
    }

    /// <summary>Starts a cell: a fresh copy of everything.</summary>
    /// <param name="keyFault">What happens to requests for an unreachable key. Default: the connection is reset.</param>
    internal ICmekKeyProvider Start(MatrixState state, FaultRule? keyFault = null)
    {
        KeyFault = keyFault ?? new FaultRule { Action = FaultAction.CutBefore };
        Server.Faults.Clear();
        Server.Load(_snapshot!);
        Server.ClearExchanges();
        switch (state)
        {
            case MatrixState.ApiSlow:
                Add(new FaultRule { Delay = TimeSpan.FromMinutes(10), Action = FaultAction.Delay }, "cloud", null);
                break;
            case MatrixState.NeighbourFails:
                Add(new FaultRule { Status = 500, Action = FaultAction.Status }, "cloud", $"{Neighbour.Id}/cmek");
                break;
            case MatrixState.ApiForbidden:
                Add(new FaultRule { Status = 403, Action = FaultAction.Status }, "cloud", null);
                break;
            case MatrixState.SharedKey:
                Share();
                break;
            case MatrixState.TwoClusters:
                Server.UseCmek(Neighbour.Name);
                break;
            default:
                Arrange(state);
                break;
        }

        return Own(Connect(state == MatrixState.ExpiredToken));
    }

    /// <summary>Mends what was broken.</summary>
    internal ICmekKeyProvider Mend()
    {
        Server.Faults.Clear();
        TakeObstaclesAway();
        return Own(Connect(expired: false));
    }

    /// <summary>A further connection of the module.</summary>
    internal ICmekKeyProvider Again() => Own(Connect(expired: false));

    /// <summary>A client of CockroachDB Cloud.</summary>
    internal CrdbCloudClient Client(bool isDown = false) =>
        new(
            new CloudConnection(Server.CloudEndpoint, new Secret(Server.Cloud.AdminKey))
            {
                Time = _time,
                TimeScale = Scale,
                Handler = isDown ? new DownHandler() : null,
            }
        );

    /// <summary>The lifecycle of CMEK.</summary>
    internal static CmekLifecycle Lifecycle(CrdbCloudClient client) =>
        new(client, new ManifestCheck(CustomerClouds.All));

    /// <summary>The context of an operation.</summary>
    internal OperationContext Context(RecordingLog log, CancellationToken stop = default) => new(log, _time, stop);

    /// <summary>The keys in force that CockroachDB can still decrypt with, once every change has its effect.</summary>
    internal IReadOnlyList<string> Usable()
    {
        Server.Clock.Advance(TimeSpan.FromMinutes(20));
        return
        [
            .. InForce
                .Select(k => (Key: k, Of: k))
                .Concat(Copies)
                .Where(k => CanDecrypt(k.Key, k.Of))
                .Select(k => k.Key.KeyUri)
                .Distinct(),
        ];
    }

    /// <summary>
    /// True if the sandbox's CockroachDB can decrypt with a key what another, or the same one, encrypted. A disabled key
    /// of Azure still encrypts, which opens nothing.
    /// </summary>
    private bool CanDecrypt(CmekRegionSpec key, CmekRegionSpec encrypted) =>
        User.Unwrap(Request(key), _wrapped[encrypted.KeyUri]).Succeeded;

    /// <summary>Requests since the start of the cell that would change the customer's cloud.</summary>
    internal IReadOnlyList<string> Writes() =>
        [
            .. Server
                .Exchanges.Where(e => e.Request.Service is not ("cloud" or "msi") && IsWrite(e))
                .Select(e => $"{e.Request.Method} {e.Request.Path}"),
        ];

    /// <summary>Requests to CockroachDB Cloud since the start of the cell.</summary>
    internal IReadOnlyList<RecordedExchange> ToCloud() =>
        [.. Server.Exchanges.Where(e => e.Request.Service == "cloud")];

    /// <summary>Ends the sandbox.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var owned in _owned)
            owned.Dispose();
        await Server.StopAsync();
        Server.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Adds a fault for every request of a service that matches.</summary>
    private protected void Add(FaultRule rule, string service, string? pattern) =>
        Server.Faults.Add(rule with { Service = service, Pattern = pattern, Count = int.MaxValue });

    private protected T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }

    private KeyUseRequest Request(CmekRegionSpec spec) =>
        new(spec.KeyUri, spec.AuthPrincipal, Server.Cloud.OrganizationId, Cluster.Id, Cluster.AccountId, spec.Region);

    private static Task<CrdbCluster> FindAsync(CrdbCloudClient client, string name, OperationContext context) =>
        new ClusterResolver(client).ResolveAsync(new CrdbClusterIdentity(name), context);

    /// <summary>Another cluster uses the keys, as CockroachDB Cloud shows it.</summary>
    private void Share()
    {
        var other = Server.Cloud.Clusters.Single(c => c.Id == Neighbour.Id);
        var spec = new SandboxKeySpec(InForce[0].KeyType, InForce[0].KeyUri, InForce[0].AuthPrincipal);
        var region = new CmekRegion(other.Regions[0].Name, "ENABLED", new byte[32]);
        region.Keys.Add(new CmekKeyEntry(spec, Server.Clock.UtcNow, "ENABLED"));
        other.Cmek.Regions.Clear();
        other.Cmek.Regions.Add(region);
        other.Cmek.Status = "ENABLED";
    }

    /// <summary>CockroachDB Cloud refuses connections.</summary>
    private sealed class DownHandler : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request,
            CancellationToken cancellationToken
        ) =>
            throw new HttpRequestException(
                "Connection refused",
                new System.Net.Sockets.SocketException((int)System.Net.Sockets.SocketError.ConnectionRefused)
            );
    }
}
