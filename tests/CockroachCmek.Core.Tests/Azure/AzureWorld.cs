using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Azure.Core;
using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Clouds;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Azure;
using CockroachCmek.Core.Manifest;
using CockroachCmek.Core.Tests.Sandbox;
using CockroachCmek.Sandbox;
using CockroachCmek.Sandbox.Azure;
using CockroachCmek.Testing;
using CockroachCmek.Testing.Specs;

namespace CockroachCmek.Core.Tests.Azure;

/// <summary>
/// A sandbox with the module's provider for Azure connected to it, and an administrator who works beside it.
/// </summary>
internal sealed class AzureWorld : IAsyncDisposable
{
    private const double Scale = 20_000;

    private readonly List<IDisposable> _owned = [];
    private readonly Lazy<AzureClients> _administrator;

    /// <param name="answer">The answer to every question.</param>
    /// <param name="scale">How many times faster than real time.</param>
    public AzureWorld(bool answer = true, double scale = Scale)
    {
        Log = new RecordingLog { Answer = answer };
        Server = SandboxServer.Start(
            new SandboxOptions
            {
                TimeScale = scale,
                Record = true,
                PageSize = 50,
            }
        );
        Connection = new AzureConnection
        {
            TenantId = Azure.TenantId,
            ClientId = Azure.Admin.ClientId,
            ClientSecret = new Secret(Azure.Admin.Secret),
            Loopback = new AzureLoopback(Server.AzureEndpoint.Port, Azure.CaCertificate.RawData),
        };
        Provider = Connect(Connection);
        Client = Own(
            new CrdbCloudClient(
                new CloudConnection(Server.CloudEndpoint, new Secret(Server.Cloud.AdminKey))
                {
                    Time = Time,
                    TimeScale = scale,
                }
            )
        );
        Lifecycle = new CmekLifecycle(Client, new ManifestCheck(CustomerClouds.All));
        _administrator = new Lazy<AzureClients>(() => Own(AzureClients.Create(Connection)));
    }

    public SandboxServer Server { get; }

    public AzureSandbox Azure => Server.Azure;

    public ScaledTimeProvider Time => Server.Time();

    public RecordingLog Log { get; private set; }

    public OperationContext Context => new(Log, Time, CancellationToken.None);

    public CrdbCloudClient Client { get; }

    public CmekLifecycle Lifecycle { get; }

    /// <summary>The connection of the administrator, who is allowed everything.</summary>
    public AzureConnection Connection { get; }

    public AzureKeyProvider Provider { get; }

    /// <summary>The address of the Key Vault that has everything right.</summary>
    public string KeyVault => $"https://{Azure.VaultName}.vault.azure.net";

    public string KeyVaultId(string name) =>
        $"/subscriptions/{Azure.SubscriptionId}/resourceGroups/{Azure.ResourceGroup}"
        + $"/providers/Microsoft.KeyVault/vaults/{name}";

    /// <summary>A provider with another connection.</summary>
    public AzureKeyProvider Connect(AzureConnection connection) =>
        Own(new AzureKeyProvider(new AzureCustomerCloud(), connection));

    /// <summary>The provider of somebody with fewer rights.</summary>
    public AzureKeyProvider As(AzureRights rights)
    {
        var principal = Azure.AddPrincipal("limited", rights);
        return Connect(Connection with { ClientId = principal.ClientId, ClientSecret = new Secret(principal.Secret) });
    }

    /// <summary>Starts a new log, with another answer to every question.</summary>
    public void StartLog(bool answer = true) => Log = new RecordingLog { Answer = answer };

    public Task<CrdbCluster> ClusterAsync(string name = "azure-eu") =>
        new ClusterResolver(Client).ResolveAsync(new CrdbClusterIdentity(name), Context);

    /// <summary>A cluster whose application is in the tenant.</summary>
    public async Task<CrdbCluster> ClusterWithRoleAsync(string name = "azure-eu")
    {
        var cluster = await ClusterAsync(name);
        await RoleAsync(cluster);
        return cluster;
    }

    public Task<CmekRole> RoleAsync(
        CrdbCluster cluster,
        Func<RoleRequest, RoleRequest>? change = null,
        AzureKeyProvider? provider = null
    )
    {
        var request = new RoleRequest { Cluster = cluster, OrganizationId = Server.Cloud.OrganizationId };
        return (provider ?? Provider).EnsureRoleAsync(change?.Invoke(request) ?? request, Context);
    }

    /// <summary>Keys for all regions, in the Key Vault that has everything right.</summary>
    public Task<IReadOnlyList<CmekKey>> KeysAsync(
        CrdbCluster cluster,
        Func<KeyRequest, KeyRequest>? change = null,
        AzureKeyProvider? provider = null
    )
    {
        var request = new KeyRequest
        {
            Cluster = cluster,
            AuthPrincipal = Azure.TenantId,
            Regions = [.. cluster.Regions.Select(r => r.Name)],
        }.InKeyVault(Azure.VaultName);
        return (provider ?? Provider).EnsureKeysAsync(change?.Invoke(request) ?? request, Context);
    }

    /// <summary>A cluster with CMEK enabled by the module's own pipeline.</summary>
    public async Task<(CrdbCluster Cluster, CmekInfo Info)> EnabledAsync(
        string name = "azure-eu",
        Func<KeyRequest, KeyRequest>? change = null
    )
    {
        var cluster = await ClusterWithRoleAsync(name);
        return (cluster, await EnableAsync(cluster, await KeysAsync(cluster, change)));
    }

