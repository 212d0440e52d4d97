using static CockroachCmek.Core.Tests.Sandbox.AzureTestBed;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Soft deletion, recovery and purge of keys.</summary>
public sealed class AzureKeyVaultDeletionTests : IAsyncDisposable
{
    private readonly AzureTestBed _azure = new();

    public ValueTask DisposeAsync() => _azure.DisposeAsync();

    [Fact]
    public async Task The_name_of_a_deleted_key_stays_taken_until_the_key_is_recovered()
    {
        var (keyUrl, deletedUrl) = ($"{_azure.KeyVault}/keys/cmek", $"{_azure.KeyVault}/deletedkeys/cmek");
        async Task<string> CreateAsync() =>
            (await _azure.SendAsync("POST", $"{keyUrl}/create{ApiVersion}", """{"kty":"EC"}""")).Refusal;
        var kid = await _azure.CreateKeyAsync("cmek");
        var deleted = await _azure.SendAsync("DELETE", keyUrl + ApiVersion);
        Assert.Equal(deletedUrl, deleted.Text("recoveryId"));
        Assert.Equal("404 KeyNotFound", (await _azure.SendAsync("GET", deletedUrl + ApiVersion)).Refusal);
        Assert.Equal("409 ObjectIsBeingDeleted", await CreateAsync());
        _azure.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal("404 KeyNotFound", (await _azure.SendAsync("GET", deletedUrl + ApiVersion)).Refusal);
        Assert.Equal("409 ObjectIsBeingDeleted", (await _azure.SendAsync("DELETE", deletedUrl + ApiVersion)).Refusal);

        _azure.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(kid, (await _azure.SendAsync("GET", deletedUrl + ApiVersion)).Text("key", "kid"));
        Assert.Single((await _azure.SendAsync("GET", $"{_azure.KeyVault}/deletedkeys{ApiVersion}")).Items);
        Assert.Equal("404 KeyNotFound", (await _azure.SendAsync("GET", kid + ApiVersion)).Refusal);
        Assert.Equal("409 ObjectIsDeletedButRecoverable", await CreateAsync());
        Assert.Equal("403 Forbidden", (await _azure.SendAsync("DELETE", deletedUrl + ApiVersion)).Refusal);

        await _azure.SendAsync("POST", $"{deletedUrl}/recover{ApiVersion}");
        Assert.Equal("404 KeyNotFound", (await _azure.SendAsync("GET", $"{keyUrl}/{ApiVersion}")).Refusal);
        _azure.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(kid, (await _azure.SendAsync("GET", $"{keyUrl}/{ApiVersion}")).Text("key", "kid"));
        _azure.AssertConforms();
    }

    [Fact]
    public async Task Without_purge_protection_a_deleted_key_can_be_purged()
    {
        var keyVault = $"https://{_azure.Sandbox.PolicyVaultName}.vault.azure.net";
        await _azure.CreateKeyAsync("gone", _azure.Sandbox.PolicyVaultName, """{"kty":"EC"}""");
        await _azure.SendAsync("DELETE", $"{keyVault}/keys/gone{ApiVersion}");
        _azure.Advance(TimeSpan.FromSeconds(40));
        Assert.Equal(204, (await _azure.SendAsync("DELETE", $"{keyVault}/deletedkeys/gone{ApiVersion}")).Status);
        Assert.Equal(
            "404 KeyNotFound",
            (await _azure.SendAsync("GET", $"{keyVault}/deletedkeys/gone{ApiVersion}")).Refusal
        );
    }
}
