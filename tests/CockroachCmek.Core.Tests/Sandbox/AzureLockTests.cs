using static CockroachCmek.Core.Tests.Sandbox.AzureTestBed;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Management locks, and key vaults that are deleted softly.</summary>
public sealed class AzureLockTests : IAsyncDisposable
{
    private const string Version = "?api-version=2026-02-01";
    private readonly AzureTestBed _azure = new();

    public ValueTask DisposeAsync() => _azure.DisposeAsync();

    private string KeyVault => Arm + _azure.KeyVaultId();

    private string ResourceGroup => _azure.KeyVaultId().Split("/providers/")[0];

    [Theory]
    [InlineData("CanNotDelete")]
    [InlineData("ReadOnly")]
    public async Task A_lock_on_the_group_keeps_an_assignment_and_the_key_vault(string level)
    {
        var principal = await _azure.CreateClusterPrincipalAsync();
        var assignment = (await _azure.AssignRoleAsync(EncryptionUserRole, principal)).Text("id");
        Assert.Equal(201, (await LockAsync("PUT", ResourceGroup, level)).Status);
        var refused = await _azure.SendAsync("DELETE", $"{Arm}{assignment}?api-version=2022-04-01");
        Assert.Equal("409 ScopeLocked", refused.Refusal);
        Assert.Equal(
            $"The scope '{assignment}' cannot perform delete operation because following scope(s) are locked: "
                + $"'{ResourceGroup}'. Please remove the lock and try again.",
            refused.ErrorMessage
        );
        Assert.Equal(["code", "message"], refused.Body["error"]!.AsObject().Select(p => p.Key));
        Assert.Equal("409 ScopeLocked", (await _azure.SendAsync("DELETE", KeyVault + Version)).Refusal);

        Assert.Equal(200, (await LockAsync("DELETE", ResourceGroup)).Status);
        Assert.Equal(204, (await LockAsync("DELETE", ResourceGroup)).Status);
        Assert.Equal(200, (await _azure.SendAsync("DELETE", $"{Arm}{assignment}?api-version=2022-04-01")).Status);
    }

    [Fact]
    public async Task Only_a_ReadOnly_lock_prevents_new_assignments_and_changes()
    {
        var principal = await _azure.CreateClusterPrincipalAsync();
        const string Tags = """{"tags":{"a":"b"}}""";
        await LockAsync("PUT", _azure.KeyVaultId(), "CanNotDelete");
        Assert.Equal(201, (await _azure.AssignRoleAsync(EncryptionUserRole, principal)).Status);
        Assert.Equal(200, (await _azure.SendAsync("PATCH", KeyVault + Version, Tags)).Status);
        await LockAsync("PUT", _azure.KeyVaultId(), "ReadOnly");
        Assert.Equal("409 ScopeLocked", (await _azure.AssignRoleAsync(CryptoOfficerRole, principal)).Refusal);
        Assert.Equal("409 ScopeLocked", (await _azure.SendAsync("PATCH", KeyVault + Version, Tags)).Refusal);
        Assert.StartsWith("https://", await _azure.CreateKeyAsync("data-plane"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Locks_are_listed_at_and_below_a_scope_but_not_above()
    {
        await LockAsync("PUT", ResourceGroup, "CanNotDelete");
        await LockAsync("PUT", _azure.KeyVaultId(), "ReadOnly");
        async Task<int> CountAsync(string scope) =>
            (
                await _azure.SendAsync(
                    "GET",
                    $"{Arm}{scope}/providers/Microsoft.Authorization/locks?api-version=2020-05-01"
                )
            )
                .Items
                .Count;
        Assert.Equal(1, await CountAsync(_azure.KeyVaultId()));
        Assert.Equal(2, await CountAsync(ResourceGroup));
        Assert.Equal(2, await CountAsync(_azure.SubscriptionId));
        Assert.Equal("CanNotDelete", (await LockAsync("GET", ResourceGroup)).Text("properties", "level"));
    }

    [Fact]
    public async Task A_deleted_key_vault_can_be_recovered_without_its_role_assignments()
    {
        var kid = await _azure.CreateKeyAsync("cmek");
        var principal = await _azure.CreateClusterPrincipalAsync();
        var assignment = (await _azure.AssignRoleAsync(EncryptionUserRole, principal)).Text("id");
        Assert.Equal(200, (await _azure.SendAsync("DELETE", KeyVault + Version)).Status);
        Assert.Equal(204, (await _azure.SendAsync("DELETE", KeyVault + Version)).Status);
        Assert.Equal("404 ResourceNotFound", (await _azure.SendAsync("GET", KeyVault + Version)).Refusal);
        Assert.Equal("404 VaultNotFound", (await _azure.SendAsync("GET", kid + ApiVersion)).Refusal);
        var deleted = $"{_azure.Subscription}/providers/Microsoft.KeyVault/deletedVaults{Version}";
        Assert.Equal(
            _azure.KeyVaultId(),
            Assert.Single((await _azure.SendAsync("GET", deleted)).Items)!["properties"]!["vaultId"]!.ToString()
        );

        Assert.Equal("409 VaultAlreadyExists", (await PutAsync("default")).Refusal);
        Assert.Equal(200, (await PutAsync("recover")).Status);
        Assert.Equal(200, (await _azure.SendAsync("GET", kid + ApiVersion)).Status);
        Assert.Equal(
            "404 RoleAssignmentNotFound",
            (await _azure.SendAsync("GET", $"{Arm}{assignment}?api-version=2022-04-01")).Refusal
        );

        Task<TestResponse> PutAsync(string mode) =>
            _azure.SendAsync(
                "PUT",
                KeyVault + Version,
                $$$"""
                {"location":"{{{_azure.Sandbox.Location}}}","properties":{"createMode":"{{{mode}}}",
                 "tenantId":"{{{_azure.Sandbox.TenantId}}}","sku":{"family":"A","name":"standard"}
                 }}
                """
            );
    }

    private Task<TestResponse> LockAsync(string method, string scope, string? level = null) =>
        _azure.SendAsync(
            method,
            $"{Arm}{scope}/providers/Microsoft.Authorization/locks/keep?api-version=2020-05-01",
            level is null ? null : "{\"properties\":{\"level\":\"" + level + "\"}}"
        );
}
