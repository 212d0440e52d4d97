using System.Text;
using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Clouds;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Gcp;
using CockroachCmek.Core.Tests.Sandbox;
using CockroachCmek.Sandbox;
using CockroachCmek.Sandbox.Http;
using CockroachCmek.Testing;
using CockroachCmek.Testing.Specs;

namespace CockroachCmek.Core.Tests.Gcp;

/// <summary>A sandbox with one of its clusters on Google Cloud, and the module's provider connected to it.</summary>
internal sealed class GcpWorld : IAsyncDisposable
{
    public const string Project = "sandbox-customer";

    /// <summary>Methods that read, and yet are sent with POST.</summary>
    private static readonly string[] Reads =
    [
        "getIamPolicy",
        "getEffectiveOrgPolicy",
        "getAncestry",
        "troubleshoot",
        "testIamPermissions",
        "list",
    ];

    private readonly double _timeScale;
    private readonly List<GcpKeyProvider> _providers = [];

    private GcpWorld(double timeScale)
    {
        _timeScale = timeScale;
        Server = SandboxServer.Start(
            new SandboxOptions
            {
                TimeScale = timeScale,
                Record = true,
                PageSize = 50,
            }
        );
        Administrator = new GcpAdministrator(Server);
        Provider = ProviderAs(Server.Gcp.AccessToken);
    }

    /// <summary>Starts a sandbox. gcp-us has one region, gcp-eu has two.</summary>
    public static async Task<GcpWorld> StartAsync(string cluster = "gcp-us", double timeScale = 20_000)
    {
        var world = new GcpWorld(timeScale);
        world.Cluster = await world.FindClusterAsync(cluster);
        return world;
    }

    public SandboxServer Server { get; }

    public CrdbCluster Cluster { get; private set; } = null!;

    /// <summary>The module, with credentials that may do everything.</summary>
    public GcpKeyProvider Provider { get; }

    /// <summary>Somebody else who works with the same Google Cloud.</summary>
    public GcpAdministrator Administrator { get; }

    public RecordingLog Log { get; set; } = new();

    public OperationContext Context => new(Log, Server.Time(), CancellationToken.None);

    /// <summary>Index of the newest request, for <see cref="WritesSince"/>.</summary>
    public int LastRequest => Server.Exchanges.Select(e => e.Request.Index).DefaultIfEmpty(0).Max();

    /// <summary>The module with another access token.</summary>
    public GcpKeyProvider ProviderAs(string token) =>
        ProviderFor(
            new GcpConnection
            {
                Endpoint = Server.GcpEndpoint,
                AccessToken = new Secret(token),
                Project = Project,
            }
        );

    /// <summary>The module with credentials that have these permissions only.</summary>
    public GcpKeyProvider ProviderWith(params string[] permissions) =>
        ProviderAs(Server.Gcp.AddPrincipal("limited@example.com", permissions));

    public GcpKeyProvider ProviderFor(GcpConnection connection)
    {
        var provider = new GcpKeyProvider(new GcpCustomerCloud(), connection);
        _providers.Add(provider);
        return provider;
    }

    public async Task<CrdbCluster> FindClusterAsync(string name)
    {
        using var client = new CrdbCloudClient(
            new CloudConnection(Server.CloudEndpoint, new Secret(Server.Cloud.AdminKey))
            {
                Time = Server.Time(),
                TimeScale = _timeScale,
            }
        );
        return await new ClusterResolver(client).ResolveAsync(new CrdbClusterIdentity(name), Context);
    }

    public Task<CmekRole> EnsureRoleAsync(CrdbCluster? cluster = null) =>
        Provider.EnsureRoleAsync(RoleRequest(cluster), Context);

    /// <summary>Keys for all regions of the cluster, granted to its service account.</summary>
    public async Task<IReadOnlyList<CmekKey>> EnsureKeysAsync(CloudOptions? options = null, CrdbCluster? cluster = null)
    {
        var role = await EnsureRoleAsync(cluster);
        return await Provider.EnsureKeysAsync(KeyRequest(role.AuthPrincipal, options, cluster), Context);
    }

    public RoleRequest RoleRequest(CrdbCluster? cluster = null) =>
        new() { Cluster = cluster ?? Cluster, OrganizationId = "" };

