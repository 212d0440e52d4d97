using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Gcp;
using CockroachCmek.Sandbox;
using CockroachCmek.Testing;
using CockroachCmek.Testing.Specs;

namespace CockroachCmek.Core.Tests.Gcp;

/// <summary>A sandbox with the module's provider for Google Cloud connected to it, and a second client beside it.</summary>
internal sealed class GcpWorld(double scale = 20_000) : IAsyncDisposable
{
    private readonly ScaledTimeProvider _time = new(TimeProvider.System, scale);
    private readonly HttpClient _http = new();

    public SandboxServer Server { get; } =
        SandboxServer.Start(
            new SandboxOptions
            {
                TimeScale = scale,
                Record = true,
                PageSize = 50,
            }
        );

    public RecordingLog Log { get; set; } = new();

    public OperationContext Context => new(Log, _time, CancellationToken.None);

    public GcpKeyProvider Provider => As(Server.Gcp.AccessToken);

    public GcpKeyProvider As(string token, string project = "sandbox-customer") =>
        new(
            new GcpConnection
            {
                Endpoint = Server.GcpEndpoint,
                AccessToken = new Secret(token),
                Project = project,
            }
        );

    public async Task<CrdbCluster> ClusterAsync(string name)
    {
        using var client = new CrdbCloudClient(
            new CloudConnection(Server.CloudEndpoint, new Secret(Server.Cloud.AdminKey))
            {
                Time = _time,
                TimeScale = scale,
            }
        );
        return await new ClusterResolver(client).ResolveAsync(new CrdbClusterIdentity(name), Context);
    }

    public Task<CmekRole> RoleAsync(CrdbCluster cluster) =>
        Provider.EnsureRoleAsync(new RoleRequest { Cluster = cluster, OrganizationId = "" }, Context);

    /// <summary>Keys for all regions, granted to the account of the cluster.</summary>
    public async Task<IReadOnlyList<CmekKey>> KeysAsync(
        CrdbCluster cluster,
        GcpKeyOptions? options = null,
        string? principal = null
    ) =>
        await Provider.EnsureKeysAsync(
            Request(cluster, principal ?? (await RoleAsync(cluster)).AuthPrincipal, options),
            Context
        );

    public static KeyRequest Request(CrdbCluster cluster, string principal, GcpKeyOptions? options = null) =>
        new()
        {
            Cluster = cluster,
            AuthPrincipal = principal,
            Regions = [.. cluster.Regions.Select(r => r.Name)],
            Gcp = options ?? new(),
        };

    /// <summary>The keys as the cluster tells of them once it has taken them up: now, unless said otherwise.</summary>
    public RotationRequest Rotation(
        CrdbCluster cluster,
        IEnumerable<CmekKey> keys,
        bool newKey = false,
        DateTimeOffset? takenUp = null
    ) =>
        new()
        {
            Cluster = cluster,
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
                            CreatedAt = takenUp ?? Server.Clock.UtcNow,
                        },
                    ],
                }),
            ],
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

    public static RevocationRequest Revocation(
        CrdbCluster cluster,
        IEnumerable<CmekKey> keys,
        CmekRevocationMethod method = CmekRevocationMethod.Default
    ) =>
        new()
        {
            Cluster = cluster,
            Keys = [.. keys.Select(Spec)],
            Method = method,
        };

    /// <summary>What somebody else does with the same cloud.</summary>
    public async Task<JsonElement> SendAsync(HttpMethod method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(Server.GcpEndpoint, $"v1/{path}"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Server.Gcp.AccessToken);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{method} {path}: {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    public Task<JsonElement> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    /// <summary>The policy of a key, as one line.</summary>
    public async Task<string> PolicyAsync(string key) =>
        (await GetAsync($"{key}:getIamPolicy?options.requestedPolicyVersion=3")) is var policy
        && policy.TryGetProperty("bindings", out var bindings)
            ? bindings.ToString()
            : "[]";

    /// <summary>Replaces the bindings of a key.</summary>
    public Task<JsonElement> BindAsync(string key, string bindings) =>
        SendAsync(HttpMethod.Post, $"{key}:setIamPolicy", $$$"""{"policy":{"version":3,"bindings":{{{bindings}}}}}""");

    /// <summary>Requests that change something, since an index.</summary>
    public IReadOnlyList<string> WritesSince(int index) =>
        [
            .. Server
                .Exchanges.Where(e =>
                    e.Request.Service == "gcp"
                    && e.Request.Index > index
                    && e.Request.Method != "GET"
                    && !e.Request.Path.EndsWith(":getIamPolicy", StringComparison.Ordinal)
                    && !e.Request.Path.EndsWith(":getEffectiveOrgPolicy", StringComparison.Ordinal)
                )
                .Select(e => $"{e.Request.Method} {e.Request.Path}"),
        ];

    public int Now => Server.Exchanges.Select(e => e.Request.Index).DefaultIfEmpty(0).Max();

    /// <summary>Every exchange of the module is held against Google's discovery documents, where they are there.</summary>
    public void Conforms()
    {
        var validators = new[] { "cloudkms.v1.discovery.json", "iam.v1.discovery.json" }
            .Select(Repository.Spec)
            .OfType<string>()
            .Select(s => new DiscoveryValidator(s))
            .ToArray();
        foreach (var e in Server.Exchanges.Where(e => e.Request.Service == "gcp" && e.Response is not null))
        {
            if (validators.FirstOrDefault(v => v.Knows(e.Request.Method, e.Request.RawTarget)) is not { } validator)
                continue;
            var problems = validator.Check(
                e.Request.Method,
                e.Request.RawTarget,
                Encoding.UTF8.GetString(e.Request.Body),
                e.Response!.Status,
                Encoding.UTF8.GetString(e.Response.Body)
            );
            Assert.True(
                problems.Count == 0,
                $"{e.Request.Method} {e.Request.RawTarget}: {string.Join("; ", problems)}"
            );
        }
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Server.StopAsync();
        Server.Dispose();
    }
}
