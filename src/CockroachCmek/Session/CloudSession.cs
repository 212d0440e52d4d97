using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;
using CockroachCmek.Core;
using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Clouds;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Manifest;

namespace CockroachCmek.Session;

/// <summary>
/// The state behind a <see cref="CrdbSession"/>: the API client, the clock, and the connections to the customer's
/// clouds.
/// </summary>
internal sealed class CloudSession : IDisposable
{
    private static readonly ConditionalWeakTable<CrdbSession, CloudSession> Known = new();

    // Several runbook jobs can share a process, so the current session belongs to a runspace.
    private static readonly ConditionalWeakTable<Runspace, CloudSession> Current = new();

    // By the object: a record that is made from another one is another key.
    private static readonly ConditionalWeakTable<CrdbCluster, CloudSession> Kept = new();

    private static int s_lastId;

    private readonly CancellationTokenSource _ended = new();
    private readonly CustomerConnections _connections;
    private readonly ManifestCheck _manifestCheck;

    private CloudSession(
        CrdbSession session,
        CrdbCloudClient client,
        TimeProvider time,
        CustomerConnections connections
    )
    {
        Session = session;
        Client = client;
        Clusters = new ClusterResolver(client, session.IsKmsOnly);
        Time = time;
        _connections = connections;
        _manifestCheck = new ManifestCheck(connections.Clouds);
        NewKeys = new NewKeyAdmission(client, _manifestCheck);
    }

    public CrdbSession Session { get; }

    public CrdbCloudClient Client { get; }

    public ClusterResolver Clusters { get; }

    public TimeProvider Time { get; }

    /// <summary>Creates identities and keys, for clusters that need them.</summary>
    public NewKeyAdmission NewKeys { get; }

    /// <summary>What the session has shown, for completion.</summary>
    public SessionMemory Memory { get; } = new();

    /// <summary>What Connect-CrdbCloud was given for the clouds.</summary>
    public CloudOptions ConnectionOptions => _connections.Options;

    /// <summary>The clouds of the sandbox that the session is connected to; null for the real clouds.</summary>
    public SandboxClouds? SandboxClouds => _connections.Sandbox;

    /// <summary>Canceled when the session is disconnected.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>The clouds that can hold the customer's keys.</summary>
    public CustomerCloudTable Clouds => _connections.Clouds;

    /// <summary>UUID of the organization; null when the API key is not allowed to read it and none was given.</summary>
    public string? OrganizationId => Session.OrganizationId;

    /// <summary>
    /// UUID of the organization, for an identity on the cluster's cloud; empty if the cloud does not need it.
    /// </summary>
    /// <exception cref="CmekException">OrganizationUnknown.</exception>
    public string OrganizationIdFor(CrdbCluster cluster) =>
        OrganizationId ?? (Clouds.Of(cluster).NeedsOrganizationId ? throw Errors.OrganizationUnknown() : "");

    /// <summary>The session of this runspace, or null.</summary>
    public static CloudSession? OfThisRunspace =>
        Runspace.DefaultRunspace is { } runspace && Current.TryGetValue(runspace, out var session) ? session : null;

    /// <summary>The state behind a session object; null when it was disconnected.</summary>
    public static CloudSession? Of(CrdbSession session) => Known.TryGetValue(session, out var found) ? found : null;

    /// <summary>
    /// The session that a cluster keeps, because a cmdlet returned it for -Session; null for one of the runspace's
    /// session, which follows the next Connect-CrdbCloud.
    /// </summary>
    public static CloudSession? KeptBy(CrdbCluster? cluster) =>
        cluster is not null && Kept.TryGetValue(cluster, out var session) ? session : null;

    /// <summary>The cluster as an object that keeps this session, as does what is made from it. Thread-safe.</summary>
    public CrdbCluster Keeping(CrdbCluster cluster)
    {
        if (ReferenceEquals(Kept.GetValue(cluster, _ => this), this))
            return cluster;
        // It keeps another session, and -Session chose this one.
        var copy = cluster with { };
        Kept.Add(copy, this);
        return copy;
    }