    public KeyRequest KeyRequest(string principal, CloudOptions? options = null, CrdbCluster? cluster = null) =>
        new()
        {
            Cluster = cluster ?? Cluster,
            AuthPrincipal = principal,
            Regions = [.. (cluster ?? Cluster).Regions.Select(r => r.Name)],
            Options = options ?? CloudOptions.None,
        };

    /// <summary>A request for an existing key, to be granted where it is not.</summary>
    public KeyRequest ImportRequest(string principal, string keyUri, CrdbCluster? cluster = null) =>
        KeyRequest(principal, cluster: cluster) with
        {
            KeyUris = [keyUri],
            Grant = true,
        };

    /// <summary>The cluster wraps with the keys since now.</summary>
    public RotationRequest RotationRequest(IEnumerable<CmekKey> keys, bool newKey = false) =>
        new()
        {
            Cluster = Cluster,
            NewKey = newKey,
            Regions =
            [
                .. keys.Select(k => new CmekRegionInfo
                {
                    Region = k.Region,
                    Keys =
                    [
                        new CmekKeyInfo
                        {
                            KeyType = k.KeyType,
                            KeyUri = k.KeyUri,
                            AuthPrincipal = k.AuthPrincipal,
                            CreatedAt = Server.Clock.UtcNow,
                        },
                    ],
                }),
            ],
        };

    /// <summary>The cluster wraps with the key since now.</summary>
    public KeyCheckRequest CheckRequest(CmekKey key) =>
        new()
        {
            Cluster = Cluster,
            Spec = Spec(key),
            TakenUpAt = Server.Clock.UtcNow,
        };

    public RevocationRequest RevocationRequest(
        IEnumerable<CmekKey> keys,
        CmekRevocationMethod method = CmekRevocationMethod.Default
    ) =>
        new()
        {
            Cluster = Cluster,
            Keys = [.. keys.Select(Spec)],
            Method = method,
        };

    public static CmekRegionSpec Spec(CmekKey key) =>
        new()
        {
            Region = key.Region,
            KeySpec = new CmekKeySpec
            {
                Type = key.KeyType,
                Uri = key.KeyUri,
                AuthPrincipal = key.AuthPrincipal,
            },
        };

    /// <summary>Parameters of New-CrdbCmekKey that are for Google Cloud.</summary>
    public static CloudOptions Options(
        string? project = null,
        string? location = null,
        string? keyRing = null,
        CmekProtectionLevel? protectionLevel = null,
        TimeSpan? destroyScheduledDuration = null
    ) =>
        CloudOptions
            .None.With("Project", project)
            .With("Location", location)
            .With("KeyRing", keyRing)
            .With("ProtectionLevel", protectionLevel)
            .With("DestroyScheduledDuration", destroyScheduledDuration);

    public static string RingOf(string keyUri) => keyUri[..keyUri.IndexOf("/cryptoKeys/", StringComparison.Ordinal)];

    /// <summary>Requests since an index that would change something.</summary>
    public IReadOnlyList<string> WritesSince(int index) =>
        [
            .. Server
                .Exchanges.Where(e => e.Request.Service == "gcp" && e.Request.Index > index && IsWrite(e.Request))
                .Select(e => $"{e.Request.Method} {e.Request.Path}"),
        ];

    /// <summary>
    /// Every request and response agrees with Google's discovery documents, as far as these know the method.
    /// </summary>
    public void ConformsToSpecification()
    {
        foreach (var (request, response, _) in Server.Exchanges.Where(e => e.Request.Service == "gcp"))
        {
            var validator = Specifications.Gcp.FirstOrDefault(v => v.Knows(request.Method, request.RawTarget));
            if (validator is null || response is null)
                continue;
            var problems = validator.Check(
                request.Method,
                request.RawTarget,
                Encoding.UTF8.GetString(request.Body),
                response.Status,
                Encoding.UTF8.GetString(response.Body)
            );
            Assert.True(problems.Count == 0, $"{request.Method} {request.RawTarget}: {string.Join("; ", problems)}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        _providers.ForEach(p => p.Dispose());
        Administrator.Dispose();
        await Server.StopAsync();
        Server.Dispose();
    }

    /// <summary>True for a request that would change something.</summary>
    public static bool IsWrite(SandboxRequest request) =>
        request.Method != "GET" && !Reads.Any(verb => request.Path.EndsWith($":{verb}", StringComparison.Ordinal));
}