    public async Task<CmekInfo> EnableAsync(CrdbCluster cluster, IReadOnlyList<CmekKey> keys)
    {
        var builder = new ManifestBuilder(CustomerClouds.All);
        CmekManifest? manifest = null;
        foreach (var key in keys)
            manifest = builder.Add(cluster, key.Region, key.KeyUri, key.AuthPrincipal, key);
        return await Lifecycle.EnableAsync(
            cluster,
            manifest!,
            new WriteOptions { PrincipalsAreFresh = true, Propagation = TimeSpan.FromHours(1) },
            new WaitOptions { Expected = CmekStatus.Enabled },
            Context
        );
    }

    public Task<CmekInfo> WaitAsync(CrdbCluster cluster, string status) =>
        Lifecycle.WaitAsync(cluster, new WaitOptions { Expected = status }, Context);

    /// <summary>Waits until grants and their removal have reached the Key Vaults.</summary>
    public Task PropagateAsync() =>
        Time.Delay(Azure.PropagationDelay + TimeSpan.FromSeconds(5), CancellationToken.None);

    public IReadOnlyList<RecordedExchange> Exchanges => [.. Server.Exchanges.Where(e => e.Request.Service == "azure")];

    /// <summary>Requests that change something, without those for tokens.</summary>
    /// <param name="exchange">How many exchanges to skip.</param>
    public IReadOnlyList<string> WritesSince(int exchange) =>
        [
            .. Exchanges
                .Skip(exchange)
                .Where(e =>
                    e.Request.Method is not "GET"
                    && !e.Request.Path.Contains("/oauth2/", StringComparison.Ordinal)
                    && e.Response?.Status != 401
                )
                .Select(e => $"{e.Request.Method} {e.Request.Path}"),
        ];

    /// <summary>Cuts the connection of the next write that matches a pattern.</summary>
    public AzureCut Cut(string pattern, FaultAction action) => new AzureCut(this, pattern, action).Arm();

    /// <summary>Expects an error with an id and advice, and that nothing was written.</summary>
    public async Task<CmekException> RefusesAsync(string errorId, Func<Task> action)
    {
        var before = Exchanges.Count;
        var error = await Assert.ThrowsAsync<CmekException>(action);
        Assert.True(errorId == error.ErrorId, $"{error.ErrorId}: {error.Message}\n{error.InnerException}");
        Assert.NotEmpty(error.RecommendedAction);
        Assert.Empty(WritesSince(before));
        return error;
    }

    /// <summary>Sends a request as the administrator.</summary>
    public async Task<JsonObject> SendAsync(string method, string url, string? body = null)
    {
        var host = new Uri(url).Host;
        var audience = host.EndsWith("vault.azure.net", StringComparison.Ordinal) ? "vault.azure.net" : host;
        var token = await _administrator.Value.Credential.GetTokenAsync(
            new TokenRequestContext([$"https://{audience}/.default"]),
            CancellationToken.None
        );
        using var http = AzureTransport.Client(Connection)!;
        using var request = new HttpRequestMessage(new HttpMethod(method), url);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token.Token);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{method} {url}: {text}");
        return text.Length == 0 ? [] : JsonNode.Parse(text)!.AsObject();
    }

    /// <summary>Sends a request to the Key Vault that has everything right.</summary>
    public Task<JsonObject> KeyAsync(string method, string path, string? body = null) =>
        SendAsync(method, $"{KeyVault}/{path}?api-version=2025-07-01", body);

    /// <summary>Sends a request to Resource Manager.</summary>
    public Task<JsonObject> ArmAsync(string method, string path, string version, string? body = null) =>
        SendAsync(method, $"https://management.azure.com{path}?api-version={version}", body);

    /// <summary>Sends a request to Microsoft Graph.</summary>
    public Task<JsonObject> GraphAsync(string method, string path, string? body = null) =>
        SendAsync(method, $"https://graph.microsoft.com/v1.0/{path}", body);

    /// <summary>Opens a page, as a browser would.</summary>
    public async Task BrowseAsync(Uri page)
    {
        using var http = AzureTransport.Client(Connection)!;
        using var response = await http.GetAsync(page);
        Assert.True((int)response.StatusCode < 400, $"{page}: {response.StatusCode}");
    }

    /// <summary>
    /// Checks every exchange of Key Vault and of role assignments against Microsoft's specifications. Requests
    /// without a token have no body, and are skipped.
    /// </summary>
    /// <param name="atLeast">How many exchanges the specifications must have.</param>
    public void Conforms(int atLeast = 4)
    {
        var known = 0;
        foreach (var exchange in Exchanges.Where(e => e.Response is { Status: not 401 }))
        {
            var host = exchange.Request.Header("Host") ?? "";
            var problems = Specifications
                .Azure(host)
                .Select(v =>
                    v.Check(
                        exchange.Request.Method,
                        exchange.Request.RawTarget,
                        Encoding.UTF8.GetString(exchange.Request.Body),
                        exchange.Response!.Status,
                        Encoding.UTF8.GetString(exchange.Response.Body)
                    )
                )
                .FirstOrDefault(found => found is not null);
            if (problems is null)
                continue;
            Assert.True(
                problems.Count == 0,
                $"{exchange.Request.Method} {exchange.Request.RawTarget}: {string.Join("; ", problems)}"
            );
            known++;
        }

        Assert.True(known >= atLeast, "Hardly any exchange is in the specifications.");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var owned in _owned)
            owned.Dispose();
        await Server.StopAsync();
        Server.Dispose();
    }

    private T Own<T>(T disposable)
        where T : IDisposable
    {
        _owned.Add(disposable);
        return disposable;
    }
}
