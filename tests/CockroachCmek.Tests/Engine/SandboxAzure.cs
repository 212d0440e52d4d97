using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;

namespace CockroachCmek.Tests.Engine;

/// <summary>Another client of the sandbox's Azure: keeps the hosts' names, connects to the sandbox, trusts its authority alone, and shares no code with the module.</summary>
internal sealed class SandboxAzure : IDisposable
{
    private readonly HttpClient _http;
    private readonly Dictionary<string, string> _tokens = [];
    private readonly string _tenant;
    private readonly Dictionary<string, string> _application;

    public SandboxAzure(ModuleSession session)
    {
        string Value(string property) => session.Run("$sandbox." + property).Single().ToString()!;
        var port = new Uri(Value("AzureEndpoint")).Port;
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.ImportFromPem(Value("AzureCertificate"));
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
        _tenant = Value("AzureTenantId");
        _application = new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials",
            ["client_id"] = Value("AzureClientId"),
            ["client_secret"] = Value("AzureClientSecret"),
        };
    }

    /// <summary>Requests that change something, since an exchange; tokens and refused first requests are none.</summary>
    public static IReadOnlyList<string> Writes(ModuleSession session, object? after) =>
        [
            .. session
                .Run(
                    $"$sandbox.Exchanges | Where-Object {{ $_.Index -gt {after} -and $_.Service -in 'azure', 'cloud' -and $_.Method -ne 'GET' -and $_.Status -ne 401 -and $_.Operation -notmatch '/oauth2/' }} | ForEach-Object Operation"
                )
                .Succeeds()
                .Output.Select(o => o.ToString()!),
        ];

    public JsonObject Get(string url)
    {
        var host = new Uri(url).Host;
        var audience = host.EndsWith("vault.azure.net", StringComparison.Ordinal) ? "vault.azure.net" : host;
        if (!_tokens.TryGetValue(audience, out var token))
        {
            using var form = new FormUrlEncodedContent(
                new Dictionary<string, string>(_application) { ["scope"] = $"https://{audience}/.default" }
            );
            token = _tokens[audience] = (string)
                Send(
                    new HttpRequestMessage(
                        HttpMethod.Post,
                        $"https://login.microsoftonline.com/{_tenant}/oauth2/v2.0/token"
                    )
                    {
                        Content = form,
                    }
                )["access_token"]!;
        }

        var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.Authorization = new("Bearer", token);
        return Send(request);
    }

    public void Dispose() => _http.Dispose();

    private JsonObject Send(HttpRequestMessage request)
    {
        using var answer = _http.Send(request);
        using var reader = new StreamReader(answer.Content.ReadAsStream());
        var text = reader.ReadToEnd();
        Assert.True(answer.IsSuccessStatusCode, $"{request.RequestUri}: {text}");
        return JsonNode.Parse(text)!.AsObject();
    }
}

/// <summary>A principal of the sandbox's Azure with some rights, whose credentials stand in the environment; $weak is a session that takes them from there.</summary>
internal sealed class AzureUser : IDisposable
{
    private readonly EnvironmentVariable[] _variables;

    private AzureUser(params EnvironmentVariable[] variables) => _variables = variables;

    /// <param name="session">A session with a sandbox.</param>
    /// <param name="rights">Names of the sandbox's AzureRights.</param>
    public static AzureUser With(ModuleSession session, string rights)
    {
        var principal = session.Run($"$sandbox.AddAzurePrincipal('{rights}')").Succeeds().Single();
        var user = new AzureUser(
            new EnvironmentVariable("AZURE_TENANT_ID", session.Run("$sandbox.AzureTenantId").Single().ToString()),
            new EnvironmentVariable("AZURE_CLIENT_ID", principal.Text("UserName")),
            new EnvironmentVariable("AZURE_CLIENT_SECRET", principal.Text("Password"))
        );
        session
            .Run(
                "$weak = Connect-CrdbCloud -Endpoint $sandbox.CloudEndpoint -AzureCredential Environment -ApiKey ([System.Net.NetworkCredential]::new('', $sandbox.ApiKey).SecurePassword)"
            )
            .Succeeds();
        return user;
    }

    public void Dispose()
    {
        foreach (var variable in _variables)
            variable.Dispose();
    }
}
