using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Tests.Azure;

/// <summary>New keys, and what a second run finds of them.</summary>
public sealed class AzureKeyTests
{
    [Fact]
    public async Task A_cluster_goes_from_nothing_to_enabled_with_one_key_for_all_regions()
    {
        await using var world = new AzureWorld();
        var (_, info) = await world.EnabledAsync();
        Assert.Equal("ENABLED", info.Status);
        Assert.Single(info.Regions.Select(r => r.Keys[0].KeyUri).Distinct());
        Assert.Equal(world.Azure.TenantId, info.Regions[0].Keys[0].AuthPrincipal);
        world.Conforms();
    }

    [Fact]
    public async Task A_second_run_writes_nothing_and_finds_the_same()
    {
        await using var world = new AzureWorld();
        var cluster = await world.ClusterAsync();
        var role = await RoleAsync();
        var keys = await KeysAsync();
        Assert.Equal(CmekOutcome.Created, role.Outcome);
        Assert.All(keys, k => Assert.Equal(CmekOutcome.Created, k.Outcome));

        var before = world.Exchanges.Count;
        Assert.Equal(role with { Outcome = CmekOutcome.Existing }, await RoleAsync());
        Assert.Equal(keys.Select(k => k with { Outcome = CmekOutcome.Existing }), await KeysAsync());
        Assert.Empty(world.WritesSince(before));

        Task<CmekRole> RoleAsync() => world.RoleAsync(cluster, r => r.With("GrantConsent", true));
        Task<IReadOnlyList<CmekKey>> KeysAsync() =>
            world.KeysAsync(cluster, r => r with { RotationPeriodInDays = 180 });
    }

    [Fact]
    public async Task A_dry_run_names_every_write_and_makes_none()
    {
        await using var world = new AzureWorld(answer: false);
        var cluster = await world.ClusterAsync();
        var role = await world.RoleAsync(cluster);
        var keys = await world.KeysAsync(cluster, r => r with { IsRolePlanned = true });
        Assert.True(role.IsPlanned && keys.All(k => k.IsPlanned));
        Assert.All(keys, k => Assert.Equal($"{world.KeyVault}/keys/{k.Name}", k.KeyUri));
        Assert.Empty(world.WritesSince(0));
        Assert.Collection(
            world.Log.Questions,
            q => Assert.Contains("as an enterprise application", q.Action, StringComparison.Ordinal),
            q => Assert.StartsWith("Create RSA 3072 key", q.Action, StringComparison.Ordinal),
            q =>
                Assert.Equal(
                    $"Assign Key Vault Crypto Officer on the Key Vault to CockroachDB Cloud - {cluster.Id}",
                    q.Action
                )
        );
    }

    [Fact]
    public async Task A_Key_Vault_with_access_policies_gets_an_entry_and_no_assignment()
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync("azure-in", InPolicyVault);
        Assert.Equal("ENABLED", info.Status);
        var writes = world.WritesSince(0);
        Assert.Contains(writes, w => w.EndsWith("/accessPolicies/add", StringComparison.Ordinal));
        Assert.DoesNotContain(writes, w => w.Contains("/roleAssignments/", StringComparison.Ordinal));
        Assert.Contains(world.Log.Warnings, w => w.Contains("no purge protection", StringComparison.Ordinal));

        var before = world.Exchanges.Count;
        Assert.Equal(CmekOutcome.Existing, (await world.KeysAsync(cluster, InPolicyVault))[0].Outcome);
        Assert.Empty(world.WritesSince(before));

