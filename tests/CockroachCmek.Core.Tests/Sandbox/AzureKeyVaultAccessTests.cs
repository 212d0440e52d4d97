using CockroachCmek.Sandbox.Azure;
using static CockroachCmek.Core.Tests.Sandbox.AzureTestBed;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Who can use a key vault: tokens, roles, access policies, the firewall.</summary>
public sealed class AzureKeyVaultAccessTests : IAsyncDisposable
{
    private readonly AzureTestBed _azure = new();

    public ValueTask DisposeAsync() => _azure.DisposeAsync();

    [Fact]
    public async Task A_request_without_a_token_gets_a_challenge_that_names_the_authority()
    {
        var response = await _azure.SendRawAsync(
            "POST",
            $"{_azure.KeyVault}/keys/k/create?api%2Dversion=2025-07-01",
            ""
        );
        Assert.Equal("401 Unauthorized", response.Refusal);
        Assert.Contains("AKV10000", response.ErrorMessage, StringComparison.Ordinal);
        Assert.Equal(
            $"Bearer authorization=\"https://login.microsoftonline.com/{_azure.Sandbox.TenantId}\", "
                + "resource=\"https://vault.azure.net\"",
            Assert.Single(response.Headers!.WwwAuthenticate).ToString()
        );
    }

    [Fact]
    public async Task A_role_reaches_the_key_vault_late_and_its_removal_too()
    {
        var kid = await _azure.CreateKeyAsync("cmek");
        var user = _azure.Sandbox.AddPrincipal("user", AzureRights.None);
        var assignment = await _azure.AssignRoleAsync(EncryptionUserRole, user.ObjectId);
        Assert.Equal("403 ForbiddenByRbac", (await _azure.UseKeyAsync(kid, "wrapkey", "AAAA", user)).Refusal);
        _azure.Propagate();
        Assert.Equal(200, (await _azure.UseKeyAsync(kid, "wrapkey", "AAAA", user)).Status);
        Assert.Equal(200, (await _azure.SendAsync("GET", kid + ApiVersion, caller: user)).Status);
        Assert.Equal("403 ForbiddenByRbac", (await _azure.UseKeyAsync(kid, "encrypt", "AAAA", user)).Refusal);
        Assert.Equal(
            "403 ForbiddenByRbac",
            (await _azure.SendAsync("POST", $"{_azure.KeyVault}/keys/cmek/rotate{ApiVersion}", caller: user)).Refusal
        );

        await _azure.SendAsync("DELETE", $"{Arm}{assignment.Text("id")}?api-version=2022-04-01");
        Assert.Equal(200, (await _azure.UseKeyAsync(kid, "wrapkey", "AAAA", user)).Status);
        _azure.Propagate();
        Assert.Equal("403 ForbiddenByRbac", (await _azure.UseKeyAsync(kid, "wrapkey", "AAAA", user)).Refusal);
        _azure.AssertConforms();
    }

    [Fact]
    public async Task A_role_on_one_key_does_not_cover_other_keys()
    {
        var (one, other) = (
            await _azure.CreateKeyAsync("one"),
            await _azure.CreateKeyAsync("other", body: """{"kty":"EC"}""")
        );
        var user = _azure.Sandbox.AddPrincipal("user", AzureRights.None);
        await _azure.AssignRoleAsync(CryptoOfficerRole, user.ObjectId, scope: _azure.KeyVaultId() + "/keys/one");
        _azure.Propagate();
        Assert.Equal(200, (await _azure.SendAsync("GET", one + ApiVersion, caller: user)).Status);
        Assert.Equal("403 ForbiddenByRbac", (await _azure.SendAsync("GET", other + ApiVersion, caller: user)).Refusal);
        Assert.Equal(
            "403 ForbiddenByRbac",
            (await _azure.SendAsync("GET", $"{_azure.KeyVault}/keys{ApiVersion}", caller: user)).Refusal
        );
    }

    [Fact]
    public async Task A_key_vault_with_access_policies_ignores_roles()
    {
        var keyVault = _azure.Sandbox.PolicyVaultName;
        var kid = await _azure.CreateKeyAsync("cmek", keyVault);
        var user = _azure.Sandbox.AddPrincipal("user", AzureRights.None);
        var assignment = await _azure.AssignRoleAsync(
            EncryptionUserRole,
            user.ObjectId,
            scope: _azure.KeyVaultId(keyVault)
        );
        Assert.Equal(201, assignment.Status);
        _azure.Propagate();
        Assert.Equal("403 ForbiddenByPolicy", (await _azure.UseKeyAsync(kid, "wrapkey", "AAAA", user)).Refusal);
    }

    [Fact]
    public async Task An_access_policy_grants_single_permissions_and_also_takes_time()
    {
        var keyVault = _azure.Sandbox.PolicyVaultName;
        var kid = await _azure.CreateKeyAsync("cmek", keyVault);
        var user = _azure.Sandbox.AddPrincipal("user", AzureRights.None);
        Task<TestResponse> ChangeAsync(string operation, string permissions) =>
            _azure.SendAsync(
                "PUT",
                $"{Arm}{_azure.KeyVaultId(keyVault)}/accessPolicies/{operation}?api-version=2026-02-01",
                $$$"""
                {"properties":{"accessPolicies":[{"tenantId":"{{{_azure.Sandbox.TenantId}}}",
                 "objectId":"{{{user.ObjectId}}}","permissions":{"keys":{{{permissions}}}}}]}}
                """
            );
        await ChangeAsync("add", """["get","wrapKey"]""");
        Assert.Equal("403 ForbiddenByPolicy", (await _azure.UseKeyAsync(kid, "wrapkey", "AAAA", user)).Refusal);
        _azure.Propagate();
        Assert.Equal(200, (await _azure.UseKeyAsync(kid, "wrapkey", "AAAA", user)).Status);
        Assert.Equal("403 ForbiddenByPolicy", (await _azure.UseKeyAsync(kid, "unwrapkey", "AAAA", user)).Refusal);

        await ChangeAsync("remove", """["wrapKey"]""");
        _azure.Propagate();
        Assert.Equal("403 ForbiddenByPolicy", (await _azure.UseKeyAsync(kid, "wrapkey", "AAAA", user)).Refusal);
        Assert.Equal(200, (await _azure.SendAsync("GET", kid + ApiVersion, caller: user)).Status);
    }

    [Fact]
    public async Task A_firewall_a_foreign_tenant_and_an_unknown_name_keep_a_caller_out()
    {
        Task<TestResponse> ListAsync(string keyVault) =>
            _azure.SendAsync("GET", $"https://{keyVault}.vault.azure.net/keys{ApiVersion}");
        Assert.Equal("403 ForbiddenByFirewall", (await ListAsync(_azure.Sandbox.WalledVaultName)).Refusal);
        var foreign = await ListAsync(_azure.Sandbox.ForeignVaultName);
        Assert.Equal("401 Unauthorized", foreign.Refusal);
        Assert.Contains(
            _azure.Sandbox.ForeignTenantId,
            foreign.Headers!.WwwAuthenticate.ToString(),
            StringComparison.Ordinal
        );
        Assert.Equal("404 VaultNotFound", (await ListAsync("cmek-nowhere")).Refusal);
    }
}
