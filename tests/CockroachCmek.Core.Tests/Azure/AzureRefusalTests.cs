using CockroachCmek.Core.Keys;
using CockroachCmek.Sandbox.Azure;

namespace CockroachCmek.Core.Tests.Azure;

/// <summary>Wrong input is found before anything is written, with its own error id and the next command.</summary>
public sealed class AzureRefusalTests
{
    [Fact]
    public async Task Without_consent_no_key_is_created()
    {
        await using var world = new AzureWorld();
        var cluster = await world.ClusterAsync();
        var error = await world.RefusesAsync("ConsentMissing", () => world.KeysAsync(cluster));
        Assert.Contains("adminconsent", error.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_Key_Vault_of_another_tenant_is_refused_although_Resource_Manager_does_not_show_it()
    {
        await using var world = new AzureWorld();
        var cluster = await world.ClusterWithRoleAsync();
        var error = await world.RefusesAsync("KeyVaultInOtherTenant", () =>
            world.KeysAsync(cluster, r => r.InKeyVault(world.Azure.ForeignVaultName))
        );
        Assert.Contains(world.Azure.ForeignTenantId, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_firewalled_Key_Vault_is_told_apart_from_a_missing_one()
    {
        await using var world = new AzureWorld();
        var cluster = await world.ClusterWithRoleAsync();
        await world.RefusesAsync("KeyVaultFirewalled", () =>
            world.KeysAsync(cluster, r => r.InKeyVault(world.Azure.WalledVaultName))
        );
        await world.RefusesAsync("KeyVaultNotFound", () => world.KeysAsync(cluster, r => r.InKeyVault("cmek-nowhere")));
    }

    [Theory]
    [InlineData(AzureRights.Subscription, "KeyVaultPermissionDenied")]
    [InlineData(AzureRights.Keys, "ArmPermissionDenied")]
    [InlineData(AzureRights.None, "KeyVaultNotVisible")]
    public async Task Missing_rights_are_reported_by_the_service_that_lacks_them(AzureRights rights, string errorId)
    {
        await using var world = new AzureWorld();
        var cluster = await world.ClusterAsync();
        var principalId = (await world.RoleAsync(cluster)).PrincipalId;
        await world.RefusesAsync(errorId, () =>
            world.KeysAsync(cluster, r => r.With("PrincipalId", principalId), world.As(rights))
        );
    }

    [Fact]
    public async Task Without_Graph_the_object_id_can_be_given()
    {
        await using var world = new AzureWorld();
        var cluster = await world.ClusterAsync();
        var principalId = (await world.RoleAsync(cluster)).PrincipalId;
        var limited = world.As(AzureRights.Subscription | AzureRights.Keys);
        await world.RefusesAsync("GraphPermissionDenied", () => world.KeysAsync(cluster, null, limited));
        Assert.All(await world.KeysAsync(cluster, r => r.With("PrincipalId", principalId), limited), k =>
            Assert.Equal(CmekOutcome.Created, k.Outcome)
        );
    }

    [Fact]
    public async Task A_key_of_the_name_that_belongs_to_another_cluster_is_not_changed()
    {
        await using var world = new AzureWorld();
        var cluster = await world.ClusterWithRoleAsync();
        await world.KeyAsync(
            "POST",
            "keys/shared/create",
            """{"kty":"RSA","key_size":2048,"tags":{"crdb:cluster-id":"another"}}"""
        );
        await world.RefusesAsync("KeyNameTaken", () => world.KeysAsync(cluster, r => r with { Name = "shared" }));
    }

    [Fact]
    public async Task An_existing_key_that_differs_from_the_request_is_refused_with_every_difference()
    {
        await using var world = new AzureWorld();
        var cluster = await world.ClusterWithRoleAsync();
        await world.KeysAsync(cluster, r => r.With("KeySize", 2048));
        var error = await world.RefusesAsync("KeyDiffers", () =>
            world.KeysAsync(cluster, r => r.With("KeySize", 4096).With("ProtectionLevel", CmekProtectionLevel.Hsm))
        );
        Assert.Contains(
            "it has 2048 bits, not 4096; it is kept in software, not hardware",
            error.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Several_problems_are_one_error()
    {
        await using var world = new AzureWorld();
        var cluster = await world.ClusterWithRoleAsync();
        await world.KeyAsync(
            "POST",
            "keys/bad/create",
            $$$"""
            {"kty":"RSA","key_size":2048,"attributes":{"enabled":false,"exp":1600000000},
             "tags":{"crdb:cluster-id":"{{{cluster.Id}}}"}}
            """
        );
        var error = await world.RefusesAsync("KeysUnfit", () => world.KeysAsync(cluster, r => r with { Name = "bad" }));
        Assert.Contains("is disabled", error.Message, StringComparison.Ordinal);
        Assert.Contains("expired on", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("No such role", "RoleUnknown")]
    [InlineData("Key Vault Reader", "RoleTooNarrow")]
    public async Task A_role_that_is_not_enough_is_refused(string role, string errorId)
    {
        await using var world = new AzureWorld();
        var cluster = await world.ClusterWithRoleAsync();
        await world.RefusesAsync(errorId, () => world.KeysAsync(cluster, r => r.With("RoleName", role)));
    }

    [Fact]
    public async Task A_Key_Vault_must_be_named_and_one_must_be_near_each_region()
    {
        await using var world = new AzureWorld();
        var cluster = await world.ClusterWithRoleAsync();
        await world.RefusesAsync("KeyVaultNameMissing", () =>
            world.KeysAsync(cluster, r => r with { Options = CloudOptions.None })
        );
        await world.RefusesAsync("KeyVaultUriMalformed", () =>
            world.KeysAsync(cluster, r => r.InKeyVault("https://cmek-sandbox.example.com/"))
        );
        await world.RefusesAsync("KeyVaultMissing", () =>
            world.KeysAsync(cluster, r => r.InKeyVault(world.Azure.VaultName, world.Azure.PremiumVaultName))
        );
    }
}
