using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Azure;
using CockroachCmek.Sandbox.Cloud;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>The sandbox's CockroachDB on Azure: it uses the key only when everything is right, and says what is not.</summary>
public sealed class AzureKeyUserTests : IAsyncLifetime
{
    private const string Graph = "https://graph.microsoft.com/v1.0/";
    private const string EncryptionUser = "e147488a-f6f5-4113-8e2d-b22465e65bf6";
    private static readonly byte[] StoreKey = [1, 2, 3, 4];
    private readonly AzureRehearsal _azure = new();
    private readonly AzureKeyUser _user;
    private readonly FleetCluster _cluster;

    public AzureKeyUserTests()
    {
        _user = new AzureKeyUser(_azure.Azure);
        _cluster = _azure.Server.Cloud.Clusters.Single(c => c.Name == "azure-in");
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _azure.DisposeAsync();

    [Fact]
    public async Task The_key_is_used_once_application_and_role_are_there_and_no_longer_once_the_role_is_gone()
    {
        var kid = await _azure.CreateKeyAsync("cmek");
        Assert.Contains("no service principal in the tenant", Refused(kid), StringComparison.Ordinal);
        var principal = (
            await _azure.SendAsync(
                "POST",
                Graph + "servicePrincipals",
                $$"""{"appId":"{{_cluster.AzureApplicationId}}"}"""
            )
        ).Text("id");
        Assert.Contains("grants Microsoft.KeyVault/vaults/keys/wrap/action", Refused(kid), StringComparison.Ordinal);
        await _azure.AssignAsync(EncryptionUser, _cluster.AzureApplicationId!);
        Assert.Contains("which is the application's id", Refused(kid), StringComparison.Ordinal);
        var role = await _azure.AssignAsync(EncryptionUser, principal);
        Assert.Contains("No role that has reached the vault", Refused(kid), StringComparison.Ordinal);
        _azure.Wait();

        var wrapped = _user.Wrap(Request(kid), StoreKey);
        Assert.Equal(StoreKey, _user.Unwrap(Request(kid), wrapped.Bytes!).Bytes);
        Assert.Equal(256, wrapped.Bytes!.Length);
        await _azure.SendAsync("DELETE", $"https://management.azure.com{role.Text("id")}?api-version=2022-04-01");
        Assert.True(_user.Unwrap(Request(kid), wrapped.Bytes).Succeeded);
        _azure.Wait();
        Assert.Contains("unwrap/action", _user.Unwrap(Request(kid), wrapped.Bytes).Refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_wrong_with_the_key_is_named()
    {
        var spec = _azure.Azure.SeedKey("azure-in", _cluster.Id);
        var key = spec.Uri[..spec.Uri.LastIndexOf('/')];
        var wrapped = _user.Wrap(Request(spec.Uri), StoreKey).Bytes!;
        Assert.Contains("no key identifier with a version", Refused(key), StringComparison.Ordinal);
        Assert.Contains("no version", Refused($"{key}/{new string('0', 32)}"), StringComparison.Ordinal);
        Assert.Contains(
            "does not exist",
            Refused($"{_azure.Vault}/keys/other/{new string('0', 32)}"),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "no vault",
            Refused($"https://nowhere.vault.azure.net/keys/k/{new string('0', 32)}"),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "another tenant",
            Refused($"https://{_azure.Azure.ForeignVaultName}.vault.azure.net/keys/k/{new string('0', 32)}"),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "firewall",
            Refused($"https://{_azure.Azure.WalledVaultName}.vault.azure.net/keys/k/{new string('0', 32)}"),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "No access policy",
            Refused($"https://{_azure.Azure.PolicyVaultName}.vault.azure.net/keys/k/{new string('0', 32)}"),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "There is no tenant",
            _user.Wrap(Request(spec.Uri) with { AuthPrincipal = _azure.Azure.SubscriptionId }, StoreKey).Refusal,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "RSA key is needed",
            Refused(await _azure.CreateKeyAsync("curve", body: """{"kty":"EC"}""")),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "cannot be used",
            Refused(await _azure.CreateKeyAsync("signs", body: """{"kty":"RSA","key_ops":["sign"]}""")),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "has expired",
            Refused(await _azure.CreateKeyAsync("old", body: """{"kty":"RSA","attributes":{"exp":1}}""")),
            StringComparison.Ordinal
        );

        await _azure.SendAsync("PATCH", spec.Uri + "?api-version=7.6", """{"attributes":{"enabled":false}}""");
        Assert.True(_user.Wrap(Request(spec.Uri), StoreKey).Succeeded);
        Assert.Contains("is disabled", _user.Unwrap(Request(spec.Uri), wrapped).Refusal, StringComparison.Ordinal);
        var principal = await _azure.SendAsync(
            "GET",
            $"{Graph}servicePrincipals(appId='{_cluster.AzureApplicationId}')"
        );
        await _azure.SendAsync(
            "PATCH",
            $"{Graph}servicePrincipals/{principal.Text("id")}",
            """{"accountEnabled":false}"""
        );
        Assert.Contains("is disabled in the tenant", Refused(spec.Uri), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cluster_on_Azure_enables_CMEK_with_its_key()
    {
        var spec = _azure.Azure.SeedKey("azure-in", _cluster.Id);
        Assert.Equal(
            _cluster.AzureApplicationId,
            (await CloudAsync("GET", "", ""))["azure_cluster_identity_client_id"]!.ToString()
        );
        Assert.NotEqual(_cluster.Id, _cluster.AzureApplicationId);
        var body =
            $$$"""{"region_specs":[{"region":"centralindia","key_spec":{"type":"AZURE_KEY_VAULT","uri":"{{{spec.Uri}}}","auth_principal":"{{{_azure.Azure.TenantId}}}"}}]}""";
        Assert.Equal("ENABLING", (await CloudAsync("POST", "/cmek", body))["status"]!.ToString());
        _azure.Time.Advance(TimeSpan.FromMinutes(25));
        Assert.Equal("ENABLED", (await CloudAsync("GET", "/cmek", ""))["status"]!.ToString());
    }

    private string Refused(string uri) => _user.Wrap(Request(uri), StoreKey).Refusal ?? "";

    private KeyUseRequest Request(string uri) =>
        new(
            uri,
            _azure.Azure.TenantId,
            _azure.Server.Cloud.OrganizationId,
            _cluster.Id,
            _cluster.AccountId,
            "centralindia"
        );

    private async Task<JsonNode> CloudAsync(string method, string path, string body)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(
            new HttpMethod(method),
            new Uri(_azure.Server.CloudEndpoint, $"api/v1/clusters/{_cluster.Id}{path}")
        );
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _azure.Server.Cloud.AdminKey);
        if (body.Length > 0)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await http.SendAsync(request);
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
    }
}
