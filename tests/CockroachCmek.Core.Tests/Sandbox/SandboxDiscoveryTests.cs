using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using CockroachCmek.Core.Keys;
using CockroachCmek.Sandbox;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>How a client that knows only the CockroachDB Cloud address finds the clouds of a sandbox.</summary>
public sealed class SandboxDiscoveryTests : IAsyncLifetime
{
    private readonly SandboxServer _server = SandboxServer.Start(new SandboxOptions { TimeScale = 600, Record = true });
    private readonly HttpClient _http = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _server.StopAsync();
        _server.Dispose();
    }

    [Fact]
    public async Task Discovery_returns_the_address_and_the_credentials_of_each_cloud()
    {
        var found = await DiscoverAsync(_server.Cloud.AdminKey);
        Assert.Equal(
            $$$"""
            {"timeScale":600,
            "aws":{"endpoint":"{{{_server.AwsEndpoint}}}","accessKeyId":"{{{_server.Aws.AccessKeyId}}}",
            "secretAccessKey":"{{{_server.Aws.SecretAccessKey}}}"},
            "gcp":{"endpoint":"{{{_server.GcpEndpoint}}}","accessToken":"{{{_server.Gcp.AccessToken}}}",
            "project":"{{{_server.Gcp.ProjectId}}}"},
            "azure":{"port":{{{_server.AzureEndpoint.Port}}},"tenantId":"{{{_server.Azure.TenantId}}}",
            "clientId":"{{{_server.Azure.Admin.ClientId}}}","clientSecret":"{{{_server.Azure.Admin.Secret}}}",
            "keyVaultName":"{{{_server.Azure.VaultName}}}"},
            "vault":{"address":"{{{_server.VaultEndpoint}}}","token":"{{{_server.Vault.RootToken}}}"}}
            """.Replace("\n", "", StringComparison.Ordinal),
            WithoutCertificateAndTime(found)
        );
    }

    [Fact]
    public async Task A_client_of_another_process_finds_the_time_of_the_sandbox()
    {
        _server.Clock.Advance(TimeSpan.FromDays(400));
        var clock = new SandboxClouds(await DiscoverAsync(_server.Cloud.AdminKey)).StartClock();
        // At a scale of 600, the two readings are some minutes apart.
        Assert.Equal(_server.Clock.UtcNow, clock.GetUtcNow(), TimeSpan.FromHours(6));
        Assert.Equal(600, Assert.IsType<ScaledTimeProvider>(clock).Scale);
    }

    [Fact]
    public async Task The_credentials_found_work_at_the_addresses_found()
    {
        var found = await DiscoverAsync(_server.Cloud.ViewerKey);

        using var aws = TestSigner.Sign(
            new Uri(Text(found, "aws", "endpoint")),
            Text(found, "aws", "accessKeyId"),
            Text(found, "aws", "secretAccessKey"),
            "sts",
            "us-east-1",
            "Action=GetCallerIdentity&Version=2011-06-15"
        );
        await SucceedsAsync(_http, aws);

        var project = new Uri(new Uri(Text(found, "gcp", "endpoint")), "v1/projects/" + Text(found, "gcp", "project"));
        using var gcp = new HttpRequestMessage(HttpMethod.Get, project);
        gcp.Headers.Add("Authorization", "Bearer " + Text(found, "gcp", "accessToken"));
        await SucceedsAsync(_http, gcp);

        using var vault = new HttpRequestMessage(
            HttpMethod.Get,
            new Uri(new Uri(Text(found, "vault", "address")), "v1/auth/token/lookup-self")
        );
        vault.Headers.Add("X-Vault-Token", Text(found, "vault", "token"));
        await SucceedsAsync(_http, vault);

        await SignInToAzureAsync(found);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer ")]
    [InlineData("Bearer another-key")]
    [InlineData("Basic KEY")]
    public async Task Discovery_needs_an_API_key_of_the_sandbox(string? authorization)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Address);
        if (authorization is not null)
            request.Headers.TryAddWithoutValidation(
                "Authorization",
                authorization.Replace("KEY", _server.Cloud.AdminKey, StringComparison.Ordinal)
            );
        using var response = await _http.SendAsync(request);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.DoesNotContain("endpoint", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Discovery_is_not_recorded_and_meets_neither_faults_nor_the_rate_limit()
    {
        _server.Faults.Add(new FaultRule { Action = FaultAction.Status });
        for (var i = 0; i < 15; i++)
            await DiscoverAsync(_server.Cloud.AdminKey);
        Assert.Empty(_server.Exchanges);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, await OrganizationAsync());
        Assert.Equal(HttpStatusCode.OK, await OrganizationAsync());
        Assert.Equal([1, 2], _server.Exchanges.Select(e => e.Request.Index));
    }

    [Fact]
    public async Task Discovery_follows_a_loaded_state_but_keeps_its_own_addresses()
    {
        using var other = SandboxServer.Start(new SandboxOptions());
        _server.Load(other.Save());
        var found = await DiscoverAsync(other.Cloud.AdminKey);
        Assert.Equal(other.Vault.RootToken, Text(found, "vault", "token"));
        Assert.Equal(_server.VaultEndpoint.ToString(), Text(found, "vault", "address"));
        await other.StopAsync();
    }

    private Uri Address => new(_server.CloudEndpoint, ".well-known/cockroachcmek-sandbox");

    private async Task<JsonObject> DiscoverAsync(string apiKey)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Address);
        request.Headers.Add("Authorization", "Bearer " + apiKey);
        using var response = await _http.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject();
    }

    private async Task<HttpStatusCode> OrganizationAsync()
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Get,
            new Uri(_server.CloudEndpoint, "api/v1/organization")
        );
        request.Headers.Add("Authorization", "Bearer " + _server.Cloud.AdminKey);
        using var response = await _http.SendAsync(request);
        return response.StatusCode;
    }

    /// <summary>Takes a token over TLS, trusting the certificate found and no other.</summary>
    private static async Task SignInToAzureAsync(JsonObject found)
    {
        using var authority = X509CertificateLoader.LoadCertificate(
            Convert.FromBase64String(Text(found, "azure", "caCertificate"))
        );
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { authority },
            RevocationMode = X509RevocationMode.NoCheck,
        };
        using var http = new HttpClient(handler);
        using var request = new HttpRequestMessage(
            HttpMethod.Post,
            $"https://127.0.0.1:{(int)found["azure"]!["port"]!}/{Text(found, "azure", "tenantId")}/oauth2/v2.0/token"
        );
        request.Headers.Host = "login.microsoftonline.com";
        request.Content = new FormUrlEncodedContent(
            new Dictionary<string, string>
            {
                ["grant_type"] = "client_credentials",
                ["client_id"] = Text(found, "azure", "clientId"),
                ["client_secret"] = Text(found, "azure", "clientSecret"),
                ["scope"] = "https://vault.azure.net/.default",
            }
        );
        await SucceedsAsync(http, request);
    }

    private static async Task SucceedsAsync(HttpClient http, HttpRequestMessage request)
    {
        using var response = await http.SendAsync(request);
        Assert.True(
            response.IsSuccessStatusCode,
            $"{request.RequestUri}: {response.StatusCode} {await response.Content.ReadAsStringAsync()}"
        );
    }

    private static string Text(JsonObject found, string cloud, string name) => (string)found[cloud]![name]!;

    private static string WithoutCertificateAndTime(JsonObject found)
    {
        found.Remove("time");
        found["azure"]!.AsObject().Remove("caCertificate");
        return found.ToJsonString();
    }
}
