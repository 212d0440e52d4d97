using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Azure.Core;
using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Azure;
using CockroachCmek.Core.Manifest;
using CockroachCmek.Sandbox;
using CockroachCmek.Sandbox.Azure;
using CockroachCmek.Testing;
using CockroachCmek.Testing.Specs;

namespace CockroachCmek.Core.Tests.Azure;

/// <summary>A customer on the sandbox's Azure: the module's provider with somebody's credentials, and what the customer does by hand beside it.</summary>
internal sealed class AzureCustomer : IAsyncDisposable
{
    private const double Scale = 20_000;

    public AzureCustomer(bool answer = true)
    {
        Log = new RecordingLog { Answer = answer };
        Time = new ScaledTimeProvider(TimeProvider.System, Scale);
        Server = SandboxServer.Start(
            new SandboxOptions
            {
                TimeScale = Scale,
                Record = true,
                PageSize = 50,
            }
        );
        Client = new CrdbCloudClient(
            new CloudConnection(Server.CloudEndpoint, new Secret(Server.Cloud.AdminKey))
            {
                Time = Time,
                TimeScale = Scale,
            }
        );
        Lifecycle = new CmekLifecycle(Client, new ManifestCheck());
        Connection = new AzureConnection
        {
            TenantId = Azure.TenantId,
            ClientId = Azure.Admin.ClientId,
            ClientSecret = new Secret(Azure.Admin.Secret),
            Loopback = new AzureLoopback(Server.AzureEndpoint.Port, Azure.CaCertificate.RawData),
        };
        Provider = new AzureKeyProvider(Connection);
    }

    public SandboxServer Server { get; }

    public AzureSandbox Azure => Server.Azure;

    public ScaledTimeProvider Time { get; }

    public RecordingLog Log { get; private set; }

    public CrdbCloudClient Client { get; }

    public CmekLifecycle Lifecycle { get; }

    public AzureConnection Connection { get; }

    public AzureKeyProvider Provider { get; }

    public OperationContext Context => new(Log, Time, CancellationToken.None);

    public string Vault => $"https://{Azure.VaultName}.vault.azure.net";

    public string VaultId(string? name = null) =>
        $"/subscriptions/{Azure.SubscriptionId}/resourceGroups/{Azure.ResourceGroup}/providers/Microsoft.KeyVault/vaults/{name ?? Azure.VaultName}";

    /// <summary>The provider of somebody who may less.</summary>
    public AzureKeyProvider As(AzureRights rights)
    {
        var principal = Azure.AddPrincipal("limited", rights);
        return new AzureKeyProvider(
            Connection with
            {
                ClientId = principal.ClientId,
                ClientSecret = new Secret(principal.Secret),
            }
        );
    }

    /// <summary>What was said and asked before is forgotten.</summary>
    public void Forget(bool answer = true) => Log = new RecordingLog { Answer = answer };

    public Task<CrdbCluster> ClusterAsync(string name = "azure-eu") =>
        new ClusterResolver(Client).ResolveAsync(new CrdbClusterIdentity(name), Context);

    public async Task<CmekRole> RoleAsync(
        CrdbCluster cluster,
        AzureKeyProvider? provider = null,
        AzureRoleOptions? options = null
    ) =>
        await (provider ?? Provider).EnsureRoleAsync(
            new RoleRequest
            {
                Cluster = cluster,
                OrganizationId = Server.Cloud.OrganizationId,
                Azure = options ?? new(),
            },
            Context
        );

