using CockroachCmek.Core.Cmek;

namespace CockroachCmek.Core.Tests.Azure;

/// <summary>A key that its owner brought to Key Vault, which does not report that: a tag tells it.</summary>
public sealed class AzureOriginTests
{
    [Fact]
    public async Task A_key_that_is_marked_as_imported_is_rotated_only_with_a_version_of_its_owner()
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync("azure-in");
        var used = info.Regions[0].Keys[0].KeyUri;
        const string mark = """{"tags":{"crdb:origin":"imported"}}""";
        await world.KeyAsync("PATCH", AzureRequests.PathOf(used), mark);
        Assert.Equal(
            CmekKeyOrigin.Imported,
            (await world.Provider.ReadOriginAsync(info.InForce()[0], world.Context)).Kind
        );
        var request = AzureRequests.Rotation(cluster, info, newKey: false);

        var before = world.Exchanges.Count;
        await world.RefusesAsync("OriginWouldChange", () => world.Provider.RotateKeysAsync(request, world.Context));
        Assert.Empty(world.WritesSince(before));

        var name = AzureRequests.NameOf(used);
        var own = await world.KeyAsync(
            "POST",
            $"keys/{name}/create",
            """{"kty":"RSA","key_size":3072,"tags":{"crdb:origin":"imported"}}"""
        );
        before = world.Exchanges.Count;
        var rotated = await world.Provider.RotateKeysAsync(request, world.Context);
        Assert.Equal((string)own["key"]!["kid"]!, Assert.Single(rotated!).KeyUri);
        Assert.Empty(world.WritesSince(before));
    }
}
