using System.Text.Json.Nodes;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Azure;
using CockroachCmek.Sandbox.Azure;

namespace CockroachCmek.Core.Tests.Azure.Access;

/// <summary>
/// Access that is granted or denied elsewhere than by an assignment to the application on the Key Vault: in the
/// sandbox, from import to revocation.
/// </summary>
public sealed class AzureElsewhereTests
{
    [Fact]
    public async Task Access_through_a_group_is_enough_for_a_key_and_is_not_removed_from_others()
    {
        await using var world = new AzureWorld();
        var (cluster, principalId, uri) = await KeyOfSomebodyAsync(world);
        var group = world.Azure.AddGroup("databases", principalId);
        world.Azure.Assign(group, KeyVaultRoles.Narrowest, world.KeyVaultId(world.Azure.VaultName));

        var before = world.Exchanges.Count;
        var keys = await world.KeysAsync(cluster, r => r.Importing(uri, grant: true));
        Assert.All(keys, k => Assert.Equal(CmekOutcome.Existing, k.Outcome));
        Assert.Empty(world.WritesSince(before));
        var info = await world.EnableAsync(cluster, keys);
        var checks = await world.Provider.CheckKeyAsync(
            AzureRequests.Check(cluster, info, "westeurope"),
            world.Context
        );
        Assert.Equal(CmekCheckStatus.Pass, checks.Single(c => c.Check == "KeyGranted").Status);
        Assert.Equal(CmekCheckStatus.Pass, checks.Single(c => c.Check == "KeyPolicyNarrow").Status);

        foreach (var method in new[] { CmekRevocationMethod.Default, CmekRevocationMethod.RemoveGrant })
        {
            var error = await world.RefusesAsync("GrantNotRemovable", () =>
                world.Provider.PlanRevocationAsync(AzureRequests.Revocation(cluster, info, method), world.Context)
            );
            Assert.Contains(group, error.Message, StringComparison.Ordinal);
            Assert.Contains(
                $"az ad group member remove --group {group} --member-id {principalId}",
                error.RecommendedAction,
                StringComparison.Ordinal
            );
        }

        // Revocation without a record offers nothing to restore while access goes on.
        Assert.Empty(await world.Provider.FindRevocationAsync(AzureRequests.Revocation(cluster, info), world.Context));
    }

    [Fact]
    public async Task A_custom_role_from_a_management_group_is_enough_and_is_revoked_where_it_stands()
    {
        await using var world = new AzureWorld();
        var (cluster, principalId, uri) = await KeyOfSomebodyAsync(world);
        world.Azure.AddRole("Keys of databases", [], ["Microsoft.KeyVault/vaults/keys/*"]);
        world.Azure.Assign(principalId, "Keys of databases", world.Azure.ManagementGroupId);
        var keys = await world.KeysAsync(cluster, r => r.Importing(uri));
        Assert.All(keys, k => Assert.Equal(CmekOutcome.Existing, k.Outcome));
        var info = await world.EnableAsync(cluster, keys);

        var access = await ReadAsync(world, cluster, info);
        Assert.Equal(CmekAccessVerdict.Granted, access.Verdict);
        Assert.Equal(2, access.Wider.Count);
        Assert.All(access.Wider, w => Assert.StartsWith("management group ", w.Place, StringComparison.Ordinal));

        world.Azure.Assign(world.Azure.Admin, "User Access Administrator", world.Azure.ManagementGroupId);
        var change = Assert.Single(
            await world.Provider.PlanRevocationAsync(AzureRequests.Revocation(cluster, info), world.Context)
        );
        Assert.StartsWith(world.Azure.ManagementGroupId, change.Target, StringComparison.OrdinalIgnoreCase);
        await world.Provider.RevokeAccessAsync(change, world.Context);
        access = await ReadAsync(world, cluster, info);
        Assert.True(access.IsGone);
        Assert.Equal(KeyVaultRoles.Needed, access.Missing);
        await world.Provider.RestoreAccessAsync(change, world.Context);
        Assert.Equal(CmekAccessVerdict.Granted, (await ReadAsync(world, cluster, info)).Verdict);
    }

