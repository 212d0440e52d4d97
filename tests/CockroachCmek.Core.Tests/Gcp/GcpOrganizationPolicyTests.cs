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
    public async Task An_organization_policy_that_cannot_be_read_is_unknown_with_its_permission()
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

        var unknown = Assert.Single(checks, c => c.Status != CmekCheckStatus.Pass);
        Assert.Equal((CmekCheckName.OrganizationPolicy, CmekCheckStatus.Unknown), (unknown.Check, unknown.Status));
        Assert.Contains("needs orgpolicy.policy.get", unknown.Detail, StringComparison.Ordinal);
        Assert.NotEmpty(unknown.Remedy);
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

    [Fact]
    public async Task The_managed_constraint_on_members_is_read_where_its_API_is_enabled()
    {
        await using var world = await GcpWorld.StartAsync();
        var key = (await world.EnsureKeysAsync())[0];
        world.Server.Gcp.DisableService("orgpolicy.googleapis.com");
        var unread = await world.Provider.CheckKeyAsync(world.CheckRequest(key), world.Context);
        world.Server.Gcp.EnableService("orgpolicy.googleapis.com");
        var free = await world.Provider.CheckKeyAsync(world.CheckRequest(key), world.Context);
        world.Server.Gcp.Enforce("iam.managed.allowedPolicyMembers");
        var restricted = await world.Provider.CheckKeyAsync(world.CheckRequest(key), world.Context);

        Assert.Equal((CmekCheckStatus.Unknown, "GcpApiDisabled"), (Policy(unread).Status, Policy(unread).ErrorId));
        Assert.Contains("allowedPolicyMembers could not be read", Policy(unread).Detail, StringComparison.Ordinal);
        Assert.Contains("services enable orgpolicy.googleapis.com", Policy(unread).Remedy, StringComparison.Ordinal);
        Assert.Contains("Neither does", Policy(free).Detail, StringComparison.Ordinal);
        Assert.Equal(
            (CmekCheckStatus.Warning, "OrgPolicyRestricts"),
            (Policy(restricted).Status, Policy(restricted).ErrorId)
        );
        Assert.Contains("iam.managed.allowedPolicyMembers", Policy(restricted).Detail, StringComparison.Ordinal);

        static CmekCheck Policy(IEnumerable<CmekCheck> checks) =>
            Assert.Single(checks, c => c.Check == CmekCheckName.OrganizationPolicy);
    }

    [Theory]
    [InlineData("gcp.resourceLocations", "in:eu-locations", "New-CrdbCmekKey -Location")]
    [InlineData("cloudkms.allowedProtectionLevels", "HSM", "New-CrdbCmekKey -ProtectionLevel")]
    [InlineData("cloudkms.minimumDestroyScheduledDuration", "in:60d", "New-CrdbCmekKey -DestroyScheduledDuration")]
    public async Task A_constraint_on_keys_is_named_as_itself(string constraint, string allowed, string remedy)
    {
        await using var world = await GcpWorld.StartAsync();
        var role = await world.EnsureRoleAsync();
        world.Server.Gcp.Enforce(constraint, allowed);

        var error = await Assert.ThrowsAsync<CmekException>(() =>
            world.Provider.EnsureKeysAsync(world.KeyRequest(role.AuthPrincipal), world.Context)
        );

        Assert.Equal("OrganizationPolicyDenies", error.ErrorId);
        Assert.Contains($"constraints/{constraint}", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("member", error.Message, StringComparison.Ordinal);
        Assert.StartsWith(remedy, error.RecommendedAction, StringComparison.Ordinal);
        Assert.DoesNotContain("<project>", error.RecommendedAction, StringComparison.Ordinal);
        Assert.Contains(
            $"gcloud org-policies describe {constraint} --project ",
            error.RecommendedAction,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("iam.disableServiceAccountCreation", "New-CrdbCmekRole -Project")]
    [InlineData("iam.managed.allowedPolicyMembers", "Ask the organization policy administrator")]
    public async Task A_constraint_on_accounts_is_named_as_itself(string constraint, string remedy)
    {
        await using var world = await GcpWorld.StartAsync();
        world.Server.Gcp.Enforce(constraint);

        var error = await Assert.ThrowsAsync<CmekException>(() => world.EnsureRoleAsync());

        Assert.Equal("OrganizationPolicyDenies", error.ErrorId);
        Assert.Contains($"constraints/{constraint}", error.Message, StringComparison.Ordinal);
        Assert.StartsWith(remedy, error.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_perimeter_is_named_as_itself_with_its_identifier_and_without_advice_to_take_more_rights()
    {
        await using var world = await GcpWorld.StartAsync();
        var key = (await world.EnsureKeysAsync())[0];
        world.Server.Gcp.SetPerimeter(["cloudkms.googleapis.com"], "user:inside@example.com");

        var error = await Assert.ThrowsAsync<CmekException>(() => world.EnsureKeysAsync());
        var checks = await world.Provider.CheckKeyAsync(world.CheckRequest(key), world.Context);

        Assert.Equal("PerimeterDenies", error.ErrorId);
        Assert.Matches("identifier of the refusal is [A-Za-z0-9_-]{20,}", error.Message);
        Assert.StartsWith("gcloud logging read", error.RecommendedAction, StringComparison.Ordinal);
        Assert.Equal("PerimeterDenies", checks.Single(c => c.Check == CmekCheckName.KeyUsable).ErrorId);
        Assert.All(checks.Where(c => c.Check is CmekCheckName.KeyUsable or CmekCheckName.KeyGranted), c =>
        {
            Assert.Equal(CmekCheckStatus.Unknown, c.Status);
            Assert.DoesNotContain("needs cloudkms.", c.Detail, StringComparison.Ordinal);
        });
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
