using System.Globalization;
using System.Text;
using CockroachCmek.Sandbox;
using static CockroachCmek.Core.Tests.Sandbox.AzureTestBed;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Entra ID and the managed identity endpoint: discovery, tokens and what is recorded of them.</summary>
public sealed class AzureSignInTests : IAsyncDisposable
{
    private const string VaultScope = "https://vault.azure.net/.default";
    private readonly AzureTestBed _azure = new();

    public ValueTask DisposeAsync() => _azure.DisposeAsync();

    private string Keys => $"{_azure.KeyVault}/keys?api-version=7.6";

    private string IdentityToken =>
        $"{_azure.Server.ManagedIdentityEndpoint}MSI/token?api-version=2019-08-01&resource=https://vault.azure.net";

    private (string Name, string Value) IdentityHeader => ("X-IDENTITY-HEADER", _azure.Sandbox.ManagedIdentity.Secret);

    [Theory]
    [InlineData("", "", "", "wrong", "", "401 invalid_client", "AADSTS7000215")]
    [InlineData("", "", "00000000-0000-4000-8000-000000000000", "", "", "400 unauthorized_client", "AADSTS700016")]
    [InlineData("", "", "", "", "https://nowhere.invalid/.default", "400 invalid_resource", "AADSTS500011")]
    [InlineData("", "", "", "", "https://vault.azure.net", "400 invalid_scope", "AADSTS1002012")]
    [InlineData("00000000-0000-4000-8000-000000000000", "", "", "", "", "400 invalid_request", "AADSTS90002")]
    [InlineData("", "password", "", "", "", "400 unsupported_grant_type", "AADSTS70003")]
    public async Task A_refused_sign_in_says_why(
        string tenant,
        string grant,
        string client,
        string secret,
        string scope,
        string refusal,
        string number
    )
    {
        static string Or(string text, string other) => text.Length > 0 ? text : other;
        var response = await _azure.SignInAsync(
            Or(tenant, _azure.Sandbox.TenantId),
            Or(client, _azure.Sandbox.Admin.ClientId),
            Or(secret, _azure.Sandbox.Admin.Secret),
            Or(scope, VaultScope),
            Or(grant, "client_credentials")
        );
        Assert.Equal(refusal, response.Refusal);
        Assert.StartsWith(number + ":", response.Text("error_description"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_is_valid_for_one_service_and_one_hour()
    {
        var token = await _azure.TokenAsync(_azure.Sandbox.Admin, _azure.KeyVault);
        Task<TestResponse> GetAsync(string url) => _azure.SendRawAsync("GET", url, null, Bearer(token));
        Assert.Equal(3, token.Split('.').Length);
        Assert.Equal(200, (await GetAsync($"{_azure.KeyVault}/keys?api-version=7.4")).Status);
        Assert.Equal(
            "401 InvalidAuthenticationTokenAudience",
            (await GetAsync($"{_azure.Subscription}?api-version=2022-12-01")).Refusal
        );
        Assert.Equal("401 InvalidAuthenticationToken", (await GetAsync(Graph + "servicePrincipals")).Refusal);
        _azure.Advance(TimeSpan.FromMinutes(70));
        Assert.Equal("401 Unauthorized", (await GetAsync($"{_azure.KeyVault}/keys?api-version=7.4")).Refusal);
    }

    [Fact]
    public async Task Discovery_returns_the_token_endpoint_for_the_host_that_was_asked()
    {
        const string Login = "https://login.microsoftonline.com/";
        const string Configuration = "v2.0/.well-known/openid-configuration";
        var tenant = _azure.Sandbox.TenantId;
        Assert.Equal(
            $"{Login}{tenant}/oauth2/v2.0/token",
            (await _azure.SendRawAsync("GET", $"{Login}{tenant}/{Configuration}")).Text("token_endpoint")
        );
        Assert.Equal(
            "1.1",
            (await _azure.SendRawAsync("GET", Login + "common/discovery/instance?api-version=1.1")).Text("api-version")
        );
        var local = _azure.Server.AzureEndpoint.ToString();
        Assert.Equal(
            $"{local}{tenant}/oauth2/v2.0/token",
            (await _azure.SendRawAsync("GET", $"{local}{tenant}/{Configuration}")).Text("token_endpoint")
        );
    }

    [Fact]
    public async Task At_the_loopback_address_the_path_selects_the_service()
    {
        var local = _azure.Server.AzureEndpoint.ToString();
        async Task<string> RefusalAsync(string path) => (await _azure.SendRawAsync("GET", local + path)).Refusal;
        Assert.Equal("401 AuthenticationFailed", await RefusalAsync("subscriptions?api-version=2022-12-01"));
        Assert.Equal("401 InvalidAuthenticationToken", await RefusalAsync("v1.0/servicePrincipals"));
        Assert.Equal("401 Unauthorized", await RefusalAsync("keys?api-version=7.6"));
    }

    [Fact]
    public async Task Managed_identity_issues_a_usable_token_to_a_caller_with_the_identity_header()
    {
        var response = await _azure.SendRawAsync("GET", IdentityToken, null, IdentityHeader);
        Assert.True(
            long.Parse(response.Text("expires_on"), CultureInfo.InvariantCulture)
                > _azure.Time.GetUtcNow().ToUnixTimeSeconds()
        );
        var token = response.Text("access_token");
        Assert.Equal(200, (await _azure.SendRawAsync("GET", Keys, null, Bearer(token))).Status);
        Assert.Equal(400, (await _azure.SendRawAsync("GET", IdentityToken)).Status);

        var forClient = $"{IdentityToken}&client_id=";
        var own = forClient + _azure.Sandbox.ManagedIdentity.ClientId;
        Assert.Equal(200, (await _azure.SendRawAsync("GET", own, null, IdentityHeader)).Status);
        Assert.Contains(
            "No User Assigned or Delegated Managed Identity",
            (await _azure.SendRawAsync("GET", forClient + Guid.NewGuid(), null, IdentityHeader)).Text("message"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_recording_holds_no_secret()
    {
        var token = await _azure.TokenAsync(_azure.Sandbox.Admin, _azure.KeyVault);
        await _azure.SendRawAsync("GET", IdentityToken, null, IdentityHeader);
        await _azure.SendRawAsync("GET", Keys, null, Bearer(token));

        Assert.Equal(3, _azure.Server.Exchanges.Count);
        var text = string.Concat(
            _azure.Server.Exchanges.Select(e =>
                string.Concat(e.Request.Headers.Select(h => h.Value))
                + Encoding.UTF8.GetString(e.Request.Body)
                + Encoding.UTF8.GetString(e.Response!.Body)
            )
        );
        Assert.Contains("client_secret=(redacted)", text, StringComparison.Ordinal);
        Assert.All([token, _azure.Sandbox.Admin.Secret, _azure.Sandbox.ManagedIdentity.Secret, "eyJ"], secret =>
            Assert.DoesNotContain(secret, text, StringComparison.Ordinal)
        );
        Assert.DoesNotContain(_azure.Sandbox.Admin.Secret, _azure.Sandbox.Admin.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_injected_failure_has_the_shape_of_an_Azure_error()
    {
        _azure.Server.Faults.Add(
            new FaultRule
            {
                Service = "azure",
                Action = FaultAction.Status,
                Status = 429,
                RetryAfter = 3,
            }
        );
        Assert.Equal("429 TooManyRequests", (await _azure.SendRawAsync("GET", Keys)).Refusal);
        Assert.Single(_azure.Server.Exchanges);
    }
}