    [Fact]
    public async Task A_grant_that_the_caller_may_not_remove_is_an_error_before_anything_is_written()
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync("azure-in");
        var error = await world.RefusesAsync("GrantNotRemovable", () =>
            world
                .As(AzureRights.Keys | AzureRights.GraphRead)
                .PlanRevocationAsync(AzureRequests.Revocation(cluster, info), world.Context)
        );
        Assert.Contains("Key Vault Crypto Officer (Key Vault ", error.Message, StringComparison.Ordinal);
        Assert.Contains("az role assignment delete --ids ", error.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_deny_assignment_is_named_and_no_role_is_added_against_it()
    {
        await using var world = new AzureWorld();
        var (cluster, _, uri) = await KeyOfSomebodyAsync(world);
        world.Azure.Deny(world.KeyVaultId(world.Azure.VaultName), [], ["Microsoft.KeyVault/vaults/keys/unwrap/action"]);
        foreach (var grant in new[] { true, false })
        {
            var error = await world.RefusesAsync("KeyUseDenied", () =>
                world.KeysAsync(cluster, r => r.Importing(uri, grant))
            );
            Assert.Contains("The deny assignment '", error.Message, StringComparison.Ordinal);
            Assert.Contains(KeyVaultRoles.Unwrap, error.Message, StringComparison.Ordinal);
        }

        await world.RefusesAsync("KeyUseDenied", () => world.KeysAsync(cluster));
    }

    [Fact]
    public async Task A_grant_under_a_condition_is_used_with_a_warning_and_never_widened()
    {
        await using var world = new AzureWorld();
        var (cluster, principalId, uri) = await KeyOfSomebodyAsync(world);
        var keyVault = world.KeyVaultId(world.Azure.VaultName);
        var role = KeyVaultRoles.Find(KeyVaultRoles.Narrowest)!;
        var grant = StandardGrant.For(
            AzureKeyVault.From(await world.ArmAsync("GET", keyVault, "2026-02-01")),
            role,
            principalId
        );
        await world.ArmAsync(
            "PUT",
            grant.Target,
            "2022-04-01",
            new JsonObject
            {
                ["properties"] = new JsonObject
                {
                    ["principalId"] = principalId,
                    ["principalType"] = "ServicePrincipal",
                    ["roleDefinitionId"] = grant.Assignment!.RoleDefinitionId,
                    ["condition"] = "@Environment[UtcNow] DateTimeLessThan '2030-01-01T00:00:00Z'",
                    ["conditionVersion"] = "2.0",
                },
            }.ToJsonString()
        );
        var error = await world.RefusesAsync("KeyGrantNarrowed", () =>
            world.KeysAsync(cluster, r => r.Importing(uri, grant: true))
        );
        Assert.Contains("the condition of the assignment of", error.Message, StringComparison.Ordinal);

        world.StartLog();
        Assert.All(await world.KeysAsync(cluster, r => r.Importing(uri)), k =>
            Assert.Equal(CmekOutcome.Existing, k.Outcome)
        );
        var warning = Assert.Single(world.Log.Warnings, w => w.Contains("depends on", StringComparison.Ordinal));
        Assert.Contains("az role assignment list --assignee", warning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lock_is_named_before_a_revocation_and_does_not_keep_a_key_from_being_disabled()
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync("azure-in");
        var request = AzureRequests.Revocation(cluster, info);
        var planned = Assert.Single(await world.Provider.PlanRevocationAsync(request, world.Context));
        await LockAsync(world, "CanNotDelete");
        var error = await world.RefusesAsync("ScopeLocked", () =>
            world.Provider.PlanRevocationAsync(request, world.Context)
        );
        Assert.Contains("the lock 'keep' (CanNotDelete) on resource group ", error.Message, StringComparison.Ordinal);
        Assert.Contains("az lock delete --ids ", error.RecommendedAction, StringComparison.Ordinal);

        // Somebody locked it after the plan was made.
        error = await Assert.ThrowsAsync<CmekException>(() => world.Provider.RevokeAccessAsync(planned, world.Context));
        Assert.Equal("ScopeLocked", error.ErrorId);
        Assert.Contains("the lock 'keep'", error.Message, StringComparison.Ordinal);

        var spec = new KeyAccessRequest { Cluster = cluster, Spec = info.Specs()[0] };
        var access = await world.Provider.ReadAccessAsync(spec, world.Context);
        Assert.Equal(CmekAccessVerdict.Granted, access.Verdict);
        Assert.Contains(access.Obstacles, o => o.Contains("the lock 'keep'", StringComparison.Ordinal));

        var disable = AzureRequests.Revocation(cluster, info, CmekRevocationMethod.DisableKey);
        var change = Assert.Single(await world.Provider.PlanRevocationAsync(disable, world.Context));
        Assert.Equal(CmekAccessChangeState.Done, (await world.Provider.RevokeAccessAsync(change, world.Context)).State);
    }

    [Fact]
    public async Task A_ReadOnly_lock_is_named_before_a_grant()
    {
        await using var world = new AzureWorld();
        var (cluster, _, uri) = await KeyOfSomebodyAsync(world);
        await LockAsync(world, "ReadOnly");
        await world.RefusesAsync("ScopeLocked", () => world.KeysAsync(cluster, r => r.Importing(uri, grant: true)));
    }

    [Theory]
    [InlineData("roleAssignments")]
    [InlineData("denyAssignments")]
    [InlineData("roleDefinitions")]
    public async Task Without_a_permission_to_read_the_verdict_of_a_working_key_is_Unknown(string refused)
    {
        await using var world = new AzureWorld();
        var (cluster, principalId, uri) = await KeyOfSomebodyAsync(world);
        world.Azure.AddRole("Keys of databases", [], ["Microsoft.KeyVault/vaults/keys/*"]);
        world.Azure.Assign(principalId, "Keys of databases", world.KeyVaultId(world.Azure.VaultName));
        var info = await world.EnableAsync(cluster, await world.KeysAsync(cluster, r => r.Importing(uri)));
        world.Azure.AddRole(
            "Reads less",
            ["*/read"],
            ["Microsoft.KeyVault/vaults/keys/read"],
            [$"Microsoft.Authorization/{refused}/read"]
        );
        var limited = world.Azure.AddPrincipal("auditor", AzureRights.GraphRead);
        world.Azure.Assign(limited, "Reads less", $"/subscriptions/{world.Azure.SubscriptionId}");
        var provider = world.Connect(
            world.Connection with
            {
                ClientId = limited.ClientId,
                ClientSecret = new Secret(limited.Secret),
            }
        );
        var checks = await provider.CheckKeyAsync(AzureRequests.Check(cluster, info, "westeurope"), world.Context);
        Assert.All(checks.Where(c => c.Check is "KeyGranted"), c =>
            Assert.Equal((CmekCheckStatus.Unknown, "KeyGrantUnknown"), (c.Status, c.ErrorId))
        );
        Assert.DoesNotContain(checks, c => c is { Check: "KeyPolicyNarrow", Status: CmekCheckStatus.Pass });
        var lines = await provider.ReviewAccessAsync(
            new KeyAccessRequest { Cluster = cluster, Spec = info.Specs()[0] },
            world.Context
        );
        Assert.Contains(lines, l =>
            l.Verdict == CmekAccessVerdict.Unknown
            && l.Condition.Contains($"Microsoft.Authorization/{refused}/read", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_review_names_the_application_the_administrators_and_when()
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync("azure-in");
        var role = await world.RoleAsync(cluster);
        var lines = await world.Provider.ReviewAccessAsync(
            new KeyAccessRequest { Cluster = cluster, Spec = info.Specs()[0] },
            world.Context
        );
        Assert.DoesNotContain(lines, l => l.Verdict == CmekAccessVerdict.Unknown);
        var own = Assert.Single(lines, l => l.Principal == role.PrincipalId);
        Assert.True(own is { IsExpected: true, IsMoreThanNeeded: true, Since: not null });
        Assert.True(own.Rights.HasFlag(CmekAccessRights.Use));
        // An owner of the subscription is a person or a service, and not the subscription.
        Assert.Contains(lines, l => !l.IsExpected && l.Rights.HasFlag(CmekAccessRights.Grant));
        Assert.Contains(lines, l => !l.IsExpected && l.Rights.HasFlag(CmekAccessRights.Use));
        world.Conforms();
    }

    private static async Task<Core.Access.KeyAccess> ReadAsync(AzureWorld world, CrdbCluster cluster, CmekInfo info) =>
        await world.Provider.ReadAccessAsync(
            new KeyAccessRequest { Cluster = cluster, Spec = info.Specs()[0] },
            world.Context
        );

    /// <summary>A cluster with its application, and a key that somebody made and has not granted.</summary>
    private static async Task<(CrdbCluster Cluster, string PrincipalId, string KeyUri)> KeyOfSomebodyAsync(
        AzureWorld world
    )
    {
        var cluster = await world.ClusterAsync();
        var role = await world.RoleAsync(cluster);
        var created = await world.KeyAsync("POST", "keys/theirs/create", """{"kty":"RSA","key_size":2048}""");
        return (cluster, role.PrincipalId, (string)created["key"]!["kid"]!);
    }

    private static Task LockAsync(AzureWorld world, string level) =>
        world.ArmAsync(
            "PUT",
            $"/subscriptions/{world.Azure.SubscriptionId}/resourceGroups/{world.Azure.ResourceGroup}"
                + "/providers/Microsoft.Authorization/locks/keep",
            "2020-05-01",
            $$$"""{"properties":{"level":"{{{level}}}"}}"""
        );
}
