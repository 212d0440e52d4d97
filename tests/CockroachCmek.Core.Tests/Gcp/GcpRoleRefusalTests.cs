namespace CockroachCmek.Core.Tests.Gcp;

/// <summary>
/// Wrong input and missing rights around the service account: an error id of its own, and nothing written.
/// </summary>
public sealed class GcpRoleRefusalTests
{
    [Fact]
    public async Task An_access_token_that_Google_does_not_know_is_refused()
    {
        await using var world = await GcpWorld.StartAsync();
        var provider = world.ProviderAs("not-a-token");

        await world.RefusesAsync("GcpCredentialsRefused", () =>
            provider.EnsureRoleAsync(world.RoleRequest(), world.Context)
        );
    }

    [Fact]
    public async Task Missing_permissions_are_named()
    {
        await using var world = await GcpWorld.StartAsync();
        var provider = world.ProviderWith(
            "iam.serviceAccounts.get",
            "cloudkms.cryptoKeys.get",
            "cloudkms.keyRings.get",
            "cloudkms.locations.get"
        );

        var error = await world.RefusesAsync("GcpPermissionDenied", () =>
            provider.EnsureRoleAsync(world.RoleRequest(), world.Context)
        );
        Assert.Contains("iam.serviceAccounts.create", error.Message, StringComparison.Ordinal);

        var role = await world.EnsureRoleAsync();
        error = await world.RefusesAsync("GcpPermissionDenied", () =>
            provider.EnsureKeysAsync(world.KeyRequest(role.AuthPrincipal), world.Context)
        );
        Assert.Contains("cloudkms.keyRings.create", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("somebody", "ServiceAccountMalformed")]
    [InlineData("crl-kms-user-0123456789ab@crl-sandbox-gcp-us.iam.gserviceaccount.com", "ServiceAccountNotYours")]
    [InlineData("crdb-cmek@another-project.iam.gserviceaccount.com", "ServiceAccountElsewhere")]
    [InlineData("not-there@sandbox-customer.iam.gserviceaccount.com", "ServiceAccountNotFound")]
    public async Task A_service_account_that_cannot_be_the_cluster_s_is_refused(string principal, string errorId)
    {
        await using var world = await GcpWorld.StartAsync();

        await world.RefusesAsync(errorId, () =>
            world.Provider.EnsureKeysAsync(world.KeyRequest(principal), world.Context)
        );
    }

    [Fact]
    public async Task A_disabled_service_account_is_refused_and_enabled_by_an_update()
    {
        await using var world = await GcpWorld.StartAsync();
        var role = await world.EnsureRoleAsync();
        await world.Administrator.DisableAccountAsync(role.AuthPrincipal);

        await world.RefusesAsync("ServiceAccountDisabled", () =>
            world.Provider.EnsureKeysAsync(world.KeyRequest(role.AuthPrincipal), world.Context)
        );
        await world.RefusesAsync("RoleDiffers", () => world.EnsureRoleAsync());
        var updated = await world.Provider.EnsureRoleAsync(world.RoleRequest() with { Update = true }, world.Context);

        Assert.Equal(CmekOutcome.Updated, updated.Outcome);
        Assert.Equal(CmekOutcome.Existing, (await world.EnsureRoleAsync()).Outcome);
    }

    [Fact]
    public async Task A_service_account_of_another_cluster_is_never_taken_over()
    {
        await using var world = await GcpWorld.StartAsync();
        var first = world.RoleRequest() with { Name = "shared-account" };
        var second = first with { Cluster = await world.FindClusterAsync("gcp-eu") };
        await world.Provider.EnsureRoleAsync(first, world.Context);

        foreach (var request in new[] { second, second with { Update = true } })
        {
            var error = await world.RefusesAsync("RoleBelongsToAnother", () =>
                world.Provider.EnsureRoleAsync(request, world.Context)
            );
            Assert.Contains(world.Cluster.Id, error.Message, StringComparison.Ordinal);
            Assert.Contains("-Name <another name>", error.RecommendedAction, StringComparison.Ordinal);
        }

        Assert.Equal(CmekOutcome.Existing, (await world.Provider.EnsureRoleAsync(first, world.Context)).Outcome);
    }

    [Fact]
    public async Task A_service_account_that_served_another_cluster_once_is_taken_by_an_update()
    {
        await using var world = await GcpWorld.StartAsync();
        var first = world.RoleRequest() with { Name = "shared-account" };
        var second = first with { Cluster = await world.FindClusterAsync("gcp-eu") };
        var role = await world.Provider.EnsureRoleAsync(first, world.Context);
        await world.Administrator.BindAsync(GcpAdministrator.Account(role.AuthPrincipal));

        await world.RefusesAsync("RoleDiffers", () => world.Provider.EnsureRoleAsync(second, world.Context));
        var updated = await world.Provider.EnsureRoleAsync(second with { Update = true }, world.Context);

        Assert.Equal(CmekOutcome.Updated, updated.Outcome);
        Assert.Equal(CmekOutcome.Existing, (await world.Provider.EnsureRoleAsync(second, world.Context)).Outcome);
    }
}
