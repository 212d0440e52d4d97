using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Azure;

namespace CockroachCmek.Core.Tests.Azure;

/// <summary>Taking access away, and giving back exactly what was taken.</summary>
public sealed class AzureAccessTests
{
    [Theory]
    [InlineData(CmekRevocationMethod.Default, "RoleAssignment")]
    [InlineData(CmekRevocationMethod.RemoveGrant, "RoleAssignment")]
    [InlineData(CmekRevocationMethod.DisableKey, "KeyVersionState")]
    public async Task What_is_revoked_ends_the_clusters_access_and_comes_back_as_it_was(
        CmekRevocationMethod method,
        string kind
    )
    {
        await using var customer = new AzureCustomer();
        var (cluster, info) = await customer.EnabledAsync();
        var request = Request(cluster, info, method);
        var planned = Assert.Single(await customer.Provider.PlanRevocationAsync(request, customer.Context));
        Assert.Equal((kind, CmekAccessChangeState.Planned), (planned.Kind, planned.State));
        Assert.Equal(["northeurope", "westeurope"], planned.Regions.Order());
        var done = await customer.Provider.RevokeAccessAsync(planned, customer.Context);
        Assert.Equal(What(planned with { State = CmekAccessChangeState.Done }), What(done));

        // Twice is once, in whatever way it is asked.
        var before = customer.Exchanges.Count;
        Assert.Equal(
            CmekAccessChangeState.Done,
            Assert.Single(await customer.Provider.PlanRevocationAsync(request, customer.Context)).State
        );
        Assert.Empty(customer.WritesSince(before));
        await customer.Provider.RevokeAccessAsync(planned, customer.Context);
        await customer.SettleAsync();
        await customer.Client.RevokeCmekAsync(cluster, customer.Context);
        Assert.Equal(
            "REVOKED",
            (
                await customer.Lifecycle.WaitAsync(
                    cluster,
                    new Cmek.WaitOptions { Expected = CmekStatus.Revoked },
                    customer.Context
                )
            ).Status
        );

        Assert.Equal(
            CmekAccessChangeState.Restored,
            (await customer.Provider.RestoreAccessAsync(done, customer.Context)).State
        );
        Assert.Equal(
            CmekAccessChangeState.Restored,
            (await customer.Provider.RestoreAccessAsync(done, customer.Context)).State
        );
        Assert.Equal(
            What(planned),
            What(Assert.Single(await customer.Provider.PlanRevocationAsync(request, customer.Context)))
        );
        Assert.Empty(await customer.Provider.FindRevocationAsync(request, customer.Context));
        customer.Conforms();
    }

    [Fact]
    public async Task An_entry_of_the_access_policies_is_removed_and_put_back_with_all_it_said()
    {
        await using var customer = new AzureCustomer();
        var (cluster, info) = await customer.EnabledAsync("azure-in", r =>
            r with
            {
                Azure = r.Azure with { Vaults = [customer.Azure.PolicyVaultName] },
            }
        );
        var role = await customer.RoleAsync(cluster);
        // Somebody gave more, by hand.
        await customer.SendAsync(
            "PUT",
            $"https://management.azure.com{customer.VaultId(customer.Azure.PolicyVaultName)}/accessPolicies/add?api-version=2026-02-01",
            $$$"""{"properties":{"accessPolicies":[{"tenantId":"{{{role.AuthPrincipal}}}","objectId":"{{{role.PrincipalId}}}","permissions":{"keys":["list"]}}]}}"""
        );
        var request = Request(cluster, info, CmekRevocationMethod.RemoveGrant);
        var planned = Assert.Single(await customer.Provider.PlanRevocationAsync(request, customer.Context));
        Assert.Equal("AccessPolicy", planned.Kind);
        Assert.Contains("list", planned.Document, StringComparison.Ordinal);
        await customer.Provider.RevokeAccessAsync(planned, customer.Context);
        Assert.DoesNotContain(role.PrincipalId, await PoliciesAsync(customer), StringComparison.Ordinal);
        await customer.Provider.RestoreAccessAsync(planned, customer.Context);
        Assert.Equal(
            What(planned),
            What(Assert.Single(await customer.Provider.PlanRevocationAsync(request, customer.Context)))
        );
    }

    [Fact]
    public async Task Without_a_record_what_is_missing_is_found_and_given_back()
    {
        await using var customer = new AzureCustomer();
        var (cluster, info) = await customer.EnabledAsync("azure-in");
        foreach (var method in new[] { CmekRevocationMethod.RemoveGrant, CmekRevocationMethod.DisableKey })
        foreach (
            var change in await customer.Provider.PlanRevocationAsync(Request(cluster, info, method), customer.Context)
        )
            await customer.Provider.RevokeAccessAsync(change, customer.Context);
        var found = await customer.Provider.FindRevocationAsync(
            Request(cluster, info, CmekRevocationMethod.Default),
            customer.Context
        );
        Assert.Equal(["RoleAssignment", "KeyVersionState"], found.Select(c => c.Kind));
        Assert.All(found, c => Assert.Equal(CmekAccessChangeState.Done, c.State));
        foreach (var change in found)
            await customer.Provider.RestoreAccessAsync(change, customer.Context);
        Assert.Empty(
            await customer.Provider.FindRevocationAsync(
                Request(cluster, info, CmekRevocationMethod.Default),
                customer.Context
            )
        );
        Assert.Equal(CmekOutcome.Existing, (await customer.KeysAsync(cluster))[0].Outcome);
    }

