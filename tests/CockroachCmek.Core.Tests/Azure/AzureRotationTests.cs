using CockroachCmek.Core.Clouds;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Manifest;

namespace CockroachCmek.Core.Tests.Azure;

/// <summary>New versions of keys, and new keys in their place.</summary>
public sealed class AzureRotationTests
{
    [Fact]
    public async Task A_new_version_has_a_new_URI_and_the_old_one_stays_enabled()
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync();
        var specs = await RotateAsync(world, cluster, info);
        Assert.Equal(info.Regions.Select(r => r.Region), specs.Select(s => s.Region));
        var (old, rotated) = (info.Regions[0].Keys[0].KeyUri, Assert.Single(specs.Select(s => s.KeyUri).Distinct()));
        Assert.NotEqual(old, rotated);
        Assert.Equal(AzureRequests.NameOf(old), AzureRequests.NameOf(rotated));
        var oldKey = await world.KeyAsync("GET", AzureRequests.PathOf(old));
        Assert.True((bool)oldKey["attributes"]!["enabled"]!);
        Assert.Equal(rotated, (await RewrapAsync(world, cluster, specs)).Regions[0].Keys[0].KeyUri);
    }

    [Fact]
    public async Task A_version_that_the_cluster_does_not_use_yet_is_used_and_no_other_is_created()
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync();
        var first = await RotateAsync(world, cluster, info);
        var before = world.Exchanges.Count;
        var second = await RotateAsync(world, cluster, info);
        Assert.Equal(first, second);
        Assert.Empty(world.WritesSince(before));
        Assert.Contains(world.Log.VerboseLines, l => l.Contains("is not rotated again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task After_a_rotation_the_pipeline_finds_the_version_in_force()
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync();
        var specs = await RotateAsync(world, cluster, info);
        await RewrapAsync(world, cluster, specs);
        var before = world.Exchanges.Count;
        Assert.All(await world.KeysAsync(cluster), k =>
            Assert.Equal((specs[0].KeyUri, CmekOutcome.Existing), (k.KeyUri, k.Outcome))
        );
        Assert.Empty(world.WritesSince(before));
    }

    [Fact]
    public async Task A_newer_version_that_is_disabled_is_not_used()
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync("azure-in");
        var unusable = (await RotateAsync(world, cluster, info))[0].KeyUri;
        await world.KeyAsync("PATCH", AzureRequests.PathOf(unusable), """{"attributes":{"enabled":false}}""");
        Assert.NotEqual(unusable, (await RotateAsync(world, cluster, info))[0].KeyUri);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_dry_run_asks_for_every_key_and_creates_nothing(bool newKey)
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync();
        world.StartLog(answer: false);
        var before = world.Exchanges.Count;
        var request = AzureRequests.Rotation(cluster, info, newKey);
        Assert.Null(await world.Provider.RotateKeysAsync(request, world.Context));
        Assert.Single(world.Log.Questions);
        Assert.Empty(world.WritesSince(before));
    }

    [Fact]
    public async Task A_new_key_has_the_old_ones_shape_and_grants()
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync("azure-in", r =>
            r.With("KeySize", 2048) with
            {
                RotationPeriodInDays = 200,
                Tags = new Dictionary<string, string> { ["team"] = "db" },
            }
        );
        var specs = await RotateAsync(world, cluster, info, newKey: true);
        var name = AzureRequests.NameOf(specs[0].KeyUri);
        var key = await world.KeyAsync("GET", AzureRequests.PathOf(specs[0].KeyUri));
        Assert.EndsWith("-r2", name, StringComparison.Ordinal);
        Assert.Equal(("RSA", "db"), ((string)key["key"]!["kty"]!, (string)key["tags"]!["team"]!));
        Assert.Equal(342, ((string)key["key"]!["n"]!).TrimEnd('=').Length); // 2048 bits
        var policy = await world.KeyAsync("GET", $"keys/{name}/rotationpolicy");
        Assert.Contains("P200D", policy.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(specs[0].KeyUri, (await RewrapAsync(world, cluster, specs)).Regions[0].Keys[0].KeyUri);
        await world.Provider.SettleNewKeysAsync(cluster, specs, world.Context);
        world.Conforms();
    }

    [Fact]
    public async Task An_interrupted_replacement_creates_no_third_key()
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync();
        var specs = await RotateAsync(world, cluster, info, newKey: true);
        Assert.Equal(specs, await RotateAsync(world, cluster, info, newKey: true));

        // The new key is in force, but its name is not settled: the next run only completes the replacement.
        var after = await RewrapAsync(world, cluster, specs);
        var before = world.Exchanges.Count;
        Assert.Equal(specs, await RotateAsync(world, cluster, after, newKey: true));
        Assert.Empty(world.WritesSince(before));
    }

    [Fact]
    public async Task A_completed_replacement_leads_the_clusters_name_to_the_key_in_force()
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync();
        var second = await ReplaceAsync(world, cluster, info);
        Assert.All(await world.KeysAsync(cluster), k =>
            Assert.Equal((second.Regions[0].Keys[0].KeyUri, CmekOutcome.Existing), (k.KeyUri, k.Outcome))
        );
        var before = world.Exchanges.Count;
        await world.Provider.SettleNewKeysAsync(cluster, InForce(second), world.Context);
        Assert.Empty(world.WritesSince(before));

        var third = await ReplaceAsync(world, cluster, second);
        Assert.NotEqual(second.Regions[0].Keys[0].KeyUri, third.Regions[0].Keys[0].KeyUri);
        Assert.All(await world.KeysAsync(cluster), k => Assert.Equal(third.Regions[0].Keys[0].KeyUri, k.KeyUri));
    }

    [Fact]
    public async Task An_imported_key_that_is_replaced_gets_the_clusters_own_name()
    {
        await using var world = new AzureWorld();
        await world.KeyAsync("POST", "keys/theirs/create", """{"kty":"RSA","key_size":2048}""");
        var (cluster, info) = await world.EnabledAsync("azure-in", r =>
            r.Importing($"{world.KeyVault}/keys/theirs", grant: true)
        );
        var replaced = await ReplaceAsync(world, cluster, info);
        var found = (await world.KeysAsync(cluster))[0];
        Assert.Equal((replaced.Regions[0].Keys[0].KeyUri, CmekOutcome.Existing), (found.KeyUri, found.Outcome));
        Assert.Null((await world.KeyAsync("GET", "keys/theirs"))["tags"]?["crdb:replaced-by"]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // What an earlier release left behind: the tag was taken off the newest version only.
    public async Task A_replacement_whose_newest_version_lost_is_completed_and_the_next_run_rotates(bool leftover)
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync();
        var won = await RotateAsync(world, cluster, info, newKey: true);
        var path = AzureRequests.PathOf(won[0].KeyUri);
        var tags = (await world.KeyAsync("GET", path))["tags"]!.ToJsonString();
        var name = AzureRequests.NameOf(won[0].KeyUri);
        var created = await world.KeyAsync("POST", $"keys/{name}/create", $$"""{"kty":"RSA","tags":{{tags}}}""");
        var lost = AzureRequests.PathOf((string)created["key"]!["kid"]!);
        await world.KeyAsync("PATCH", lost, """{"attributes":{"enabled":false}}""");
        await RewrapAsync(world, cluster, won);
        await world.Provider.SettleNewKeysAsync(cluster, won, world.Context);
        if (leftover)
        {
            await world.KeyAsync("PATCH", path, $$"""{"tags":{{tags}}}""");
            Assert.Equal(won.Select(s => s.KeyUri).Distinct(), await RunAsync(world, cluster));
        }

        foreach (var version in new[] { path, lost })
            Assert.Null((await world.KeyAsync("GET", version))["tags"]!["crdb:replaces"]);
        Assert.EndsWith("-r3", AzureRequests.NameOf(Assert.Single(await RunAsync(world, cluster))));
        Assert.EndsWith("-r4", AzureRequests.NameOf(Assert.Single(await RunAsync(world, cluster))));
    }

    /// <summary>A run of Invoke-CrdbCmekRotation -NewKey -Wait, and the keys in force after it.</summary>
    private static async Task<IEnumerable<string>> RunAsync(AzureWorld world, CrdbCluster cluster)
    {
        var after = await new CmekRotation(
            world.Client,
            world.Lifecycle,
            new ManifestCheck(CustomerClouds.All)
        ).RotateAsync(
            cluster,
            world.Provider,
            new RotationOptions
            {
                NewKey = true,
                Wait = new WaitOptions { Expected = CmekStatus.Enabled },
            },
            world.Context
        );
        return after.InForce().Select(k => k.KeyUri).Distinct();
    }

    private static async Task<IReadOnlyList<CmekRegionSpec>> RotateAsync(
        AzureWorld world,
        CrdbCluster cluster,
        CmekInfo info,
        bool newKey = false
    ) => (await world.Provider.RotateKeysAsync(AzureRequests.Rotation(cluster, info, newKey), world.Context))!;

    /// <summary>The cluster switches to keys.</summary>
    private static async Task<CmekInfo> RewrapAsync(
        AzureWorld world,
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionSpec> specs
    )
    {
        await world.Client.UpdateCmekAsync(cluster, specs, world.Context);
        return await world.WaitAsync(cluster, CmekStatus.Enabled);
    }

    /// <summary>A whole replacement: a new key, in force, and the names settled.</summary>
    private static async Task<CmekInfo> ReplaceAsync(AzureWorld world, CrdbCluster cluster, CmekInfo info)
    {
        var specs = await RotateAsync(world, cluster, info, newKey: true);
        var after = await RewrapAsync(world, cluster, specs);
        await world.Provider.SettleNewKeysAsync(cluster, specs, world.Context);
        return after;
    }

    private static IReadOnlyList<CmekRegionSpec> InForce(CmekInfo info) =>
        [.. info.Specs().GroupBy(s => s.Region).Select(g => g.First())];
}
