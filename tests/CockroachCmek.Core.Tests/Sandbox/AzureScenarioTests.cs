using CockroachCmek.Sandbox;
using CockroachCmek.Sandbox.Azure;
using CockroachCmek.Sandbox.Cloud;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>What each scenario of Azure does to the cluster azure-in.</summary>
public sealed class AzureScenarioTests
{
    [Theory]
    [InlineData("LockedKeyVault", "")]
    [InlineData("EntraGroup", "")]
    [InlineData("InheritedRole", "")]
    [InlineData("ConditionalRole", "")]
    [InlineData("DenyAssignment", "deny assignment")]
    [InlineData("KeyVaultLogs", "")]
    public async Task The_cluster_uses_its_key_unless_the_scenario_denies_it(string scenario, string refusal)
    {
        using var server = Start(scenario);
        var cluster = server.Cloud.Clusters.Single(c => c.Name == "azure-in");
        var spec = cluster.Cmek.Regions.Single().Current!.Spec;
        var request = new KeyUseRequest(
            spec.Uri,
            spec.AuthPrincipal,
            server.Cloud.OrganizationId,
            cluster.Id,
            cluster.AccountId,
            "centralindia"
        );
        var use = new AzureKeyUser(server.Azure).Wrap(request, new byte[32]);
        Assert.Equal(refusal.Length == 0, use.Succeeded);
        Assert.Contains(refusal, use.Refusal ?? "", StringComparison.Ordinal);
        await server.StopAsync();
    }

    [Fact]
    public async Task The_role_comes_from_where_the_scenario_says()
    {
        foreach (
            var (scenario, type, scope) in new[]
            {
                ("EntraGroup", "Group", "cmek-sandbox"),
                ("InheritedRole", "ServicePrincipal", "corp"),
            }
        )
        {
            using var server = Start(scenario);
            var application = server.Cloud.Clusters.Single(c => c.Name == "azure-in").AzureApplicationId;
            var grant = server.Azure.Locked(context =>
            {
                var principal = context.Directory.Principal(server.Azure.TenantId, application)!;
                var identities = context.Directory.IdentitiesOf(principal.Id, context.Now);
                return context.Roles.Present.Single(a => identities.Contains(a.PrincipalId));
            });
            Assert.Equal((type, scope), (grant.PrincipalType, grant.Scope.Split('/')[^1]));
            await server.StopAsync();
        }
    }

    private static SandboxServer Start(string name) =>
        SandboxServer.Start(new SandboxOptions { Scenarios = [SandboxScenarios.All.Single(s => s.Name == name)] });
}