    [Fact]
    public async Task An_assignment_higher_up_is_access_too()
    {
        await using var customer = new AzureCustomer();
        var (cluster, info) = await customer.EnabledAsync("azure-in");
        var role = await customer.RoleAsync(cluster);
        var group = $"/subscriptions/{customer.Azure.SubscriptionId}/resourceGroups/{customer.Azure.ResourceGroup}";
        await customer.SendAsync(
            "PUT",
            $"https://management.azure.com{group}/providers/Microsoft.Authorization/roleAssignments/{Guid.NewGuid()}?api-version=2022-04-01",
            $$$"""{"properties":{"roleDefinitionId":"/subscriptions/{{{customer.Azure.SubscriptionId}}}/providers/Microsoft.Authorization/roleDefinitions/12338af0-0e69-4776-bea7-57ae8d297424","principalId":"{{{role.PrincipalId}}}","principalType":"ServicePrincipal"}}"""
        );
        var planned = await customer.Provider.PlanRevocationAsync(
            Request(cluster, info, CmekRevocationMethod.Default),
            customer.Context
        );
        Assert.Equal(2, planned.Count);
        Assert.Contains(planned, c =>
            c.Action.Contains($"Key Vault Crypto User on {group} ", StringComparison.OrdinalIgnoreCase)
        );
    }

    [Fact]
    public async Task Whoever_removed_the_application_has_revoked_already()
    {
        await using var customer = new AzureCustomer();
        var (cluster, info) = await customer.EnabledAsync("azure-in");
        await customer.SendAsync(
            "DELETE",
            $"https://graph.microsoft.com/v1.0/servicePrincipals/{(await customer.RoleAsync(cluster)).PrincipalId}"
        );
        var planned = Assert.Single(
            await customer.Provider.PlanRevocationAsync(
                Request(cluster, info, CmekRevocationMethod.Default),
                customer.Context
            )
        );
        Assert.Equal(("ServicePrincipal", CmekAccessChangeState.Done), (planned.Kind, planned.State));
        Assert.Equal(
            "ConsentMissing",
            (
                await Assert.ThrowsAsync<CmekException>(() =>
                    customer.Provider.RestoreAccessAsync(planned, customer.Context)
                )
            ).ErrorId
        );
    }

    [Theory]
    [InlineData(CmekRevocationMethod.Deny)]
    [InlineData(CmekRevocationMethod.RemoveTrust)]
    public async Task A_way_that_Azure_has_not_is_refused(CmekRevocationMethod method)
    {
        await using var customer = new AzureCustomer();
        var cluster = await customer.ClusterAsync();
        var info = new CmekInfo
        {
            Regions =
            [
                new CmekRegionInfo
                {
                    Region = "westeurope",
                    Keys =
                    [
                        new CmekKeyInfo
                        {
                            KeyUri = $"{customer.Vault}/keys/k",
                            AuthPrincipal = customer.Azure.TenantId,
                        },
                    ],
                },
            ],
        };
        var fault = await Assert.ThrowsAsync<CmekException>(() =>
            customer.Provider.PlanRevocationAsync(Request(cluster, info, method), customer.Context)
        );
        Assert.Equal("RevocationMethodNotSupported", fault.ErrorId);
        Assert.Contains("RemoveGrant, DisableKey", fault.Message, StringComparison.Ordinal);
    }

    private static (string, string, string, string, CmekAccessChangeState) What(CmekAccessChange change) =>
        (string.Join(", ", change.Regions), change.Kind, change.Target, change.Document, change.State);

    private static RevocationRequest Request(CrdbCluster cluster, CmekInfo info, CmekRevocationMethod method) =>
        new()
        {
            Cluster = cluster,
            Method = method,
            Keys =
            [
                .. info.Regions.SelectMany(r =>
                    r.Keys.Select(k => new CmekRegionSpec
                    {
                        Region = r.Region,
                        KeySpec = new CmekKeySpec
                        {
                            Type = k.KeyType,
                            Uri = k.KeyUri,
                            AuthPrincipal = k.AuthPrincipal,
                        },
                    })
                ),
            ],
        };

    private static async Task<string> PoliciesAsync(AzureCustomer customer) =>
        (
            await customer.SendAsync(
                "GET",
                $"https://management.azure.com{customer.VaultId(customer.Azure.PolicyVaultName)}?api-version=2026-02-01"
            )
        )["properties"]!["accessPolicies"]!.ToJsonString();
}
