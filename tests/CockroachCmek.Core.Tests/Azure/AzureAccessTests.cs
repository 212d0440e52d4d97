using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Tests.Azure;

/// <summary>Revoking access, and restoring exactly what was revoked.</summary>
public sealed class AzureAccessTests
{
    [Theory]
    [InlineData(CmekRevocationMethod.Default, "RoleAssignment")]
    [InlineData(CmekRevocationMethod.RemoveGrant, "RoleAssignment")]
    [InlineData(CmekRevocationMethod.DisableKey, "KeyVersionState")]
    public async Task A_revocation_ends_the_clusters_access_and_is_restored_as_it_was(
        CmekRevocationMethod method,
        string kind
    )
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync();
        var request = AzureRequests.Revocation(cluster, info, method);
        var planned = Assert.Single(await PlanAsync(world, request));
        Assert.Equal((kind, CmekAccessChangeState.Planned), (planned.Kind, planned.State));
        Assert.Equal(["northeurope", "westeurope"], planned.Regions.Order());
        var done = await world.Provider.RevokeAccessAsync(planned, world.Context);
        Assert.Equal(Content(planned with { State = CmekAccessChangeState.Done }), Content(done));

        await world.PropagateAsync();
        await world.Client.RevokeCmekAsync(cluster, world.Context);
        Assert.Equal("REVOKED", (await world.WaitAsync(cluster, CmekStatus.Revoked)).Status);

