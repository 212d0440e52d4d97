using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Gcp;
using CockroachCmek.Sandbox;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Gcp;

public sealed class GcpRotationTests
{
    [Fact]
    public async Task A_key_that_regions_share_gets_one_new_primary_version_and_keeps_its_name()
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-eu");
        var keys = await world.KeysAsync(cluster, new GcpKeyOptions { Location = "europe" });
        var specs = await world.Provider.RotateKeysAsync(world.Rotation(cluster, keys), world.Context);
        Assert.Equal(keys.Select(k => k.KeyUri), specs!.Select(s => s.KeyUri));
        Assert.EndsWith(
            "/2",
            (await world.GetAsync(keys[0].KeyUri)).GetProperty("primary").GetProperty("name").GetString(),
            StringComparison.Ordinal
        );
        world.Conforms();
    }

    [Fact]
    public async Task A_version_that_the_cluster_has_not_taken_up_is_used_and_no_other_is_made()
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-us");
        var keys = await world.KeysAsync(cluster);
        var request = world.Rotation(cluster, keys);
        await world.Provider.RotateKeysAsync(request, world.Context);
        var before = world.Now;
        Assert.NotNull(await world.Provider.RotateKeysAsync(request, world.Context));
        Assert.Empty(world.WritesSince(before));
        Assert.Contains(world.Log.VerboseLines, l => l.Contains("is not rotated again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_version_that_a_run_has_made_and_not_promoted_is_promoted()
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-us");
        var keys = await world.KeysAsync(cluster);
        var request = world.Rotation(cluster, keys);
        await world.SendAsync(HttpMethod.Post, $"{keys[0].KeyUri}/cryptoKeyVersions", "{}");
        await world.Provider.RotateKeysAsync(request, world.Context);
        Assert.Equal(
            2,
            (await world.GetAsync($"{keys[0].KeyUri}/cryptoKeyVersions"))
                .GetProperty("cryptoKeyVersions")
                .GetArrayLength()
        );
        Assert.EndsWith(
            "/2",
            (await world.GetAsync(keys[0].KeyUri)).GetProperty("primary").GetProperty("name").GetString(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_dry_run_names_every_key_and_answers_null()
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-eu");
        var keys = await world.KeysAsync(cluster);
        world.Log = new RecordingLog { Answer = false };
        var before = world.Now;
        Assert.Null(await world.Provider.RotateKeysAsync(world.Rotation(cluster, keys), world.Context));
        Assert.Null(await world.Provider.RotateKeysAsync(world.Rotation(cluster, keys, newKey: true), world.Context));
        Assert.Equal(4, world.Log.Questions.Count);
        Assert.Empty(world.WritesSince(before));
    }

    [Fact]
    public async Task A_new_key_has_the_old_one_s_shape_and_everybody_s_grants()
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-us");
        var role = await world.RoleAsync(cluster);
        var made = await world.Provider.EnsureKeysAsync(
            GcpWorld.Request(
                cluster,
                role.AuthPrincipal,
                new GcpKeyOptions
                {
                    ProtectionLevel = CmekProtectionLevel.Hsm,
                    DestroyScheduledDuration = TimeSpan.FromDays(60),
                }
            ) with
            {
                RotationPeriodInDays = 90,
                Tags = new Dictionary<string, string> { ["team"] = "db" },
            },
            world.Context
        );
        await world.BindAsync(
            made[0].KeyUri,
            $$$"""[{"role":"{{{GcpNames.UseRole}}}","members":["serviceAccount:{{{role.AuthPrincipal}}}"]},{"role":"roles/cloudkms.viewer","members":["user:auditor@example.com"],"condition":{"title":"this year","expression":"request.time < timestamp(\"2100-01-01T00:00:00Z\")"}}]"""
        );
        var specs = await world.Provider.RotateKeysAsync(world.Rotation(cluster, made, newKey: true), world.Context);
        var (old, anew) = (await world.GetAsync(made[0].KeyUri), await world.GetAsync(specs!.Single().KeyUri));
        Assert.EndsWith("-r2", specs!.Single().KeyUri, StringComparison.Ordinal);
        foreach (var field in new[] { "purpose", "rotationPeriod", "destroyScheduledDuration" })
            Assert.Equal(old.GetProperty(field).ToString(), anew.GetProperty(field).ToString());
        Assert.Equal("HSM", anew.GetProperty("versionTemplate").GetProperty("protectionLevel").GetString());
        Assert.Equal("db", anew.GetProperty("labels").GetProperty("team").GetString());
        Assert.Equal(await world.PolicyAsync(made[0].KeyUri), await world.PolicyAsync(specs!.Single().KeyUri));
        world.Conforms();
    }

    [Fact]
    public async Task A_new_key_is_found_again_until_it_is_in_force_and_settled_and_then_the_cluster_s_key_is_it()
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-eu");
        var keys = await world.KeysAsync(cluster);
        var request = world.Rotation(cluster, keys, newKey: true);
        var specs = await world.Provider.RotateKeysAsync(request, world.Context);
        var before = world.Now;
        // Interrupted before the cluster took it up: the same keys.
        Assert.Equal(
            specs!.Select(s => s.KeyUri),
            (await world.Provider.RotateKeysAsync(request, world.Context))!.Select(s => s.KeyUri)
        );
        // In force, not settled: that run is only to be finished.
        var inForce = specs!.Select((s, i) => keys[i] with { KeyUri = s.KeyUri }).ToList();
        Assert.Equal(
            specs!.Select(s => s.KeyUri),
            (
                await world.Provider.RotateKeysAsync(world.Rotation(cluster, inForce, newKey: true), world.Context)
            )!.Select(s => s.KeyUri)
        );
        Assert.Empty(world.WritesSince(before));
        await world.Provider.SettleNewKeysAsync(cluster, specs!, world.Context);
        before = world.Now;
        await world.Provider.SettleNewKeysAsync(cluster, specs!, world.Context);
        Assert.Equal(specs!.Select(s => s.KeyUri), (await world.KeysAsync(cluster)).Select(k => k.KeyUri));
        Assert.Empty(world.WritesSince(before));
        // Settled: the next one is another.
        Assert.All(await Next(), s => Assert.EndsWith("-r3", s.KeyUri, StringComparison.Ordinal));
        world.Conforms();

        async Task<IReadOnlyList<CmekRegionSpec>> Next() =>
            (await world.Provider.RotateKeysAsync(world.Rotation(cluster, inForce, newKey: true), world.Context))!;
    }

    [Theory]
    [InlineData(FaultAction.CutBefore)]
    [InlineData(FaultAction.CutAfter)]
    public async Task Every_request_of_making_and_settling_new_keys_may_be_cut_and_one_is_made(FaultAction action)
    {
        for (var skip = 0; skip < 14; skip++)
        {
            await using var world = new GcpWorld();
            var cluster = await world.ClusterAsync("gcp-us");
            var keys = await world.KeysAsync(cluster);
            var request = world.Rotation(cluster, keys, newKey: true);
            world.Server.Faults.Add(
                new FaultRule
                {
                    Service = "gcp",
                    Skip = skip,
                    Count = 1,
                    Action = action,
                }
            );
            var specs = await world.Provider.RotateKeysAsync(request, world.Context);
            await world.Provider.SettleNewKeysAsync(cluster, specs!, world.Context);
            world.Server.Faults.Clear();
            var ring = keys[0].KeyUri[..keys[0].KeyUri.IndexOf("/cryptoKeys/", StringComparison.Ordinal)];
            Assert.Equal(2, (await world.GetAsync($"{ring}/cryptoKeys")).GetProperty("cryptoKeys").GetArrayLength());
            Assert.Equal(
                [(specs![0].KeyUri, CmekOutcome.Existing)],
                (await world.KeysAsync(cluster)).Select(k => (k.KeyUri, k.Outcome))
            );
        }
    }

    [Fact]
    public async Task A_key_for_signing_cannot_be_rotated_and_says_so_before_anything_is_written()
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-us");
        var keys = await world.KeysAsync(cluster);
        var ring = keys[0].KeyUri[..keys[0].KeyUri.IndexOf("/cryptoKeys/", StringComparison.Ordinal)];
        await world.SendAsync(
            HttpMethod.Post,
            $"{ring}/cryptoKeys?cryptoKeyId=signer",
            """{"purpose":"ASYMMETRIC_SIGN","versionTemplate":{"algorithm":"RSA_SIGN_PSS_2048_SHA256"}}"""
        );
        var fault = await Assert.ThrowsAsync<CmekException>(() =>
            world.Provider.RotateKeysAsync(
                world.Rotation(cluster, [keys[0] with { KeyUri = $"{ring}/cryptoKeys/signer" }]),
                world.Context
            )
        );
        Assert.Equal("KeyNotSymmetric", fault.ErrorId);
    }

    [Fact]
    public async Task A_region_that_joins_shares_a_shared_key_and_gets_one_of_the_same_shape_otherwise()
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-eu");
        var shared = await world.KeysAsync(cluster, new GcpKeyOptions { Location = "europe" });
        var request = new KeyRequest
        {
            Cluster = cluster,
            AuthPrincipal = shared[0].AuthPrincipal,
            Regions = ["europe-north1"],
        };
        Assert.Equal((shared[0].KeyUri, CmekOutcome.Existing), await JoinAsync(GcpWorld.Spec(shared[0])));
        var own = await world.KeysAsync(
            cluster,
            new GcpKeyOptions { ProtectionLevel = CmekProtectionLevel.Hsm, KeyRing = "databases" }
        );
        var (uri, outcome) = await JoinAsync(GcpWorld.Spec(own[0]));
        Assert.Equal(
            (own[0].KeyUri.Replace("europe-west1", "europe-north1", StringComparison.Ordinal), CmekOutcome.Created),
            (uri, outcome)
        );
        Assert.Equal(
            "HSM",
            (await world.GetAsync(uri)).GetProperty("versionTemplate").GetProperty("protectionLevel").GetString()
        );

        async Task<(string, CmekOutcome)> JoinAsync(CmekRegionSpec like) =>
            (await world.Provider.EnsureKeysAsync(request with { Like = like }, world.Context)).Single() is var key
                ? (key.KeyUri, key.Outcome)
                : default;
    }
}
