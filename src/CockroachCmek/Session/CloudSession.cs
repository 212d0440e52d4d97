using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;
using CockroachCmek.Commands;
using CockroachCmek.Core;
using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Vault;
using CockroachCmek.Core.Manifest;

namespace CockroachCmek.Session;

/// <summary>What stands behind a <see cref="CrdbSession"/>: the client with its key, the clock, and how the customer's own clouds are reached.</summary>
internal sealed class CloudSession : IDisposable
{
    private static readonly ConditionalWeakTable<CrdbSession, CloudSession> Known = new();

    // Several runbook jobs can run in one process: state belongs to a runspace, never to a static.
    private static readonly ConditionalWeakTable<Runspace, CloudSession> Current = new();

    private static int s_lastId;

    private readonly CustomerClouds _clouds;
    private readonly string? _organizationId;

    private CloudSession(CrdbSession session, CrdbCloudClient client, TimeProvider time, CustomerClouds clouds)
    {
        Session = session;
        Client = client;
        Clusters = new ClusterResolver(client);
        Time = time;
        _clouds = clouds;
        _organizationId = session.OrganizationId;
    }

    public CrdbSession Session { get; }

    public CrdbCloudClient Client { get; }

    public ClusterResolver Clusters { get; }

    public TimeProvider Time { get; }

    /// <summary>Keys that this session has seen: what completion offers.</summary>
    public KnownNames KnownKeys { get; } = new();

    /// <summary>UUID of the organization.</summary>
    /// <exception cref="CmekException">OrganizationUnknown: the API key may not read it, and none was given.</exception>
    public string OrganizationId => _organizationId ?? throw Errors.OrganizationUnknown();

    /// <summary>UUID of the organization, for a cluster's cloud: only AWS cannot do without, where it is the external id.</summary>
    /// <exception cref="CmekException">OrganizationUnknown.</exception>
    public string OrganizationOf(CrdbCluster cluster) =>
        cluster.CloudProvider == "AWS" ? OrganizationId : _organizationId ?? "";

    /// <summary>The session of this runspace, or null.</summary>
    public static CloudSession? OfThisRunspace =>
        Runspace.DefaultRunspace is { } runspace && Current.TryGetValue(runspace, out var session) ? session : null;

    /// <summary>What stands behind a session object that a user passes about, or null when it was disconnected.</summary>
    public static CloudSession? Of(CrdbSession session) => Known.TryGetValue(session, out var found) ? found : null;

    /// <summary>Makes a session, after one call has shown that the key is good.</summary>
    public static async Task<CloudSession> ConnectAsync(SessionRequest request, Operation operation)
    {
        var context = operation.Context(request.Time);
        var client = new CrdbCloudClient(request.Connection());
        try
        {
            CrdbOrganization? organization = null;
            try
            {
                organization = await client.GetOrganizationAsync(context);
            }
            catch (CmekException fault) when (fault.Kind == CmekErrorKind.PermissionDenied)
            {
                // The key is good; its service account has no role in the organization, only on clusters.
                if (request.OrganizationId is null)
                    operation.Warning(
                        $"This API key may not read the organization. {Errors.OrganizationUnknown().RecommendedAction}"
                    );
            }

            var session = new CrdbSession
            {
                Id = Interlocked.Increment(ref s_lastId),
                Endpoint = client.Endpoint,
                ApiVersion = client.ApiVersion,
                OrganizationId = organization?.Id ?? request.OrganizationId,
                OrganizationName = organization?.Name,
                IsSandbox = request.IsSandbox,
                ConnectedAt = TimeProvider.System.GetUtcNow(),
            };
            var made = new CloudSession(session, client, request.Time, request.Clouds);
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

    /// <summary>The provider of a cluster's cloud.</summary>
    public ICmekKeyProvider KeyProvider(CrdbCluster cluster, string? awsProfile) =>
        (
            awsProfile is null ? _clouds : _clouds with { Aws = _clouds.Aws with { ProfileName = awsProfile } }
        ).ProviderOf(cluster);

    /// <summary>The provider of a cluster's cloud, or Vault in front of it.</summary>
    public ICmekKeyProvider KeyProvider(CrdbCluster cluster, string? awsProfile, VaultConnection? vault) =>
        vault is null
            ? KeyProvider(cluster, awsProfile)
            : new VaultKeyProvider(KeyProvider(cluster, awsProfile), vault);

    /// <summary>The session's own Vault, which a sandbox has; null elsewhere.</summary>
    public VaultConnection? Vault => _clouds.Vault;

    /// <summary>UUID of the organization; null when the API key may not read it, and none was given.</summary>
    public string? OrganizationIdOrNull => _organizationId;

    public CmekLifecycle Lifecycle() => new(Client, new ManifestCheck());

    public CmekRotation Rotation() => new(Client, Lifecycle());

    public RegionAddition RegionAddition() => new(Client, Lifecycle());

    public CmekRevocations Revocations() => new(Client, Lifecycle());

    public CmekHealth Health() => new(Client);

    /// <summary>Follows what a write has begun to its end; a plan has none.</summary>
    public async Task<CmekInfo> FollowAsync(CmekInfo begun, WaitOptions options, OperationContext context) =>
        begun.IsPlanned
            ? begun
            : (await Lifecycle().WaitAsync(begun.Cluster, options, context)) with
            {
                Outcome = begun.Outcome,
            };

    /// <summary>The cluster of a manifest: the one that was named, or the one that the manifest was made for.</summary>
    public async Task<CrdbCluster> ClusterOfAsync(
        CmekManifest manifest,
        CrdbClusterIdentity? named,
        OperationContext context
    ) =>
        named is not null
            ? await Clusters.ResolveAsync(named, context)
            : manifest.Cluster ?? throw Errors.ClusterMissing(manifest.ToString());

    public void Dispose() => Client.Dispose();
}

/// <summary>What a session is made from.</summary>
internal sealed record SessionRequest(Uri? Endpoint, Secret ApiKey)
{
    public string? ApiVersion { get; init; }

    public string? OrganizationId { get; init; }

    public bool IsSandbox { get; init; }

    /// <summary>How many times faster than life; 1 outside the sandbox.</summary>
    public double TimeScale { get; init; } = 1;

    public TimeProvider Time =>
        _time ??= TimeScale == 1 ? TimeProvider.System : new ScaledTimeProvider(TimeProvider.System, TimeScale);

    public CustomerClouds Clouds { get; init; } = new();

    private TimeProvider? _time;

    public CloudConnection Connection()
    {
        var connection = new CloudConnection(Endpoint ?? CloudConnection.DefaultEndpoint, ApiKey)
        {
            Time = Time,
            TimeScale = TimeScale,
        };
        return ApiVersion is null ? connection : connection with { ApiVersion = ApiVersion };
    }
}
