using CockroachCmek.Core.Keys;
using CockroachCmek.Sandbox.Azure;

namespace CockroachCmek.Core.Tests.Azure;

/// <summary>What is read of applications and keys that exist.</summary>
public sealed class AzureInventoryTests
{
    [Fact]
    public async Task An_application_is_found_in_the_tenant_of_the_keys_or_the_session()
    {
        await using var world = new AzureWorld();
        var cluster = await world.ClusterAsync();
        Assert.Empty(await FindAsync(world, cluster));
        var made = await world.RoleAsync(cluster);
        foreach (
            var role in (await FindAsync(world, cluster)).Concat(await FindAsync(world, cluster, made.AuthPrincipal))
        )
        {
            Assert.Equal((made.AuthPrincipal, made.PrincipalId), (role.AuthPrincipal, role.PrincipalId));
            Assert.Equal((true, "Enabled"), (role.IsTrustExact, role.State));
            Assert.Equal(made.ConsentUrl, role.ConsentUrl);
        }

        var other = Assert.Single(await FindAsync(world, cluster with { Id = Guid.NewGuid().ToString() }));
        Assert.False(other.IsTrustExact);
        Assert.Contains($"its name is 'CockroachDB Cloud - {cluster.Id}'", other.Trust, StringComparison.Ordinal);
        await Assert.ThrowsAsync<CmekException>(() =>
            world.As(AzureRights.Keys).FindRolesAsync(new RoleSearch { Cluster = cluster }, world.Context)
        );
    }

    [Fact]
    public async Task A_key_has_its_name_state_age_and_the_place_of_its_Key_Vault()
    {
        await using var world = new AzureWorld();
        var cluster = await world.ClusterWithRoleAsync();
        var key = (await world.KeysAsync(cluster))[0];
        var found = await world.Provider.DescribeKeyAsync(Spec(key.KeyUri), world.Context);
        Assert.Equal((key.Name, key.Location, "Enabled"), (found.Name, found.Location, found.State));
        Assert.NotEmpty(found.Location);
        Assert.NotNull(found.CreatedAt);
        var missing = key.KeyUri.Replace(key.Name, "no-such-key", StringComparison.Ordinal);
        Assert.Equal("NotFound", (await world.Provider.DescribeKeyAsync(Spec(missing), world.Context)).State);
        var blind = await world.As(AzureRights.GraphRead).DescribeKeyAsync(Spec(key.KeyUri), world.Context);
        Assert.Equal(("", ""), (blind.State, blind.Location));

        CmekRegionSpec Spec(string uri) => CmekRegionSpec.Create(key.Region, key.KeyType, uri, key.AuthPrincipal);
    }

    private static Task<IReadOnlyList<CmekRole>> FindAsync(
        AzureWorld world,
        CrdbCluster cluster,
        params string[] principals
    ) =>
        world.Provider.FindRolesAsync(new RoleSearch { Cluster = cluster, AuthPrincipals = principals }, world.Context);
}
