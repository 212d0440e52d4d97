using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CockroachCmek.Sandbox;
using CockroachCmek.Sandbox.Azure;
using CockroachCmek.Testing.Specs;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>
/// The sandbox's Azure and a client that uses Azure's own host names, connects to the loopback address and trusts only
/// the sandbox's certificate authority.
/// </summary>
internal sealed class AzureTestBed() : SandboxTestBed(createHandler: Handler)
{
    public const string Arm = "https://management.azure.com";
    public const string Graph = "https://graph.microsoft.com/v1.0/";
    public const string ApiVersion = "?api-version=2025-07-01";
    public const string OwnerRole = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";
    public const string CryptoOfficerRole = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603";
    public const string EncryptionUserRole = "e147488a-f6f5-4113-8e2d-b22465e65bf6";
    public const string KeyVaultReaderRole = "21090545-7ca7-4776-b22c-e363652d74d2";
    private readonly Dictionary<string, string> _tokens = [];

    public AzureSandbox Sandbox => Server.Azure;

    public string KeyVault => $"https://{Sandbox.VaultName}.vault.azure.net";

    public string SubscriptionId => $"/subscriptions/{Sandbox.SubscriptionId}";

    public string Subscription => Arm + SubscriptionId;

    /// <summary>The application of a cluster on Azure.</summary>
    public string ClusterApplication =>
        Server.Cloud.Clusters.First(c => c.AzureApplicationId is not null).AzureApplicationId!;

    /// <summary>The resource id of a key vault. Default: the one with role-based access.</summary>
    public string KeyVaultId(string? name = null) =>
        $"{SubscriptionId}/resourceGroups/{Sandbox.ResourceGroup}"
        + $"/providers/Microsoft.KeyVault/vaults/{name ?? Sandbox.VaultName}";

    /// <summary>Advances the clock until changed roles and access policies have reached the key vaults.</summary>
    public void Propagate() => Advance(Sandbox.PropagationDelay);

    /// <summary>Sends a request. Default caller: the administrator.</summary>
    public async Task<TestResponse> SendAsync(
        string method,
        string url,
        string? body = null,
        AzurePrincipal? caller = null
    ) => await SendRawAsync(method, url, body, Bearer(await TokenAsync(caller ?? Sandbox.Admin, url)));

    /// <summary>Sends a request with exactly these headers, so without a token unless one is given.</summary>
    public Task<TestResponse> SendRawAsync(
        string method,
        string url,
        string? body = null,
        params (string Name, string Value)[] headers
    )
    {
        var request = Request(method, new Uri(url), body);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return ExchangeAsync(request);
    }

    public static (string Name, string Value) Bearer(string token) => ("Authorization", "Bearer " + token);

    /// <summary>A token of a principal for the service at this URL. Asked for once in half an hour.</summary>
    public async Task<string> TokenAsync(AzurePrincipal caller, string url)
    {
        var host = new Uri(url).Host;
        var resource = host.EndsWith("vault.azure.net", StringComparison.Ordinal)
            ? "https://vault.azure.net"
            : "https://" + host.Replace("api.loganalytics.azure.com", "api.loganalytics.io");
        var key = caller.ClientId + resource + Time.GetUtcNow().ToUnixTimeSeconds() / 1800;
        if (!_tokens.TryGetValue(key, out var token))
            _tokens[key] = token = (
                await SignInAsync(Sandbox.TenantId, caller.ClientId, caller.Secret, resource + "/.default")
            ).Text("access_token");
        return token;
    }

    public Task<TestResponse> SignInAsync(
        string tenant,
        string clientId,
        string secret,
        string scope,
        string grant = "client_credentials"
    ) =>
        ExchangeAsync(
            Request(
                "POST",
                new Uri($"https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token"),
                $"grant_type={grant}&client_id={clientId}&client_secret={Uri.EscapeDataString(secret)}"
                    + $"&scope={Uri.EscapeDataString(scope)}",
                "application/x-www-form-urlencoded"
            )
        );

    /// <summary>Creates the service principal of a cluster's application and returns its object id.</summary>
    public async Task<string> CreateClusterPrincipalAsync(string? application = null) =>
        (
            await SendAsync(
                "POST",
                Graph + "servicePrincipals",
                $$"""{"appId":"{{application ?? ClusterApplication}}"}"""
            )
        ).Text("id");

    /// <summary>Creates a key, or another version of it, and returns its identifier. Default: an RSA key.</summary>
    public async Task<string> CreateKeyAsync(
        string name,
        string? keyVault = null,
        string body = """{"kty":"RSA","key_size":2048}"""
    ) =>
        (
            await SendAsync(
                "POST",
                $"https://{keyVault ?? Sandbox.VaultName}.vault.azure.net/keys/{name}/create{ApiVersion}",
                body
            )
        ).Text("key", "kid");

    public Task<TestResponse> UseKeyAsync(
        string keyId,
        string operation,
        string value,
        AzurePrincipal? caller = null,
        string algorithm = "RSA-OAEP-256"
    ) =>
        SendAsync(
            "POST",
            $"{keyId}/{operation}{ApiVersion}",
            $$"""{"alg":"{{algorithm}}","value":"{{value}}"}""",
            caller
        );

    /// <summary>Assigns a role. Defaults: a new name, on the key vault with role-based access.</summary>
    public Task<TestResponse> AssignRoleAsync(
        string role,
        string principalId,
        string? name = null,
        string? scope = null,
        string? type = "ServicePrincipal",
        AzurePrincipal? caller = null
    )
    {
        var definition = $"{SubscriptionId}/providers/Microsoft.Authorization/roleDefinitions/{role}";
        var principalType = type is null ? "" : $",\"principalType\":\"{type}\"";
        return SendAsync(
            "PUT",
            $"{Arm}{scope ?? KeyVaultId()}/providers/Microsoft.Authorization/roleAssignments/"
                + $"{name ?? Guid.NewGuid().ToString()}?api-version=2022-04-01",
            $$$"""
            {"properties":{"roleDefinitionId":"{{{definition}}}","principalId":"{{{principalId}}}"{{{principalType}}}}}
            """,
            caller
        );
    }

    /// <summary>
    /// Checks every exchange so far against Azure's REST documents, except requests that were refused (400).
    /// </summary>
    public void AssertConforms()
    {
        var checkedCount = 0;
        foreach (var exchange in Server.Exchanges.Where(e => e.Request.Service == "azure" && e.Response!.Status != 400))
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
            checkedCount++;
            Assert.True(
                problems.Count == 0,
                $"{exchange.Request.Method} {exchange.Request.RawTarget}: {string.Join("; ", problems)}"
            );
        }

        Assert.NotEqual(0, checkedCount);
    }

    /// <summary>
    /// Managed identity is plain HTTP at its own address. Every other host is the sandbox's one TLS port.
    /// </summary>
    private static SocketsHttpHandler Handler(SandboxServer server)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.Add(server.Azure.CaCertificate);
        return new SocketsHttpHandler
        {
            SslOptions = new() { CertificateChainPolicy = policy },
            ConnectCallback = async (context, cancellation) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(
                    "127.0.0.1",
                    context.DnsEndPoint.Host == "127.0.0.1" ? context.DnsEndPoint.Port : server.AzureEndpoint.Port,
                    cancellation
                );
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
    }
}
