using CockroachCmek.Sandbox.Azure;
using static CockroachCmek.Core.Tests.Sandbox.AzureTestBed;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Azure Policy refuses what the caller's roles allow. Existing resources stay as they are.</summary>
public sealed class AzurePolicyTests : IAsyncDisposable
{
    private readonly AzureTestBed _azure = new();

    public ValueTask DisposeAsync() => _azure.DisposeAsync();

    [Theory]
    [InlineData(AzurePolicyRule.KeysNeedExpiry, """{"kty":"RSA","attributes":{"exp":4102444800}}""")]
    [InlineData(AzurePolicyRule.KeysNeed4096Bits, """{"kty":"RSA","key_size":4096}""")]
    [InlineData(AzurePolicyRule.KeysNeedHsm, """{"kty":"RSA-HSM"}""")]
    public async Task A_key_that_breaks_a_rule_is_refused_and_so_is_a_further_version(
        AzurePolicyRule rule,
        string allowed
    )
    {
        var keyVault = _azure.Sandbox.PremiumVaultName;
        var kid = await _azure.CreateKeyAsync("old", keyVault);
        _azure.Sandbox.AddPolicy(_azure.Sandbox.ManagementGroupId, rule);
        var refused = await PostAsync("keys/new/create", """{"kty":"RSA"}""");
        Assert.Equal("403 Forbidden", refused.Refusal);
        Assert.Contains("policyAssignments", refused.ErrorMessage, StringComparison.Ordinal);
        Assert.Equal("403 Forbidden", (await PostAsync("keys/old/rotate")).Refusal);
        Assert.Equal(200, (await _azure.UseKeyAsync(kid, "wrapkey", "AAAA")).Status);
        Assert.Equal(200, (await PostAsync("keys/new/create", allowed)).Status);
        _azure.Sandbox.PolicyInnerCode = "ForbiddenByPolicy";
        Assert.Equal("403 ForbiddenByPolicy", (await PostAsync("keys/other/create", """{"kty":"RSA"}""")).Refusal);

        Task<TestResponse> PostAsync(string path, string? body = null) =>
            _azure.SendAsync("POST", $"https://{keyVault}.vault.azure.net/{path}{ApiVersion}", body);
    }

    [Fact]
    public async Task A_rule_compares_the_body_of_a_request_to_Resource_Manager()
    {
        _azure.Sandbox.AddPolicy(_azure.SubscriptionId, AzurePolicyRule.VaultsNeedPurgeProtection);
        var refused = await PutAsync("");
        Assert.Equal("403 RequestDisallowedByPolicy", refused.Refusal);
        Assert.Equal(
            "Resource 'cmek-new' was disallowed by policy. See error details for policy resource IDs.",
            refused.ErrorMessage
        );
        Assert.Equal("PolicyViolation", refused.Body["error"]!["additionalInfo"]![0]!["type"]!.ToString());
        Assert.Equal(201, (await PutAsync(""","enablePurgeProtection":true""")).Status);

        _azure.Sandbox.AddPolicy(_azure.SubscriptionId, AzurePolicyRule.NoRoleAssignments);
        var principal = await _azure.CreateClusterPrincipalAsync();
        Assert.Equal(
            "403 RequestDisallowedByPolicy",
            (await _azure.AssignRoleAsync(EncryptionUserRole, principal)).Refusal
        );

        Task<TestResponse> PutAsync(string property) =>
            _azure.SendAsync(
                "PUT",
                $"{Arm}{_azure.KeyVaultId("cmek-new")}?api-version=2026-02-01",
                $$$"""
                {"location":"{{{_azure.Sandbox.Location}}}","properties":{"tenantId":"{{{_azure.Sandbox.TenantId}}}",
                 "sku":{"family":"A","name":"standard"}{{{property}}} }}
                """
            );
    }

    [Fact]
    public async Task A_key_vault_without_public_network_access_names_the_connection()
    {
        var url = $"{Arm}{_azure.KeyVaultId()}?api-version=2026-02-01";
        await _azure.SendAsync("PATCH", url, """{"properties":{"publicNetworkAccess":"Disabled"}}""");
        _azure.Propagate();
        Assert.Equal(
            "403 ForbiddenByConnection",
            (await _azure.SendAsync("GET", $"{_azure.KeyVault}/keys{ApiVersion}")).Refusal
        );
    }
}
