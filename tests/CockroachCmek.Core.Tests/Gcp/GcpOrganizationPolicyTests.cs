using System.Text.Json;
using CockroachCmek.Core.Keys.Gcp;
using CockroachCmek.Sandbox;

namespace CockroachCmek.Core.Tests.Gcp;

/// <summary>Organization policies that keep members from outside out of IAM policies.</summary>
public sealed class GcpOrganizationPolicyTests
{
    [Fact]
    public async Task A_restricted_organization_is_a_warning_about_future_bindings()
    {
        await using var world = await GcpWorld.StartAsync();
        var key = (await world.EnsureKeysAsync())[0];
        world.Server.Gcp.RestrictMembers = true;

        var checks = await world.Provider.CheckKeyAsync(world.CheckRequest(key), world.Context);

        var warning = Assert.Single(checks, c => c.Status != CmekCheckStatus.Pass);
        Assert.Equal(
            ("OrganizationPolicy", "OrgPolicyRestricts", CmekCheckStatus.Warning),
            (warning.Check, warning.ErrorId, warning.Status)
        );
        Assert.Contains(
            "constraints/iam.allowedPolicyMemberDomains allows only C00000000",
            warning.Detail,
            StringComparison.Ordinal
        );
        Assert.Contains("exempt project sandbox-customer", warning.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_organization_policy_that_cannot_be_read_gives_no_row()
    {
        await using var world = await GcpWorld.StartAsync();
        var key = (await world.EnsureKeysAsync())[0];
        var provider = world.ProviderWith(
            "cloudkms.cryptoKeys.get",
            "cloudkms.cryptoKeys.getIamPolicy",
            "cloudkms.keyRings.getIamPolicy",
            "cloudkms.cryptoKeyVersions.list",
            "resourcemanager.projects.get",
            "resourcemanager.projects.getIamPolicy",
            "resourcemanager.folders.getIamPolicy",
            "resourcemanager.organizations.getIamPolicy",
            "iam.denypolicies.list",
            "iam.denypolicies.get",
            "iam.roles.get",
            "iam.serviceAccounts.get",
            "iam.serviceAccounts.getIamPolicy"
        );

        var checks = await provider.CheckKeyAsync(world.CheckRequest(key), world.Context);

        Assert.DoesNotContain(checks, c => c.Check == "OrganizationPolicy");
        Assert.All(checks, c => Assert.Equal(CmekCheckStatus.Pass, c.Status));
        Assert.Contains(world.Log.VerboseLines, l => l.Contains("orgpolicy.policy.get", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_binding_that_the_organization_forbids_is_reported_with_its_constraint_and_sent_once()
    {
        await using var world = await GcpWorld.StartAsync();
        world.Server.Gcp.RestrictMembers = true;

        var error = await Assert.ThrowsAsync<CmekException>(() => world.EnsureRoleAsync());

        Assert.Equal("OrganizationPolicyDenies", error.ErrorId);
        Assert.Contains("constraints/iam.allowedPolicyMemberDomains", error.Message, StringComparison.Ordinal);
        Assert.Single(world.Server.Exchanges, e => e.Request.Path.EndsWith(":setIamPolicy", StringComparison.Ordinal));

        // The account exists. Once the project is exempt, the next run only has to add the binding.
        world.Server.Gcp.RestrictMembers = false;
        Assert.Equal(CmekOutcome.Updated, (await world.EnsureRoleAsync()).Outcome);
    }

    [Theory]
    [InlineData("""{"constraint":"c"}""", false)]
    [InlineData("""{"constraint":"c","listPolicy":{}}""", false)]
    [InlineData("""{"constraint":"c","restoreDefault":{}}""", false)]
    [InlineData("""{"constraint":"c","listPolicy":{"allValues":"ALLOW"}}""", false)]
    [InlineData("""{"constraint":"c","listPolicy":{"allValues":"DENY"}}""", true)]
    [InlineData("""{"constraint":"c","listPolicy":{"allowedValues":["C00000000"]}}""", true)]
    [InlineData("""{"constraint":"c","listPolicy":{"deniedValues":["C00000000"]}}""", true)]
    public void A_policy_restricts_when_it_denies_all_or_lists_values(string json, bool restricts) =>
        Assert.Equal(restricts, JsonSerializer.Deserialize<OrgPolicy>(json, JsonSerializerOptions.Web)!.Restricts);
}
