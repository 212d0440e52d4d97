using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Tests.Azure;

/// <summary>Keys that exist already.</summary>
public sealed class AzureImportTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_existing_key_is_imported_once_it_is_granted(bool withVersion)
    {
        await using var world = new AzureWorld();
        var cluster = await world.ClusterWithRoleAsync();
        var created = await world.KeyAsync("POST", "keys/theirs/create", """{"kty":"RSA","key_size":2048}""");
        var kid = (string)created["key"]!["kid"]!;
        var uri = withVersion ? kid : $"{world.KeyVault}/keys/theirs";
        var error = await Assert.ThrowsAsync<CmekException>(() => world.KeysAsync(cluster, r => r.Importing(uri)));
        Assert.Equal("KeyNotGranted", error.ErrorId);

        var imported = await world.KeysAsync(cluster, r => r.Importing(uri, grant: true));
        Assert.All(imported, k => Assert.Equal((kid, CmekOutcome.Updated), (k.KeyUri, k.Outcome)));
        Assert.All(await world.KeysAsync(cluster, r => r.Importing(uri)), k =>
            Assert.Equal(CmekOutcome.Existing, k.Outcome)
        );
        Assert.Equal("ENABLED", (await world.EnableAsync(cluster, imported)).Status);
    }

    [Fact]
    public async Task A_region_that_joins_uses_the_key_in_force()
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync("azure-in");
        var inForce = info.Specs().Single(s => s.Region == "centralindia");
        var grown = cluster with { Regions = [.. cluster.Regions, new CrdbRegion { Name = "southindia" }] };
        var before = world.Exchanges.Count;
        var keys = await world.KeysAsync(grown, r =>
            r with
            {
                Regions = ["southindia"],
                Like = inForce,
                Options = CloudOptions.None,
            }
        );
        Assert.Equal((inForce.KeyUri, CmekOutcome.Existing), (keys[0].KeyUri, keys[0].Outcome));
        Assert.Empty(world.WritesSince(before));
    }

    [Theory]
    [InlineData("""{"kty":"EC","crv":"P-256"}""", "KeyNotRsa")]
    [InlineData("""{"kty":"RSA","key_size":2048,"attributes":{"enabled":false}}""", "KeyDisabled")]
    [InlineData("""{"kty":"RSA","key_size":2048,"attributes":{"enabled":true,"exp":1600000000}}""", "KeyExpired")]
    [InlineData("""{"kty":"RSA","key_size":2048,"attributes":{"enabled":true,"nbf":4000000000}}""", "KeyNotEnabled")]
    [InlineData("""{"kty":"RSA","key_size":2048,"key_ops":["sign","verify"]}""", "KeyOperationsMissing")]
    public async Task A_key_that_does_not_suit_CMEK_is_refused(string key, string errorId)
    {
        await using var world = new AzureWorld();
        var cluster = await world.ClusterWithRoleAsync();
        await world.KeyAsync("POST", "keys/theirs/create", key);
        await world.RefusesAsync(errorId, () =>
            world.KeysAsync(cluster, r => r.Importing($"{world.KeyVault}/keys/theirs", grant: true))
        );
    }

    [Theory]
    [InlineData("https://cmek-sandbox.vault.azure.net/secrets/x", "KeyUriMalformed")]
    [InlineData("https://cmek-sandbox.vault.azure.net.example.com/keys/x", "KeyUriMalformed")]
    [InlineData("https://cmek.managedhsm.azure.net/keys/x", "ManagedHsmNotSupported")]
    [InlineData("https://cmek-sandbox.vault.azure.net/keys/nobodys", "KeyNotFound")]
    public async Task A_URI_that_does_not_lead_to_a_key_is_refused(string uri, string errorId)
    {
        await using var world = new AzureWorld();
        var cluster = await world.ClusterWithRoleAsync();
        await world.RefusesAsync(errorId, () => world.KeysAsync(cluster, r => r.Importing(uri, grant: true)));
    }
}