    /// <summary>Opens a session, after one call has shown that the API key works.</summary>
    public static async Task<CloudSession> ConnectAsync(
        SessionRequest request,
        IOperationHost log,
        CancellationToken cancellationToken
    )
    {
        var endpoint = request.Endpoint ?? CloudConnection.DefaultEndpoint;
        // Both are checked before the first request, which asks whether the endpoint is a sandbox.
        _ = BaseAddress.Of(endpoint, "", nameof(SessionRequest.Endpoint), Errors.InsecureEndpoint);
        _ = request.ApiKey.ForHeader(nameof(SessionRequest.ApiKey));
        // A session without CockroachDB Cloud has no API key; one of a sandbox in this process needs none.
        var key = request.KmsOnly && RunningSandbox.KeyAt(endpoint) is { } own ? own : request.ApiKey;
        var sandbox = await SandboxDiscovery.FindAsync(endpoint, key, !request.KmsOnly, cancellationToken);
        var time = sandbox is null ? TimeProvider.System : RunningSandbox.ClockAt(endpoint) ?? sandbox.StartClock();
        var connection = new CloudConnection(endpoint, request.ApiKey)
        {
            Time = time,
            TimeScale = sandbox?.TimeScale ?? 1,
        };
        if (request.ApiVersion is not null)
            connection = connection with { ApiVersion = request.ApiVersion };
        if (request.KmsOnly)
            connection = connection with { Handler = new UnreachableCloud() };
        var client = new CrdbCloudClient(connection);
        try
        {
            var context = new OperationContext(log, time, cancellationToken);
            var organization = request.KmsOnly ? null : await OrganizationAsync(client, request, context);
            var session = new CrdbSession
            {
                Id = Interlocked.Increment(ref s_lastId),
                Endpoint = client.Endpoint,
                ApiVersion = client.ApiVersion,
                OrganizationId = organization?.Id ?? request.OrganizationId,
                OrganizationName = organization?.Name,
                IsSandbox = sandbox is not null,
                IsKmsOnly = request.KmsOnly,
                ConnectedAt = TimeProvider.System.GetUtcNow(),
            };
            var connections = new CustomerConnections(CustomerClouds.All, request.Options, sandbox);
            var made = new CloudSession(session, client, time, connections);
            Known.Add(session, made);
            return made;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Makes this the session of the runspace. Pipeline thread only.</summary>
    public void MakeCurrent()
    {
        Current.Remove(Runspace.DefaultRunspace);
        Current.Add(Runspace.DefaultRunspace, this);
    }

    /// <summary>Forgets the session, and with it the API key. Pipeline thread only.</summary>
    public void Disconnect()
    {
        Known.Remove(Session);
        if (ReferenceEquals(OfThisRunspace, this))
            Current.Remove(Runspace.DefaultRunspace);
        Dispose();
    }

    public void Dispose()
    {
        _ended.Cancel();
        Client.Dispose();
        _connections.Dispose();
    }

    private static async Task<CrdbOrganization?> OrganizationAsync(
        CrdbCloudClient client,
        SessionRequest request,
        OperationContext context
    )
    {
        try
        {
            return await client.GetOrganizationAsync(context);
        }
        catch (CmekException error) when (error.Kind == CmekErrorKind.PermissionDenied)
        {
            // The key works; its service account has no role in the organization, only on clusters.
            if (request.OrganizationId is null)
                context.Host.Warning(
                    "This API key is not allowed to read the organization. "
                        + Errors.OrganizationUnknown().RecommendedAction
                );
            return null;
        }
    }

    /// <summary>The provider of a cluster's cloud, or of HashiCorp Vault in front of it.</summary>
    public ICmekKeyProvider KeyProvider(CrdbCluster cluster, CmekKeySource source = CmekKeySource.Cloud) =>
        _connections.ProviderOf(cluster, source);

    /// <summary>
    /// The cluster with its cloud, and what names its keys. A cluster of which only a name or id is known is found in
    /// the
    /// customer's clouds, with its keys; CockroachDB Cloud is not asked.
    /// </summary>
    /// <param name="cluster">What is known of the cluster.</param>
    /// <param name="source">The object from the pipeline; null for none.</param>
    /// <param name="command">The command that needs the keys.</param>
    /// <param name="context">The run.</param>
    /// <exception cref="CmekException">ClusterKeysNotFound, AmbiguousClusterKeys.</exception>
    public async Task<(CrdbCluster Cluster, object? Source)> LocateAsync(
        CrdbCluster cluster,
        object? source,
        string command,
        OperationContext context
    )
    {
        if (cluster.CloudProvider.Length > 0)
            return (cluster, source);
        // An older record, or a state that was kept in a file, may not tell the cloud; its keys do.
        if (CloudOf(source) is { } cloud)
            return (cluster with { CloudProvider = cloud.Provider }, source);
        var found = await ClusterSearch().FindAsync(cluster, command, context);
        return (found.Cluster, found.Keys);
    }

    /// <summary>Finds clusters in the customer's clouds, with this session's credentials.</summary>
    public ClusterSearch ClusterSearch() =>
        new(Clouds, cloud => KeyProvider(new CrdbCluster { CloudProvider = cloud.Provider }));

    private ICustomerCloud? CloudOf(object? source) =>
        (
            source switch
            {
                CmekRevocation record => record.Changes.Select(c => c.KeyUri),
                CmekInfo info => info.EveryKey().Select(k => k.KeyUri),
                _ => [],
            }
        )
            .Select(uri => Clouds.ParseKeyUri(uri).KeyType)
            .OfType<string>()
            .Select(Clouds.OfKeyType)
            .FirstOrDefault(c => c is not null);

    public ManifestReader ManifestReader() => new(Clouds);

    public ManifestBuilder ManifestBuilder() => new(Clouds);

    public CmekLifecycle Lifecycle() => new(Client, _manifestCheck);

    public CmekRotation Rotation() => new(Client, Lifecycle(), _manifestCheck);

    public RegionAddition RegionAddition() => new(Client, Lifecycle());

    public CmekRevocations Revocations() => new(Client, Lifecycle(), Clouds);

    public RevocationDrills RevocationDrills() => new(Client, Clouds);

    public CmekRestoration Restoration() => new(Client, Clouds);

    public AccessReview AccessReview() => new(Client);

    public CmekHistory History(DateTimeOffset since) => new(Client, since);

    /// <summary>The proof of use of keys.</summary>
    public UsageReview UsageReview() => new(Client);

    public KeyInventory KeyInventory() => new(Client);

    /// <summary>Reads the identities of clusters.</summary>
    public RoleInventory RoleInventory() => new(Client);

    public CmekHealth Health() => new(Client, _manifestCheck);

    /// <summary>Puts clusters into one line each.</summary>
    public FleetSummary FleetSummary() => new(Client, Health());
}
