using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Tests.Gcp;

/// <summary>What is read of service accounts and keys that exist.</summary>
public sealed class GcpInventoryTests
{
    [Fact]
    public async Task An_account_is_found_by_its_default_name_or_by_its_address_with_who_may_act_as_it()
    {
        await using var world = await GcpWorld.StartAsync();
        Assert.Empty(await FindAsync(world));
        var made = await world.EnsureRoleAsync();
        var before = world.LastRequest;
        foreach (var role in (await FindAsync(world)).Concat(await FindAsync(world, made.AuthPrincipal)))
        {
            Assert.Equal((made.AuthPrincipal, "Enabled"), (role.AuthPrincipal, role.State));
            Assert.True(role.IsTrustExact, role.Trust);
            Assert.Equal($"{made.TrustedPrincipal}, and nobody else", role.Trust);
        }

        await world.Administrator.DisableAccountAsync(made.AuthPrincipal);
        Assert.Equal("Disabled", Assert.Single(await FindAsync(world)).State);
        Assert.DoesNotContain(world.WritesSince(before), w => w.Contains("create", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Nothing_is_claimed_of_an_account_that_was_not_read()
    {
        await using var world = await GcpWorld.StartAsync();
        var made = await world.EnsureRoleAsync();
        var blind = world.ProviderWith("cloudkms.cryptoKeys.list");
        var role = Assert.Single(
            await blind.FindRolesAsync(Search(world) with { AuthPrincipals = [made.AuthPrincipal] }, world.Context)
        );
        Assert.Null(role.IsTrustExact);
        Assert.Equal("not known: the service account could not be read", role.Trust);
        Assert.Contains(world.Log.Warnings, w => w.Contains(made.AuthPrincipal, StringComparison.Ordinal));

        var unread = world.ProviderWith("iam.serviceAccounts.get", "iam.serviceAccounts.getIamPolicy");
        var partly = Assert.Single(await unread.FindRolesAsync(Search(world), world.Context));
        Assert.Null(partly.IsTrustExact);
        Assert.StartsWith("not known: these could not be read: ", partly.Trust, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_has_its_name_state_age_and_place()
    {
        await using var world = await GcpWorld.StartAsync();
        var key = Assert.Single(await world.EnsureKeysAsync());
        Assert.Equal("Enabled", key.State);
        var found = await world.Provider.DescribeKeyAsync(Spec(key.KeyUri), world.Context);
        Assert.Equal((key.Name, key.Location, "Enabled"), (found.Name, found.Location, found.State));
        Assert.NotNull(found.CreatedAt);

        await world.Administrator.DestroyVersionAsync(key.KeyUri);
        Assert.Equal(
            "DestroyScheduled",
            (await world.Provider.DescribeKeyAsync(Spec(key.KeyUri), world.Context)).State
        );
        var missing = await world.Provider.DescribeKeyAsync(Spec(key.KeyUri + "x"), world.Context);
        Assert.Equal("NotFound", missing.State);
        var blind = world.ProviderWith("iam.serviceAccounts.get");
        Assert.Equal("", (await blind.DescribeKeyAsync(Spec(key.KeyUri), world.Context)).State);

        CmekRegionSpec Spec(string uri) => CmekRegionSpec.Create(key.Region, key.KeyType, uri, key.AuthPrincipal);
    }

    private static RoleSearch Search(GcpWorld world) => new() { Cluster = world.Cluster };

    private static Task<IReadOnlyList<CmekRole>> FindAsync(GcpWorld world, params string[] principals) =>
        world.Provider.FindRolesAsync(Search(world) with { AuthPrincipals = principals }, world.Context);
}
