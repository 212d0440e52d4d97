using CockroachCmek.Core.Keys.Gcp;
using static CockroachCmek.Core.Tests.Gcp.GcpAdministrator;

namespace CockroachCmek.Core.Tests.Gcp;

/// <summary>
/// New-CrdbCmekKey -KeyUri: keys that exist are checked, granted if asked for, and otherwise left as they are.
/// </summary>
public sealed class GcpImportTests
{
    [Fact]
    public async Task An_imported_key_is_granted_once_and_keeps_its_other_bindings()
    {
        await using var world = await GcpWorld.StartAsync("gcp-eu");
        var role = await world.EnsureRoleAsync();
        var uri = await world.Administrator.CreateKeyAsync(location: "europe");
        await world.Administrator.BindAsync(uri, Binding("roles/cloudkms.viewer", "user:auditor@example.com"));
        var request = world.ImportRequest(role.AuthPrincipal, $"{uri}/cryptoKeyVersions/1");

        var imported = await world.Provider.EnsureKeysAsync(request, world.Context);
        var again = await world.Provider.EnsureKeysAsync(request with { Grant = false }, world.Context);

        Assert.Equal([uri, uri], imported.Select(k => k.KeyUri));
        Assert.All(imported, k => Assert.Equal(CmekOutcome.Updated, k.Outcome));
        Assert.All(again, k => Assert.Equal(CmekOutcome.Existing, k.Outcome));
        Assert.Contains("auditor@example.com", await world.Administrator.BindingsAsync(uri), StringComparison.Ordinal);
        Assert.Empty(world.Log.Warnings);
        world.ConformsToSpecification();
    }

    [Fact]
    public async Task A_key_in_another_location_is_imported_with_a_warning_for_each_region()
    {
        await using var world = await GcpWorld.StartAsync("gcp-eu");
        var elsewhere = (await world.EnsureKeysAsync(cluster: await world.FindClusterAsync("gcp-us")))[0];
        var role = await world.EnsureRoleAsync();

        await world.Provider.EnsureKeysAsync(world.ImportRequest(role.AuthPrincipal, elsewhere.KeyUri), world.Context);

        Assert.Equal(2, world.Log.Warnings.Count(w => w.Contains("us-east4", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_grant_on_the_key_ring_counts()
    {
        await using var world = await GcpWorld.StartAsync();
        var role = await world.EnsureRoleAsync();
        var uri = await world.Administrator.CreateKeyAsync();
        await world.Administrator.BindAsync(GcpWorld.RingOf(uri), UseBy(role));

        Assert.Equal(CmekOutcome.Existing, await ImportAsync(world, role, uri));
        Assert.Empty(world.Log.Warnings);
    }

    [Fact]
    public async Task A_conditional_grant_counts_with_a_warning()
    {
        await using var world = await GcpWorld.StartAsync();
        var role = await world.EnsureRoleAsync();
        var uri = await world.Administrator.CreateKeyAsync();
        await world.Administrator.BindAsync(uri, UseBy(role, Until("2100-01-01")));

        Assert.Equal(CmekOutcome.Existing, await ImportAsync(world, role, uri));
        Assert.Contains("for now", Assert.Single(world.Log.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_grant_whose_condition_has_expired_does_not_count()
    {
        await using var world = await GcpWorld.StartAsync();
        var role = await world.EnsureRoleAsync();
        var uri = await world.Administrator.CreateKeyAsync();
        await world.Administrator.BindAsync(uri, UseBy(role, Until("2001-01-01")));

        var error = await Assert.ThrowsAsync<CmekException>(() => ImportAsync(world, role, uri));

        Assert.Equal("KeyNotGranted", error.ErrorId);
    }

    [Fact]
    public async Task A_service_account_that_was_deleted_and_created_again_is_granted_again()
    {
        await using var world = await GcpWorld.StartAsync();
        var key = (await world.EnsureKeysAsync())[0];
        await world.Administrator.DeleteAccountAsync(key.AuthPrincipal);
        await world.EnsureRoleAsync();

        var checks = await world.Provider.CheckKeyAsync(world.CheckRequest(key), world.Context);

        var ungranted = Assert.Single(checks, c => c.ErrorId == "KeyNotGranted");
        Assert.Contains("deleted", ungranted.Detail, StringComparison.Ordinal);
        Assert.Equal(CmekOutcome.Updated, (await world.EnsureKeysAsync())[0].Outcome);
    }

    [Fact]
    public async Task Two_runs_that_change_the_same_policy_at_once_lose_no_binding()
    {
        await using var world = await GcpWorld.StartAsync();
        var other = await world.FindClusterAsync("gcp-eu");
        var uri = await world.Administrator.CreateKeyAsync(location: "global");
        var principals = new[]
        {
            (await world.EnsureRoleAsync()).AuthPrincipal,
            (await world.EnsureRoleAsync(other)).AuthPrincipal,
        };

        await Task.WhenAll(
            world.Provider.EnsureKeysAsync(world.ImportRequest(principals[0], uri), world.Context),
            world.Provider.EnsureKeysAsync(world.ImportRequest(principals[1], uri, other), world.Context)
        );

        var policy = await world.Administrator.BindingsAsync(uri);
        Assert.All(principals, p => Assert.Contains(p, policy, StringComparison.Ordinal));
    }

    private static async Task<CmekOutcome> ImportAsync(GcpWorld world, CmekRole role, string uri)
    {
        var request = world.ImportRequest(role.AuthPrincipal, uri) with { Grant = false };
        return (await world.Provider.EnsureKeysAsync(request, world.Context))[0].Outcome;
    }

    private static string UseBy(CmekRole role, string? condition = null) =>
        Binding(GcpNames.UseRole, $"serviceAccount:{role.AuthPrincipal}", condition);
}
