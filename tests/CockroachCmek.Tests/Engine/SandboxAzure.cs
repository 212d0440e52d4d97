using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;

namespace CockroachCmek.Tests.Engine;

/// <summary>
/// Another client of the sandbox's Azure. It keeps the production host names, connects to the sandbox, trusts only its
/// authority, and shares no code with the module.
/// </summary>
internal sealed class SandboxAzure : IDisposable
{
    private const string Graph = "https://graph.microsoft.com/v1.0";
    private readonly HttpClient _http;
    private readonly Dictionary<string, string> _tokens = [];
    private readonly string _tenant;
    private readonly string _subscription;
    private readonly string _vault;
    private readonly Dictionary<string, string> _application;

    public SandboxAzure(ModuleSession session)
    {
        var sandbox = session.Sandbox;
        var port = new Uri(sandbox.Text("AzureEndpoint")).Port;
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.ImportFromPem(sandbox.Text("AzureCertificate"));
        _http = new HttpClient(
            new SocketsHttpHandler
            {
                SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy },
                ConnectCallback = async (_, cancellation) =>
                {
                    var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                    await socket.ConnectAsync("127.0.0.1", port, cancellation);
                    return new NetworkStream(socket, ownsSocket: true);
                },
            }
        );
        _tenant = sandbox.Text("AzureTenantId");
        _subscription = sandbox.Text("AzureSubscriptionId");
        _vault = $"https://{sandbox.Text("AzureKeyVaultName")}.vault.azure.net";
        _application = new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials",
            ["client_id"] = sandbox.Text("AzureClientId"),
            ["client_secret"] = sandbox.Text("AzureClientSecret"),
        };
    }

    /// <summary>
    /// The requests after an exchange that change something. Tokens and refused first requests do not.
    /// </summary>
    public static IReadOnlyList<string> Writes(ModuleSession session, object? after) =>
        [
            .. session
                .Run(
                    $$"""
                    $sandbox.Exchanges | Where-Object {
                        $_.Index -gt {{after}} -and $_.Service -in 'azure', 'cloud' -and $_.Method -ne 'GET' -and
                        $_.Status -ne 401 -and $_.Operation -notmatch '/oauth2/'
                    } | ForEach-Object Operation
                    """
                )
                .Succeeds()
                .Output.Select(o => o.ToString()!),
        ];

    /// <summary>A line for each key of the sandbox's vault and for each principal of CockroachDB Cloud.</summary>
    public IReadOnlyList<string> State() =>
        [
            .. Items(Get($"{_vault}/keys?api-version=2025-07-01"))
                .Select(key => ((string)key["kid"]!).Split('/')[^1])
                .Order(StringComparer.Ordinal)
                .Select(Key),
            .. Items(Get($"{Graph}/servicePrincipals")).Where(IsOfCockroachCloud).Select(Principal),
        ];

    public JsonObject Get(string url)
    {
        var host = new Uri(url).Host;
        var audience = host.EndsWith("vault.azure.net", StringComparison.Ordinal) ? "vault.azure.net" : host;
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.Authorization = new("Bearer", Token(audience));
        return Send(request);
    }

    public void Dispose() => _http.Dispose();

    private string Key(string name)
    {
        JsonObject Read(string path) => Get($"{_vault}/keys/{name}{path}?api-version=2025-07-01");
        var versions = Items(Read("/versions"))
            .Select(v => v["attributes"]!["enabled"]!.ToJsonString())
            .Order(StringComparer.Ordinal);
        var tags = (Read("")["tags"] as JsonObject ?? [])
            .OrderBy(t => t.Key, StringComparer.Ordinal)
            .Select(t => $"{t.Key}={t.Value}");
        var rotation = Read("/rotationpolicy")["lifetimeActions"]!.AsArray().Select(a => a!.ToJsonString());
        return $"{name} versions enabled {string.Join(",", versions)} tags {string.Join(",", tags)} "
            + $"rotation {string.Join(",", rotation)}";
    }

    private string Principal(JsonObject principal)
    {
        var id = principal["id"];
        var arm = $"https://management.azure.com/subscriptions/{_subscription}/providers/Microsoft.Authorization";
        var grants = Items(Get($"{Graph}/oauth2PermissionGrants?$filter=clientId eq '{id}'"))
            .Select(g => $"{g["consentType"]} {g["scope"]}");
        var roles = Items(Get($"{arm}/roleAssignments?api-version=2022-04-01&$filter=principalId eq '{id}'"))
            .Select(a => $"{a["id"]} {a["properties"]!["roleDefinitionId"]}");
        return $"{principal["displayName"]} consents {string.Join(",", grants)} roles {string.Join(",", roles)}";
    }

    private static bool IsOfCockroachCloud(JsonObject principal) =>
        ((string?)principal["displayName"])?.StartsWith("CockroachDB Cloud - ", StringComparison.Ordinal) == true;

    private static IEnumerable<JsonObject> Items(JsonObject response) =>
        (response["value"] as JsonArray ?? []).OfType<JsonObject>();

    private string Token(string audience)
    {
        if (_tokens.TryGetValue(audience, out var known))
            return known;
        var url = $"https://login.microsoftonline.com/{_tenant}/oauth2/v2.0/token";
        using var request = new HttpRequestMessage(HttpMethod.Post, url)
        {
            Content = new FormUrlEncodedContent(
                new Dictionary<string, string>(_application) { ["scope"] = $"https://{audience}/.default" }
            ),
        };
        return _tokens[audience] = (string)Send(request)["access_token"]!;
    }

    private JsonObject Send(HttpRequestMessage request)
    {
        using var response = _http.Send(request);
        using var reader = new StreamReader(response.Content.ReadAsStream());
        var text = reader.ReadToEnd();
        Assert.True(response.IsSuccessStatusCode, $"{request.RequestUri}: {text}");
        return JsonNode.Parse(text)!.AsObject();
    }
}