        var restored = await world.Provider.RestoreAccessAsync(done, world.Context);
        Assert.Equal(CmekAccessChangeState.Restored, restored.State);
        Assert.Equal(Content(planned), Content(Assert.Single(await PlanAsync(world, request))));
        Assert.Empty(await world.Provider.FindRevocationAsync(request, world.Context));
        world.Conforms();
    }

    [Theory]
    [InlineData(CmekRevocationMethod.RemoveGrant)]
    [InlineData(CmekRevocationMethod.DisableKey)]
    public async Task Revoking_and_restoring_twice_changes_nothing_more(CmekRevocationMethod method)
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync("azure-in");
        var request = AzureRequests.Revocation(cluster, info, method);
        var planned = Assert.Single(await PlanAsync(world, request));
        await world.Provider.RevokeAccessAsync(planned, world.Context);
        var before = world.Exchanges.Count;
        var again = Assert.Single(await PlanAsync(world, request));
        Assert.Equal(CmekAccessChangeState.Done, again.State);
        Assert.Empty(world.WritesSince(before));

        await world.Provider.RevokeAccessAsync(planned, world.Context);
        for (var i = 0; i < 2; i++)
        {
            var restored = await world.Provider.RestoreAccessAsync(planned, world.Context);
            Assert.Equal(CmekAccessChangeState.Restored, restored.State);
        }

        Assert.Equal(Content(planned), Content(Assert.Single(await PlanAsync(world, request))));
    }

    [Fact]
    public async Task An_access_policy_is_removed_and_restored_with_everything_in_it()
    {
        await using var world = new AzureWorld();
        var policyVault = world.KeyVaultId(world.Azure.PolicyVaultName);
        var (cluster, info) = await world.EnabledAsync("azure-in", r => r.InKeyVault(world.Azure.PolicyVaultName));
        var role = await world.RoleAsync(cluster);
        // Somebody added a permission by hand.
        await world.ArmAsync(
            "PUT",
            $"{policyVault}/accessPolicies/add",
            "2026-02-01",
            $$$"""
            {"properties":{"accessPolicies":[{"tenantId":"{{{role.AuthPrincipal}}}",
             "objectId":"{{{role.PrincipalId}}}","permissions":{"keys":["list"]}}]}}
            """
        );
        var request = AzureRequests.Revocation(cluster, info, CmekRevocationMethod.RemoveGrant);
        var planned = Assert.Single(await PlanAsync(world, request));
        Assert.Equal("AccessPolicy", planned.Kind);
        Assert.Contains("list", planned.Document, StringComparison.Ordinal);

        await world.Provider.RevokeAccessAsync(planned, world.Context);
        var keyVault = await world.ArmAsync("GET", policyVault, "2026-02-01");
        var policies = keyVault["properties"]!["accessPolicies"]!.ToJsonString();
        Assert.DoesNotContain(role.PrincipalId, policies, StringComparison.Ordinal);

        await world.Provider.RestoreAccessAsync(planned, world.Context);
        Assert.Equal(Content(planned), Content(Assert.Single(await PlanAsync(world, request))));
    }

    [Fact]
    public async Task Without_a_record_missing_access_is_found_and_restored()
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync("azure-in");
        foreach (var method in new[] { CmekRevocationMethod.RemoveGrant, CmekRevocationMethod.DisableKey })
        foreach (var change in await PlanAsync(world, AzureRequests.Revocation(cluster, info, method)))
            await world.Provider.RevokeAccessAsync(change, world.Context);

        var request = AzureRequests.Revocation(cluster, info);
        var found = await world.Provider.FindRevocationAsync(request, world.Context);
        Assert.Equal(["RoleAssignment", "KeyVersionState"], found.Select(c => c.Kind));
        Assert.All(found, c => Assert.Equal(CmekAccessChangeState.Done, c.State));
        foreach (var change in found)
            await world.Provider.RestoreAccessAsync(change, world.Context);
        Assert.Empty(await world.Provider.FindRevocationAsync(request, world.Context));
        Assert.Equal(CmekOutcome.Existing, (await world.KeysAsync(cluster))[0].Outcome);
    }

    [Fact]
    public async Task An_assignment_on_a_higher_scope_is_revoked_too()
    {
        const string CryptoUser = "12338af0-0e69-4776-bea7-57ae8d297424";
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync("azure-in");
        var role = await world.RoleAsync(cluster);
        var subscription = $"/subscriptions/{world.Azure.SubscriptionId}";
        var definition = $"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{CryptoUser}";
        var group = $"{subscription}/resourceGroups/{world.Azure.ResourceGroup}";
        await world.ArmAsync(
            "PUT",
            $"{group}/providers/Microsoft.Authorization/roleAssignments/{Guid.NewGuid()}",
            "2022-04-01",
            $$$"""
            {"properties":{"principalId":"{{{role.PrincipalId}}}","principalType":"ServicePrincipal",
             "roleDefinitionId":"{{{definition}}}"}}
            """
        );
        var planned = await PlanAsync(world, AzureRequests.Revocation(cluster, info));
        Assert.Equal(2, planned.Count);
        Assert.Contains(planned, c =>
            c.Action.Contains($"Key Vault Crypto User on {group} ", StringComparison.OrdinalIgnoreCase)
        );
    }

    [Fact]
    public async Task An_application_that_was_removed_counts_as_revoked_and_cannot_be_restored()
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync("azure-in");
        await world.GraphAsync("DELETE", $"servicePrincipals/{(await world.RoleAsync(cluster)).PrincipalId}");
        var planned = Assert.Single(await PlanAsync(world, AzureRequests.Revocation(cluster, info)));
        Assert.Equal(("ServicePrincipal", CmekAccessChangeState.Done), (planned.Kind, planned.State));
        var error = await Assert.ThrowsAsync<CmekException>(() =>
            world.Provider.RestoreAccessAsync(planned, world.Context)
        );
        Assert.Equal("ConsentMissing", error.ErrorId);
    }

    [Theory]
    [InlineData(CmekRevocationMethod.Deny)]
    [InlineData(CmekRevocationMethod.RemoveTrust)]
    public async Task A_method_that_Azure_does_not_have_is_refused(CmekRevocationMethod method)
    {
        await using var world = new AzureWorld();
        var key = new CmekKeyInfo { KeyUri = $"{world.KeyVault}/keys/k", AuthPrincipal = world.Azure.TenantId };
        var info = new CmekInfo { Regions = [new CmekRegionInfo { Region = "westeurope", Keys = [key] }] };
        var request = AzureRequests.Revocation(await world.ClusterAsync(), info, method);
        var error = await Assert.ThrowsAsync<CmekException>(() => PlanAsync(world, request));
        Assert.Equal("RevocationMethodNotSupported", error.ErrorId);
        Assert.Contains("RemoveGrant, DisableKey", error.Message, StringComparison.Ordinal);
    }

    private static Task<IReadOnlyList<CmekAccessChange>> PlanAsync(AzureWorld world, RevocationRequest request) =>
        world.Provider.PlanRevocationAsync(request, world.Context);

    private static (string, string, string, string, CmekAccessChangeState) Content(CmekAccessChange change) =>
        (string.Join(", ", change.Regions), change.Kind, change.Target, change.Document, change.State);
}
