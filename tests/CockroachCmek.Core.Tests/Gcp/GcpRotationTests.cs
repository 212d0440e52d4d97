using CockroachCmek.Core.Keys;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Gcp;

/// <summary>Rotation to new versions of the same keys.</summary>
public sealed class GcpRotationTests
{
    [Fact]
    public async Task A_key_that_regions_share_gets_one_new_primary_version_under_the_same_name()
    {
        await using var world = await GcpWorld.StartAsync("gcp-eu");
        var keys = await world.EnsureKeysAsync(GcpWorld.Options(location: "europe"));

        var specs = await world.Provider.RotateKeysAsync(world.RotationRequest(keys), world.Context);

        Assert.Equal(keys.Select(k => k.KeyUri), specs!.Select(s => s.KeyUri));
        Assert.Equal("2", await world.Administrator.PrimaryAsync(keys[0].KeyUri));
        world.ConformsToSpecification();
    }

    [Fact]
    public async Task A_new_version_that_the_cluster_does_not_use_yet_is_not_followed_by_another()
    {
        await using var world = await GcpWorld.StartAsync();
        var request = world.RotationRequest(await world.EnsureKeysAsync());
        await world.Provider.RotateKeysAsync(request, world.Context);
        var before = world.LastRequest;

        Assert.NotNull(await world.Provider.RotateKeysAsync(request, world.Context));

        Assert.Empty(world.WritesSince(before));
        Assert.Contains(world.Log.VerboseLines, l => l.Contains("is not rotated again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_dry_run_after_a_recent_rotation_names_the_wait_and_does_not_wait()
    {
        await using var world = await GcpWorld.StartAsync();
        var request = world.RotationRequest(await world.EnsureKeysAsync());
        await world.Provider.RotateKeysAsync(request, world.Context);
        world.Log = new RecordingLog { Answer = false };

        Assert.Null(await world.Provider.RotateKeysAsync(request, world.Context));

        Assert.Contains(
            "Wait a minute, until version 2",
            Assert.Single(world.Log.Questions).Action,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(world.Log.VerboseLines, l => l.StartsWith("Waiting a minute", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_version_that_an_interrupted_run_created_is_made_primary()
    {
        await using var world = await GcpWorld.StartAsync();
        var key = (await world.EnsureKeysAsync())[0];
        var request = world.RotationRequest([key]);
        await world.Administrator.CreateVersionAsync(key.KeyUri);

        await world.Provider.RotateKeysAsync(request, world.Context);

        Assert.Equal(2, (await world.Administrator.VersionStatesAsync(key.KeyUri)).Count);
        Assert.Equal("2", await world.Administrator.PrimaryAsync(key.KeyUri));
    }

    [Fact]
    public async Task Declined_questions_name_every_key_and_nothing_is_written()
    {
        await using var world = await GcpWorld.StartAsync("gcp-eu");
        var keys = await world.EnsureKeysAsync();
        world.Log = new RecordingLog { Answer = false };
        var before = world.LastRequest;

        Assert.Null(await world.Provider.RotateKeysAsync(world.RotationRequest(keys), world.Context));
        Assert.Null(await world.Provider.RotateKeysAsync(world.RotationRequest(keys, newKey: true), world.Context));

        Assert.Equal(4, world.Log.Questions.Count);
        Assert.Empty(world.WritesSince(before));
    }

    [Fact]
    public async Task A_key_for_signing_cannot_be_rotated()
    {
        await using var world = await GcpWorld.StartAsync();
        var key = (await world.EnsureKeysAsync())[0];
        var signer = await world.Administrator.CreateKeyAsync(
            key: """{"purpose":"ASYMMETRIC_SIGN","versionTemplate":{"algorithm":"RSA_SIGN_PSS_2048_SHA256"}}"""
        );

        await world.RefusesAsync("KeyNotSymmetric", () =>
            world.Provider.RotateKeysAsync(world.RotationRequest([key with { KeyUri = signer }]), world.Context)
        );
    }

    [Fact]
    public async Task A_region_that_joins_shares_a_shared_key()
    {
        await using var world = await GcpWorld.StartAsync("gcp-eu");
        var shared = (await world.EnsureKeysAsync(GcpWorld.Options(location: "europe")))[0];

        var key = await JoinAsync(world, shared);

        Assert.Equal((shared.KeyUri, CmekOutcome.Existing), (key.KeyUri, key.Outcome));
    }

    [Fact]
    public async Task A_region_that_joins_gets_a_key_of_the_same_shape_where_each_region_has_its_own()
    {
        await using var world = await GcpWorld.StartAsync("gcp-eu");
        var own = (
            await world.EnsureKeysAsync(
                GcpWorld.Options(protectionLevel: CmekProtectionLevel.Hsm, keyRing: "databases")
            )
        )[0];

        var key = await JoinAsync(world, own);
        var template = (await world.Administrator.GetAsync(key.KeyUri)).GetProperty("versionTemplate");

        Assert.Equal(own.KeyUri.Replace("europe-west1", "europe-north1", StringComparison.Ordinal), key.KeyUri);
        Assert.Equal(CmekOutcome.Created, key.Outcome);
        Assert.Equal("HSM", template.GetProperty("protectionLevel").GetString());
    }

    private static async Task<CmekKey> JoinAsync(GcpWorld world, CmekKey like)
    {
        var request = new KeyRequest
        {
            Cluster = world.Cluster,
            AuthPrincipal = like.AuthPrincipal,
            Regions = ["europe-north1"],
            Like = GcpWorld.Spec(like),
        };
        return Assert.Single(await world.Provider.EnsureKeysAsync(request, world.Context));
    }
}