    public async Task<IReadOnlyList<CmekKey>> KeysAsync(
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
            Azure = new AzureKeyOptions { Vaults = [Azure.VaultName] },
        };
        return await (provider ?? Provider).EnsureKeysAsync(change is null ? request : change(request), Context);
    }

    /// <summary>A cluster with CMEK on, by the module's own pipeline.</summary>
    public async Task<(CrdbCluster Cluster, CmekInfo Info)> EnabledAsync(
        string name = "azure-eu",
        Func<KeyRequest, KeyRequest>? change = null
    )
    {
        var cluster = await ClusterAsync(name);
        await RoleAsync(cluster);
        return (cluster, await EnableAsync(cluster, await KeysAsync(cluster, change)));
    }

    public async Task<CmekInfo> EnableAsync(CrdbCluster cluster, IReadOnlyList<CmekKey> keys)
    {
        var builder = new ManifestBuilder();
        CmekManifest? manifest = null;
        foreach (var key in keys)
            manifest = builder.Add(cluster, key.Region, key.KeyUri, key.AuthPrincipal, key);
        await Lifecycle.EnableAsync(
            cluster,
            manifest!,
            new WriteOptions { PrincipalsAreFresh = true, Propagation = TimeSpan.FromHours(1) },
            Context
        );
        return await Lifecycle.WaitAsync(cluster, new WaitOptions { Expected = CmekStatus.Enabled }, Context);
    }

    /// <summary>Lets grants and their removal come to pass.</summary>
    public Task SettleAsync() => Time.Delay(Azure.PropagationDelay + TimeSpan.FromSeconds(5), CancellationToken.None);

    public IReadOnlyList<RecordedExchange> Exchanges => [.. Server.Exchanges.Where(e => e.Request.Service == "azure")];

    /// <summary>Requests that change something, without those for tokens.</summary>
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

    /// <summary>By hand, as the administrator.</summary>
    public async Task<JsonObject> SendAsync(string method, string url, string? body = null)
    {
        var audience =
            new Uri(url).Host is var host && host.EndsWith("vault.azure.net", StringComparison.Ordinal)
                ? "https://vault.azure.net/.default"
                : $"https://{host}/.default";
        var clients = AzureClients.Of(Connection);
        var token = await clients.Credential.GetTokenAsync(new TokenRequestContext([audience]), CancellationToken.None);
        using var http = AzureTransport.Client(Connection)!;
        using var request = new HttpRequestMessage(new HttpMethod(method), url);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token.Token);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{method} {url}: {text}");
        return text.Length == 0 ? [] : JsonNode.Parse(text)!.AsObject();
    }

    /// <summary>Opens a page, as a browser would.</summary>
    public async Task BrowseAsync(Uri page)
    {
        using var http = AzureTransport.Client(Connection)!;
        using var answer = await http.GetAsync(page);
        Assert.True((int)answer.StatusCode < 400, $"{page}: {answer.StatusCode}");
    }

    public Task<JsonObject> KeyAsync(string method, string path, string? body = null) =>
        SendAsync(method, $"{Vault}/{path}?api-version=2025-07-01", body);

    /// <summary>Holds every exchange of Key Vault and of role assignments against Microsoft's specifications, where they are beside the project. First requests without a token carry no body.</summary>
    public void Conforms()
    {
        if (
            Repository.Spec("azure-keyvault-keys-2025-07-01.condensed.json") is not { } keys
            || Repository.Spec("azure-roleassignments-2022-04-01.condensed.json") is not { } roles
        )
            return;
        var (vault, arm) = (new AzureValidator(keys), new AzureValidator(roles));
        var known = 0;
        foreach (var exchange in Exchanges.Where(e => e.Response is { Status: not 401 }))
        {
            var host = exchange.Request.Header("Host") ?? "";
            var validator =
                host.EndsWith("vault.azure.net", StringComparison.Ordinal) ? vault
                : host.StartsWith("management.", StringComparison.Ordinal) ? arm
                : null;
            if (
                validator?.Check(
                    exchange.Request.Method,
                    exchange.Request.RawTarget,
                    Encoding.UTF8.GetString(exchange.Request.Body),
                    exchange.Response!.Status,
                    Encoding.UTF8.GetString(exchange.Response.Body)
                )
                is not { } problems
            )
                continue;
            Assert.True(
                problems.Count == 0,
                $"{exchange.Request.Method} {exchange.Request.RawTarget}: {string.Join("; ", problems)}"
            );
            known++;
        }

        Assert.True(known > 3, "Hardly any exchange is in the specifications.");
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Server.StopAsync();
        Server.Dispose();
    }
}