        KeyRequest InPolicyVault(KeyRequest request) => request.InKeyVault(world.Azure.PolicyVaultName);
    }

    [Fact]
    public async Task Several_Key_Vaults_each_serve_the_regions_of_their_location()
    {
        await using var world = new AzureWorld();
        await world.ArmAsync(
            "PUT",
            world.KeyVaultId("cmek-north"),
            "2026-02-01",
            $$$"""
            {"location":"North Europe","properties":{"tenantId":"{{{world.Azure.TenantId}}}",
             "sku":{"family":"A","name":"standard"},"enableRbacAuthorization":true,"enablePurgeProtection":true}}
            """
        );
        var cluster = await world.ClusterWithRoleAsync();
        var keys = await world.KeysAsync(cluster, r => r.InKeyVault("cmek-north", world.KeyVault + "/"));
        Assert.StartsWith(world.KeyVault, UriOf("westeurope"), StringComparison.Ordinal);
        Assert.StartsWith("https://cmek-north.vault.azure.net", UriOf("northeurope"), StringComparison.Ordinal);
        Assert.Equal("ENABLED", (await world.EnableAsync(cluster, keys)).Status);

        string UriOf(string region) => keys.Single(k => k.Region == region).KeyUri;
    }

    [Fact]
    public async Task The_narrowest_role_is_enough_to_enable()
    {
        await using var world = new AzureWorld();
        var (_, info) = await world.EnabledAsync("azure-in", r =>
            r.With("RoleName", "Key Vault Crypto Service Encryption User").With("KeySize", 2048)
        );
        Assert.Equal("ENABLED", info.Status);
    }

    [Fact]
    public async Task Hardware_keys_need_a_premium_Key_Vault()
    {
        await using var world = new AzureWorld();
        var cluster = await world.ClusterWithRoleAsync("azure-in");
        var error = await Assert.ThrowsAsync<CmekException>(() => world.KeysAsync(cluster, InHardware));
        Assert.Equal("HsmNotAvailable", error.ErrorId);
        var keys = await world.KeysAsync(cluster, r => InHardware(r).InKeyVault(world.Azure.PremiumVaultName));
        Assert.Equal("ENABLED", (await world.EnableAsync(cluster, keys)).Status);

        static KeyRequest InHardware(KeyRequest request) =>
            request.With("ProtectionLevel", CmekProtectionLevel.Hsm).With("KeySize", 2048);
    }

    [Fact]
    public async Task A_soft_deleted_key_is_reported_and_recovered_on_request()
    {
        await using var world = new AzureWorld();
        var cluster = await world.ClusterWithRoleAsync("azure-in");
        var created = (await world.KeysAsync(cluster))[0];
        await world.KeyAsync("DELETE", $"keys/{created.Name}");
        await world.PropagateAsync();
        var error = await Assert.ThrowsAsync<CmekException>(() => world.KeysAsync(cluster));
        Assert.Equal("KeySoftDeleted", error.ErrorId);
        Assert.Contains("-Recover", error.RecommendedAction, StringComparison.Ordinal);
        var recovered = (await world.KeysAsync(cluster, r => r.With("Recover", true)))[0];
        Assert.Equal((created.KeyUri, CmekOutcome.Updated), (recovered.KeyUri, recovered.Outcome));
        world.Conforms();
    }

    [Fact]
    public async Task The_grant_that_a_key_needs_is_described_as_json_and_as_commands()
    {
        await using var world = new AzureWorld();
        var cluster = await world.ClusterAsync();
        var request = new KeyPolicyRequest { Cluster = cluster, AuthPrincipal = world.Azure.TenantId };
        var before = await world.Provider.GetKeyPolicyAsync(request, world.Context);
        Assert.Collection(
            before.Commands,
            c => Assert.Equal($"az ad sp create --id {cluster.AzureClusterIdentityClientId}", c),
            c => Assert.StartsWith("az keyvault key create --vault-name", c, StringComparison.Ordinal),
            c => Assert.StartsWith("az role assignment create", c, StringComparison.Ordinal)
        );

        var role = await world.RoleAsync(cluster);
        var keys = await world.KeysAsync(cluster);
        var after = await world.Provider.GetKeyPolicyAsync(request with { KeyUri = keys[0].KeyUri }, world.Context);
        Assert.Contains(role.PrincipalId, after.Statement, StringComparison.Ordinal);
        // The command creates the same assignment as the module, with the same id.
        var assignment = world.WritesSince(0).Single(w => w.Contains("/roleAssignments/", StringComparison.Ordinal));
        Assert.Contains(
            $"--name {assignment.Split('/')[^1]} ",
            Assert.Single(after.Commands),
            StringComparison.Ordinal
        );
    }
}
