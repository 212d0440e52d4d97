using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Tests.Vault;

/// <summary>Requests and keys that do not fit CMEK are refused before anything is written.</summary>
public sealed class VaultProblemTests
{
    [Fact]
    public async Task A_key_that_is_distributed_elsewhere_is_refused()
    {
        using var world = new VaultWorld("GCP");
        world.Vault.AddKey(
            VaultWorld.KeyName,
            "aes256-gcm96",
            "gcpkms",
            "gcpckms",
            "projects/p/locations/eu/keyRings/other"
        );
        await AssertRefusedAsync(world, "VaultKeyElsewhere");
    }

    [Fact]
    public async Task A_key_of_a_type_that_the_cloud_does_not_support_is_refused()
    {
        using var world = new VaultWorld("AZURE");
        world.Vault.AddKey(VaultWorld.KeyName, "aes256-gcm96");
        await AssertRefusedAsync(world, "VaultKeyTypeRefused");
    }

    [Fact]
    public async Task A_key_whose_latest_version_is_not_in_the_cloud_is_refused()
    {
        using var world = new VaultWorld("AZURE");
        world.Vault.AddKey(VaultWorld.KeyName, "rsa-2048", "e", "azurekeyvault", "KV-prod");
        world.Vault.RotateInVaultOnly(VaultWorld.KeyName);
        await AssertRefusedAsync(world, "VaultVersionMismatch");
    }

    [Fact]
    public async Task An_entry_for_another_key_collection_is_refused()
    {
        using var world = new VaultWorld("AZURE");
        world.Vault.AddEntry(VaultWorld.KeyName, "azurekeyvault", "kv-other");
        await AssertRefusedAsync(world, "VaultEntryDiffers");
    }

    [Fact]
    public async Task A_key_that_was_distributed_for_too_few_purposes_is_refused()
    {
        using var world = new VaultWorld("AZURE");
        world.Vault.AddKey(VaultWorld.KeyName, "rsa-2048", "e", "azurekeyvault", "kv-prod", purpose: "decrypt,encrypt");
        await AssertRefusedAsync(world, "VaultDistributionDiffers");
    }

    [Theory]
    [InlineData("GCP", null, null, "VaultCollectionMissing")]
    [InlineData("GCP", "my-ring", null, "VaultCollectionMalformed")]
    [InlineData("AZURE", null, null, "VaultCollectionMissing")]
    [InlineData("AZURE", "https://kv.example.com", null, "VaultCollectionMalformed")]
    [InlineData("AZURE", "kv-prod", "aes256-gcm96", "VaultKeyTypeRefused")]
    [InlineData("AWS", null, "rsa-2048", "VaultKeyTypeRefused")]
    public async Task Options_that_cannot_work_are_refused_before_a_request_is_sent(
        string cloud,
        string? collection,
        string? type,
        string errorId
    )
    {
        using var world = new VaultWorld(cloud)
        {
            Options = CloudOptions.None.With("VaultKeyCollection", collection).With("VaultKeyType", type),
        };
        var error = await world.EnsureFailsAsync();
        Assert.Equal(errorId, error.ErrorId);
        Assert.DoesNotContain(world.Vault.Requests, r => FakeVault.PathOf(r) != "sys/mounts");
    }

    [Fact]
    public async Task Options_that_Vault_does_not_have_and_a_wrong_principal_are_named_together()
    {
        using var world = new VaultWorld();
        var error = await world.EnsureFailsAsync(r =>
            r with
            {
                Options = r.Options.With("MultiRegion", true),
                RotationPeriodInDays = 365,
                AuthPrincipal = "arn:aws:iam::111122223333:user/u",
            }
        );
        Assert.Equal("KeysUnfit", error.ErrorId);
        Assert.Contains("-MultiRegion", error.Message, StringComparison.Ordinal);
        Assert.Contains("-RotationPeriodInDays", error.Message, StringComparison.Ordinal);
        Assert.Contains("it is not a role", error.Message, StringComparison.Ordinal);
        Assert.Empty(world.Vault.Requests);
    }

    [Fact]
    public async Task Problems_of_all_regions_are_reported_together()
    {
        using var world = new VaultWorld();
        world.Vault.AddKey($"{VaultWorld.KeyName}-us-east-1", "rsa-2048");
        world.Vault.AddEntry($"{VaultWorld.KeyName}-us-west-2", "awskms", "eu-west-1");
        var error = await AssertRefusedAsync(world, "KeysUnfit");
        Assert.Contains("rsa-2048", error.Message, StringComparison.Ordinal);
        Assert.Contains("eu-west-1, not us-west-2", error.Message, StringComparison.Ordinal);
    }

    private static async Task<CmekException> AssertRefusedAsync(VaultWorld world, string errorId)
    {
        var error = await world.EnsureFailsAsync();
        Assert.Equal(errorId, error.ErrorId);
        Assert.Empty(world.Vault.Writes);
        return error;
    }
}
