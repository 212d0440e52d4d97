using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox;
using CockroachCmek.Sandbox.Azure;
using CockroachCmek.Testing;
using CockroachCmek.Testing.Specs;
using Microsoft.Extensions.Time.Testing;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>An answer of the sandbox's Azure.</summary>
internal sealed record AzureReply(int Status, JsonObject Body, HttpResponseMessage Message)
{
    public string Text(params string[] path) =>
        path.Aggregate((JsonNode?)Body, (node, name) => node?[name])?.ToString() ?? "";

    /// <summary>Status and code of a refusal, whatever its shape.</summary>
    public string Refusal =>
        $"{Status} {(Body["error"] is JsonObject error ? (error["innererror"]?["code"] ?? error["code"])!.ToString() : Body["error"]?.ToString())}";
}

/// <summary>A sandbox whose time stands still until it is moved, and a client that keeps Azure's host names, connects to the loopback address, and trusts the sandbox's authority alone.</summary>
internal sealed class AzureRehearsal : IAsyncDisposable
{
    private readonly HttpClient _http;
    private readonly Dictionary<string, string> _tokens = [];

    public AzureRehearsal()
    {
        Server = SandboxServer.Start(
            new SandboxOptions
            {
                TimeScale = 1,
                Time = Time,
                Record = true,
                PageSize = 50,
            }
        );
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.Add(Azure.CaCertificate);
        _http = new HttpClient(
            new SocketsHttpHandler
            {
                SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy },
                ConnectCallback = async (context, cancellation) =>
                {
                    // Managed identity is plain HTTP at an address of its own; everything else is the one TLS port.
                    var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                    await socket.ConnectAsync(
                        "127.0.0.1",
                        context.DnsEndPoint.Host == "127.0.0.1" ? context.DnsEndPoint.Port : Server.AzureEndpoint.Port,
                        cancellation
                    );
                    return new NetworkStream(socket, ownsSocket: true);
                },
            }
        );
    }

    public FakeTimeProvider Time { get; } = new(DateTimeOffset.UtcNow);

    public SandboxServer Server { get; }

    public AzureSandbox Azure => Server.Azure;

    public string Vault => $"https://{Azure.VaultName}.vault.azure.net";

    public string Subscription => $"https://management.azure.com/subscriptions/{Azure.SubscriptionId}";

    public string VaultId(string? name = null) =>
        $"/subscriptions/{Azure.SubscriptionId}/resourceGroups/{Azure.ResourceGroup}/providers/Microsoft.KeyVault/vaults/{name ?? Azure.VaultName}";

    /// <summary>Lets what takes its time in Azure come to pass, without ageing a token.</summary>
    public void Wait() => Time.Advance(Azure.PropagationDelay);

    /// <summary>As the administrator, unless somebody else is named.</summary>
    public async Task<AzureReply> SendAsync(
        string method,
        string url,
        string? body = null,
        AzurePrincipal? caller = null
    )
    {
        var token = await TokenAsync(caller ?? Azure.Admin, url);
        return await RawAsync(method, url, body, "application/json", ("Authorization", "Bearer " + token));
    }

    public async Task<AzureReply> RawAsync(
        string method,
        string url,
        string? body = null,
        string type = "application/json",
        params (string Name, string Value)[] headers
    )
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), url);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, type);
        var answer = await _http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return new AzureReply(
            (int)answer.StatusCode,
            text.StartsWith('{') ? JsonNode.Parse(text)!.AsObject() : new JsonObject { ["text"] = text },
            answer
        );
    }

    public Task<AzureReply> SignInAsync(
        string tenant,
        string clientId,
        string secret,
        string scope,
        string grant = "client_credentials"
    ) =>
        RawAsync(
            "POST",
            $"https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
            $"grant_type={grant}&client_id={clientId}&client_secret={Uri.EscapeDataString(secret)}&scope={Uri.EscapeDataString(scope)}",
            "application/x-www-form-urlencoded"
        );

    /// <summary>A key as a cluster needs it; answers its identifier.</summary>
    public async Task<string> CreateKeyAsync(
        string name,
        string vault = "",
        string body = """{"kty":"RSA","key_size":2048}"""
    ) =>
        (
            await SendAsync(
                "POST",
                $"{(vault.Length > 0 ? $"https://{vault}.vault.azure.net" : Vault)}/keys/{name}/create?api-version=2025-07-01",
                body
            )
        ).Text("key", "kid");

    public Task<AzureReply> UseAsync(
        string kid,
        string operation,
        string value,
        AzurePrincipal? caller = null,
        string algorithm = "RSA-OAEP-256"
    ) =>
        SendAsync(
            "POST",
            $"{kid}/{operation}?api-version=2025-07-01",
            $$"""{"alg":"{{algorithm}}","value":"{{value}}"}""",
            caller
        );

    public Task<AzureReply> AssignAsync(
        string role,
        string principalId,
        string? name = null,
        string? scope = null,
        string? type = "ServicePrincipal",
        AzurePrincipal? caller = null
    )
    {
        var principalType = type is null ? "" : $",\"principalType\":\"{type}\"";
        return SendAsync(
            "PUT",
            $"https://management.azure.com{scope ?? VaultId()}/providers/Microsoft.Authorization/roleAssignments/{name ?? Guid.NewGuid().ToString()}?api-version=2022-04-01",
            $$$"""{"properties":{"roleDefinitionId":"/subscriptions/{{{Azure.SubscriptionId}}}/providers/Microsoft.Authorization/roleDefinitions/{{{role}}}","principalId":"{{{principalId}}}"{{{principalType}}}}}""",
            caller
        );
    }

    /// <summary>Every exchange that the documents know must be as they say. Answers how many there were; null where the documents are absent.</summary>
    public int? Conforms()
    {
        if (
            Repository.Spec("azure-keyvault-keys-2025-07-01.condensed.json") is not { } keys
            || Repository.Spec("azure-roleassignments-2022-04-01.condensed.json") is not { } roles
        )
            return null;
        var (vault, arm) = (new AzureValidator(keys), new AzureValidator(roles));
        var checkedCount = 0;
        // A request that was sent wrong on purpose is not the sandbox's fault.
        foreach (var exchange in Server.Exchanges.Where(e => e.Request.Service == "azure" && e.Response!.Status != 400))
        {
            var host = exchange.Request.Header("Host") ?? "";
            var validator =
                host.EndsWith("vault.azure.net", StringComparison.Ordinal) ? vault
                : host.StartsWith("management.", StringComparison.Ordinal) ? arm
                : null;
            var problems = validator?.Check(
                exchange.Request.Method,
                exchange.Request.RawTarget,
                Encoding.UTF8.GetString(exchange.Request.Body),
                exchange.Response!.Status,
                Encoding.UTF8.GetString(exchange.Response.Body)
            );
            if (problems is null)
                continue;
            checkedCount++;
            Assert.True(
                problems.Count == 0,
                $"{exchange.Request.Method} {exchange.Request.RawTarget}: {string.Join("; ", problems)}"
            );
        }

        return checkedCount;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Server.StopAsync();
        Server.Dispose();
    }

    private async Task<string> TokenAsync(AzurePrincipal caller, string url)
    {
        var host = new Uri(url).Host;
        var resource = host.EndsWith("vault.azure.net", StringComparison.Ordinal)
            ? "https://vault.azure.net"
            : "https://" + host;
        var key = caller.ClientId + resource + Time.GetUtcNow().ToUnixTimeSeconds() / 1800;
        if (!_tokens.TryGetValue(key, out var token))
            _tokens[key] = token = (
                await SignInAsync(Azure.TenantId, caller.ClientId, caller.Secret, resource + "/.default")
            ).Text("access_token");
        return token;
    }
}
