using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Tests.Gcp;

/// <summary>Wrong input around keys: an error id of its own, the next command, and nothing written.</summary>
public sealed class GcpKeyRefusalTests
{
    [Fact]
    public async Task A_project_without_the_API_gets_the_command_that_enables_it()
    {
        await using var world = await GcpWorld.StartAsync();

        var error = await RefusesKeysAsync(world, "GcpApiDisabled", GcpWorld.Options(project: "no-kms-project"));

        // Google names the project by its number.
        Assert.Matches(@"^gcloud services enable cloudkms\.googleapis\.com --project \d+", error.RecommendedAction);
    }

    [Theory]
    [InlineData("mars-central1", null, "LocationUnknown")]
    [InlineData("europe", "projects/sandbox-customer/locations/us/keyRings/mine", "KeyRingElsewhere")]
    [InlineData(null, "my.ring", "NameMalformed")]
    public async Task A_wrong_location_or_key_ring_is_refused(string? location, string? ring, string errorId)
    {
        await using var world = await GcpWorld.StartAsync();

        await RefusesKeysAsync(world, errorId, GcpWorld.Options(location: location, keyRing: ring));
    }

    [Fact]
    public async Task Labels_that_Google_Cloud_does_not_allow_are_named()
    {
        await using var world = await GcpWorld.StartAsync();
        var tags = new Dictionary<string, string> { ["Team"] = "DB" };

        var error = await RefusesKeysAsync(world, "LabelMalformed", change: r => r with { Tags = tags });

        Assert.Contains("Team=DB", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        """{"purpose":"ASYMMETRIC_DECRYPT","versionTemplate":{"algorithm":"RSA_DECRYPT_OAEP_2048_SHA256"}}""",
        null,
        "KeyNotSymmetric"
    )]
    [InlineData(
        """{"purpose":"RAW_ENCRYPT_DECRYPT","versionTemplate":{"algorithm":"AES_256_GCM","protectionLevel":"HSM"}}""",
        null,
        "KeyNotSymmetric"
    )]
    [InlineData("""{"purpose":"ENCRYPT_DECRYPT"}""", "DISABLED", "KeyDisabled")]
    [InlineData("""{"purpose":"ENCRYPT_DECRYPT"}""", "DESTROY_SCHEDULED", "KeyPendingDeletion")]
    [InlineData("""{"purpose":"ENCRYPT_DECRYPT"}""", null, "KeyNotGranted")]
    public async Task An_existing_key_that_is_unfit_for_CMEK_is_not_imported(string key, string? state, string errorId)
    {
        await using var world = await GcpWorld.StartAsync();
        var uri = await world.Administrator.CreateKeyAsync(key: key);
        if (state == "DISABLED")
            await world.Administrator.DisableVersionAsync(uri);
        if (state == "DESTROY_SCHEDULED")
            await world.Administrator.DestroyVersionAsync(uri);

        await RefusesKeysAsync(world, errorId, change: r =>
            r with
            {
                KeyUris = [uri],
                Grant = errorId != "KeyNotGranted",
            }
        );
    }

    [Fact]
    public async Task A_key_of_another_cluster_under_the_same_name_is_left_alone()
    {
        await using var world = await GcpWorld.StartAsync();
        var other = await world.FindClusterAsync("gcp-eu");
        var options = GcpWorld.Options(location: "global");
        await CreateSharedNameAsync(world, options);
        var principal = (await world.EnsureRoleAsync(other)).AuthPrincipal;

        await world.RefusesAsync("KeyNameTaken", () =>
            world.Provider.EnsureKeysAsync(
                world.KeyRequest(principal, options, other) with
                {
                    Name = "shared",
                },
                world.Context
            )
        );
    }

    [Fact]
    public async Task An_existing_key_with_another_protection_level_is_refused()
    {
        await using var world = await GcpWorld.StartAsync();
        await CreateSharedNameAsync(world, GcpWorld.Options(location: "global"));

        await RefusesKeysAsync(
            world,
            "KeyDiffers",
            GcpWorld.Options(location: "global", protectionLevel: CmekProtectionLevel.Hsm),
            r => r with { Name = "shared" }
        );
    }

    [Fact]
    public async Task The_name_of_a_deleted_key_cannot_be_used_again()
    {
        await using var world = await GcpWorld.StartAsync();
        var uri = (await world.EnsureKeysAsync())[0].KeyUri;
        await world.Administrator.DestroyVersionAsync(uri);
        world.Server.Clock.Advance(TimeSpan.FromDays(31));
        await world.Administrator.SendAsync(HttpMethod.Delete, $"{uri}/cryptoKeyVersions/1");
        await world.Administrator.SendAsync(HttpMethod.Delete, uri);

        var error = await Assert.ThrowsAsync<CmekException>(() => world.EnsureKeysAsync());

        Assert.Equal("KeyNameRetired", error.ErrorId);
    }

    [Fact]
    public async Task One_error_names_the_problem_of_every_region()
    {
        await using var world = await GcpWorld.StartAsync("gcp-eu");
        var keys = await world.EnsureKeysAsync();
        foreach (var key in keys)
            await world.Administrator.DisableVersionAsync(key.KeyUri);

        var error = await Assert.ThrowsAsync<CmekException>(() => world.EnsureKeysAsync());

        Assert.Equal("KeyDisabled", error.ErrorId);
        Assert.All(keys, k => Assert.Contains(k.KeyUri, error.Message, StringComparison.Ordinal));
    }

    private static async Task CreateSharedNameAsync(GcpWorld world, CloudOptions options)
    {
        var principal = (await world.EnsureRoleAsync()).AuthPrincipal;
        await world.Provider.EnsureKeysAsync(
            world.KeyRequest(principal, options) with
            {
                Name = "shared",
            },
            world.Context
        );
    }

    private static async Task<CmekException> RefusesKeysAsync(
        GcpWorld world,
        string errorId,
        CloudOptions? options = null,
        Func<KeyRequest, KeyRequest>? change = null
    )
    {
        var request = world.KeyRequest((await world.EnsureRoleAsync()).AuthPrincipal, options);
        return await world.RefusesAsync(errorId, () =>
            world.Provider.EnsureKeysAsync(change is null ? request : change(request), world.Context)
        );
    }
}
