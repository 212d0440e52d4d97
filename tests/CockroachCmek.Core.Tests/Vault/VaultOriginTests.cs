using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Tests.Vault;

/// <summary>A key that Vault distributed is known in its cloud, and rotated in Vault without being told.</summary>
public sealed class VaultOriginTests
{
    [Theory]
    [InlineData("AWS", false)]
    [InlineData("AWS", true)]
    [InlineData("GCP", false)]
    [InlineData("AZURE", true)]
    public async Task A_key_of_Vault_is_marked_and_rotated_in_Vault_by_itself(string cloud, bool newKey)
    {
        using var world = new VaultWorld(cloud);
        var keys = await world.EnsureAsync();
        Assert.All(keys, k => Assert.Equal(CmekKeyOrigin.HashiCorpVault, k.Origin));
        Assert.Equal(keys.Select(k => k.KeyUri).ToHashSet(), world.Cloud.Marks.ToHashSet());

        var after = await Keeper(world).RotateKeysAsync(Rotation(world, keys, newKey), world.Context);
        Assert.Equal(keys.Count, after!.Count);
        Assert.All(after, s => Assert.Contains(s.KeyUri, world.Cloud.Marks));
        Assert.True(newKey == world.Vault.Writes.All(w => !w.EndsWith("/rotate", StringComparison.Ordinal)));

        await Keeper(world).SettleNewKeysAsync(world.Cluster, after, world.Context);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Without_a_Vault_nothing_is_rotated_and_the_error_names_the_connection(bool newKey)
    {
        using var world = new VaultWorld();
        var keys = await world.EnsureAsync();
        var writes = world.Vault.Writes.Count();
        var keeper = new OriginKeeper(world.Cloud, () => null);
        var error = await Assert.ThrowsAsync<CmekException>(() =>
            keeper.RotateKeysAsync(Rotation(world, keys, newKey), world.Context)
        );
        Assert.Equal("VaultNotConnected", error.ErrorId);
        Assert.StartsWith("Connect-CrdbCloud -VaultAddress", error.RecommendedAction, StringComparison.Ordinal);
        Assert.Equal(writes, world.Vault.Writes.Count());
    }

    [Fact]
    public async Task A_key_that_is_marked_for_another_cluster_is_not_shared_by_its_name_alone()
    {
        using var world = new VaultWorld();
        await world.EnsureAsync(r => r with { Name = "shared" });
        world.Cloud.MarkOwner = "another-cluster";
        world.Cloud.Grants.Clear();
        var error = await world.EnsureFailsAsync(r => r with { Name = "shared" });
        Assert.Contains("another-cluster", error.Message, StringComparison.Ordinal);
        Assert.Empty(world.Cloud.Grants);

        // An earlier run of this cluster is completed.
        world.Cloud.MarkOwner = world.Cluster.Id;
        Assert.Equal(2, (await world.EnsureAsync(r => r with { Name = "shared" })).Count);
        Assert.Equal(2, world.Cloud.Grants.Count);
    }

    private static OriginKeeper Keeper(VaultWorld world) => new(world.Cloud, () => world.Provider);

    private static RotationRequest Rotation(VaultWorld world, IReadOnlyList<CmekKey> keys, bool newKey) =>
        new()
        {
            Cluster = world.Cluster,
            NewKey = newKey,
            Regions =
            [
                .. keys.Select(k => new CmekRegionInfo
                {
                    Region = k.Region,
                    Keys =
                    [
                        new CmekKeyInfo
                        {
                            KeyType = k.KeyType,
                            KeyUri = k.KeyUri,
                            AuthPrincipal = k.AuthPrincipal,
                            CreatedAt = DateTimeOffset.UtcNow.AddYears(1),
                        },
                    ],
                }),
            ],
        };
}
