using CockroachCmek.Sandbox.Azure;
using CockroachCmek.Sandbox.Cloud;
using static CockroachCmek.Core.Tests.Sandbox.AzureTestBed;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>
/// The sandbox's CockroachDB on Azure uses a key only when every requirement is met, and names what is missing.
/// </summary>
public sealed class AzureKeyUserTests : IAsyncDisposable
{
    private static readonly byte[] StoreKey = [1, 2, 3, 4];
    private static readonly string AnyVersion = new('0', 32);
    private readonly AzureTestBed _azure = new();
    private readonly AzureKeyUser _user;
    private readonly FleetCluster _cluster;

    public AzureKeyUserTests()
    {
        _user = new AzureKeyUser(_azure.Sandbox);
        _cluster = _azure.Server.Cloud.Clusters.Single(c => c.Name == "azure-in");
    }

    public ValueTask DisposeAsync() => _azure.DisposeAsync();

    [Fact]
    public async Task A_key_is_usable_as_long_as_the_application_has_a_principal_with_a_role()
    {
        var kid = await _azure.CreateKeyAsync("cmek");
        AssertRefused("no service principal in the tenant", kid);
        var principal = await _azure.CreateClusterPrincipalAsync(_cluster.AzureApplicationId);
        AssertRefused("grants Microsoft.KeyVault/vaults/keys/wrap/action", kid);
        await _azure.AssignRoleAsync(EncryptionUserRole, _cluster.AzureApplicationId!);
        AssertRefused("which is the application's id", kid);
        var assignment = await _azure.AssignRoleAsync(EncryptionUserRole, principal);
        AssertRefused("No role that has reached the vault", kid);
        _azure.Propagate();

        var wrapped = _user.Wrap(Request(kid), StoreKey);
        Assert.Equal(StoreKey, _user.Unwrap(Request(kid), wrapped.Bytes!).Bytes);
        Assert.Equal(256, wrapped.Bytes!.Length);
        await _azure.SendAsync("DELETE", $"{Arm}{assignment.Text("id")}?api-version=2022-04-01");
        Assert.True(_user.Unwrap(Request(kid), wrapped.Bytes).Succeeded);
        _azure.Propagate();
        Assert.Contains("unwrap/action", _user.Unwrap(Request(kid), wrapped.Bytes).Refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_that_cannot_be_found_is_refused()
    {
        var uri = SeedKey();
        var key = uri[..uri.LastIndexOf('/')];
        AssertRefused("key identifier with a version", key);
        AssertRefused("no version", $"{key}/{AnyVersion}");
        AssertRefused("does not exist", $"{_azure.KeyVault}/keys/other/{AnyVersion}");
        AssertRefused("no vault", In("nowhere"));
        AssertRefused("another tenant", In(_azure.Sandbox.ForeignVaultName));
        AssertRefused("firewall", In(_azure.Sandbox.WalledVaultName));
        AssertRefused("No access policy", In(_azure.Sandbox.PolicyVaultName));
        Assert.Contains(
            "There is no tenant",
            _user.Wrap(Request(uri) with { AuthPrincipal = _azure.Sandbox.SubscriptionId }, StoreKey).Refusal,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_key_that_cannot_wrap_is_refused()
    {
        SeedKey();
        AssertRefused("RSA key is needed", await _azure.CreateKeyAsync("curve", body: """{"kty":"EC"}"""));
        AssertRefused(
            "cannot be used",
            await _azure.CreateKeyAsync("signs", body: """{"kty":"RSA","key_ops":["sign"]}""")
        );
        AssertRefused(
            "has expired",
            await _azure.CreateKeyAsync("old", body: """{"kty":"RSA","attributes":{"exp":1}}""")
        );
    }

    [Fact]
    public async Task A_disabled_version_or_a_disabled_principal_is_refused()
    {
        var uri = SeedKey();
        var wrapped = _user.Wrap(Request(uri), StoreKey).Bytes!;
        await _azure.SendAsync("PATCH", uri + "?api-version=7.6", """{"attributes":{"enabled":false}}""");
        Assert.True(_user.Wrap(Request(uri), StoreKey).Succeeded);
        Assert.Contains("is disabled", _user.Unwrap(Request(uri), wrapped).Refusal, StringComparison.Ordinal);

        var principal = await _azure.SendAsync(
            "GET",
            $"{Graph}servicePrincipals(appId='{_cluster.AzureApplicationId}')"
        );
        await _azure.SendAsync(
            "PATCH",
            $"{Graph}servicePrincipals/{principal.Text("id")}",
            """{"accountEnabled":false}"""
        );
        AssertRefused("is disabled in the tenant", uri);
    }

    [Fact]
    public async Task A_cluster_on_Azure_enables_CMEK_with_its_key()
    {
        var key = _azure.Sandbox.SeedKey("azure-in", _cluster.Id);
        var cluster = $"clusters/{_cluster.Id}";
        Assert.Equal(
            _cluster.AzureApplicationId,
            (await _azure.CloudAsync("GET", cluster)).Text("azure_cluster_identity_client_id")
        );
        Assert.NotEqual(_cluster.Id, _cluster.AzureApplicationId);
        Assert.Equal("ENABLING", (await _azure.CmekAsync("POST", _cluster.Id, "centralindia", key)).Text("status"));
        _azure.Advance(TimeSpan.FromMinutes(25));
        Assert.Equal("ENABLED", (await _azure.CloudAsync("GET", cluster + "/cmek")).Text("status"));
    }

    private string SeedKey() => _azure.Sandbox.SeedKey("azure-in", _cluster.Id).Uri;

    private static string In(string keyVault) => $"https://{keyVault}.vault.azure.net/keys/k/{AnyVersion}";

    private void AssertRefused(string reason, string uri) =>
        Assert.Contains(reason, _user.Wrap(Request(uri), StoreKey).Refusal, StringComparison.Ordinal);

    private KeyUseRequest Request(string uri) =>
        new(
            uri,
            _azure.Sandbox.TenantId,
            _azure.Server.Cloud.OrganizationId,
            _cluster.Id,
            _cluster.AccountId,
            "centralindia"
        );
}
