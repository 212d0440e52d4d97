using CockroachCmek.Sandbox.Azure;

namespace CockroachCmek.Core.Tests.Azure;

/// <summary>The enterprise application of a cluster.</summary>
public sealed class AzureRoleTests
{
    [Fact]
    public async Task A_role_names_tenant_application_object_and_consent_page()
    {
        await using var world = new AzureWorld();
        var cluster = await world.ClusterAsync();
        var role = await world.RoleAsync(cluster);
        Assert.Equal(world.Azure.TenantId, role.AuthPrincipal);
        Assert.Equal(cluster.AzureClusterIdentityClientId, role.TrustedPrincipal);
        Assert.Equal($"CockroachDB Cloud - {cluster.Id}", role.Name);
        Assert.NotEqual(role.TrustedPrincipal, role.PrincipalId);
        Assert.Equal(
            $"https://login.microsoftonline.com/{role.AuthPrincipal}/adminconsent?client_id={role.TrustedPrincipal}",
            role.ConsentUrl!.ToString()
        );
    }

    [Fact]
    public async Task A_caller_who_is_not_allowed_to_add_the_application_gets_the_consent_page()
    {
        await using var world = new AzureWorld();
        var cluster = await world.ClusterAsync();
        var limited = world.As(AzureRights.Subscription | AzureRights.Keys);
        var planned = await world.RoleAsync(cluster, provider: limited);
        Assert.True(planned.IsPlanned);
        Assert.Contains(world.Log.Warnings, w => w.Contains(planned.ConsentUrl!.ToString(), StringComparison.Ordinal));
        Assert.Empty(planned.PrincipalId);
    }

    [Fact]
    public async Task An_administrator_consents_in_a_browser_while_the_run_waits()
    {
        await using var world = new AzureWorld();
        var cluster = await world.ClusterAsync();
        Uri? opened = null;
        var waiting = world.RoleAsync(
            cluster,
            r =>
                r.With("Wait", true)
                    .With("Timeout", TimeSpan.FromHours(1))
                    .With("Open", (Func<Uri, bool>)(uri => (opened = uri) is not null)),
            world.As(AzureRights.GraphRead)
        );
        while (opened is null)
            await Task.Yield();
        await world.BrowseAsync(opened);
        var role = await waiting;
        Assert.Equal(CmekOutcome.Created, role.Outcome);
        Assert.NotEmpty(role.PrincipalId);
        Assert.Equal(opened, role.ConsentUrl);
    }

    [Fact]
    public async Task A_wait_for_consent_ends_with_the_page_to_open()
    {
        await using var world = new AzureWorld();
        var cluster = await world.ClusterAsync();
        var error = await Assert.ThrowsAsync<CmekException>(() =>
            world.RoleAsync(
                cluster,
                r => r.With("Wait", true).With("Timeout", TimeSpan.FromMinutes(10)),
                world.As(AzureRights.GraphRead)
            )
        );
        Assert.Equal("ConsentNotGiven", error.ErrorId);
        Assert.Contains("adminconsent", error.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_application_of_another_name_is_refused_unless_its_name_is_given()
    {
        await using var world = new AzureWorld();
        var cluster = await world.ClusterWithRoleAsync();
        var stranger = cluster with { Id = Guid.NewGuid().ToString() };
        var error = await Assert.ThrowsAsync<CmekException>(() => world.RoleAsync(stranger));
        Assert.Equal("RoleDiffers", error.ErrorId);
        Assert.Contains($"its name is 'CockroachDB Cloud - {cluster.Id}'", error.Message, StringComparison.Ordinal);
        var accepted = await world.RoleAsync(stranger, r =>
            r.With("ApplicationName", $"CockroachDB Cloud - {cluster.Id}")
        );
        Assert.Equal(CmekOutcome.Existing, accepted.Outcome);
    }

    [Fact]
    public async Task A_disabled_application_is_reported_and_enabled_only_on_request()
    {
        await using var world = new AzureWorld();
        var cluster = await world.ClusterAsync();
        var role = await world.RoleAsync(cluster);
        await world.GraphAsync("PATCH", $"servicePrincipals/{role.PrincipalId}", """{"accountEnabled":false}""");
        var ofRole = await Assert.ThrowsAsync<CmekException>(() => world.RoleAsync(cluster));
        var ofKeys = await Assert.ThrowsAsync<CmekException>(() => world.KeysAsync(cluster));
        Assert.Equal(("RoleDiffers", "RoleDiffers"), (ofRole.ErrorId, ofKeys.ErrorId));
        Assert.Equal(CmekOutcome.Updated, (await world.RoleAsync(cluster, r => r with { Update = true })).Outcome);
        Assert.Equal(CmekOutcome.Existing, (await world.RoleAsync(cluster)).Outcome);
    }

    [Fact]
    public async Task GrantConsent_consents_as_the_page_does()
    {
        await using var world = new AzureWorld();
        var role = await world.RoleAsync(await world.ClusterAsync(), r => r.With("GrantConsent", true));
        var grants = await world.GraphAsync(
            "GET",
            $"oauth2PermissionGrants?$filter=clientId%20eq%20'{role.PrincipalId}'"
        );
        var grant = Assert.Single(grants["value"]!.AsArray())!;
        Assert.Equal(("AllPrincipals", "User.Read"), ((string?)grant["consentType"], (string?)grant["scope"]));
    }
}
