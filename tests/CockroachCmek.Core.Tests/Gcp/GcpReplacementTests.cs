using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Gcp;
using CockroachCmek.Sandbox;
using static CockroachCmek.Core.Tests.Gcp.GcpAdministrator;

namespace CockroachCmek.Core.Tests.Gcp;

/// <summary>Rotation to new keys.</summary>
public sealed class GcpReplacementTests
{
    [Fact]
    public async Task A_new_key_has_the_shape_and_the_bindings_of_the_old_one()
    {
        await using var world = await GcpWorld.StartAsync();
        var old = await CreateSpecialKeyAsync(world);

        var specs = await world.Provider.RotateKeysAsync(world.RotationRequest([old], newKey: true), world.Context);
        var uri = Assert.Single(specs!).KeyUri;

        var (before, after) = (await world.Administrator.GetAsync(old.KeyUri), await world.Administrator.GetAsync(uri));
        Assert.EndsWith("-r2", uri, StringComparison.Ordinal);
        foreach (var field in new[] { "purpose", "rotationPeriod", "destroyScheduledDuration" })
            Assert.Equal(before.GetProperty(field).ToString(), after.GetProperty(field).ToString());
        Assert.Equal("HSM", after.GetProperty("versionTemplate").GetProperty("protectionLevel").GetString());
        Assert.Equal("db", after.GetProperty("labels").GetProperty("team").GetString());
        Assert.Equal(await world.Administrator.BindingsAsync(old.KeyUri), await world.Administrator.BindingsAsync(uri));
        world.ConformsToSpecification();
    }

    [Fact]
    public async Task A_grant_that_somebody_narrowed_is_copied_as_it_is()
    {
        await using var world = await GcpWorld.StartAsync();
        var keys = await world.EnsureKeysAsync();
        var member = $"serviceAccount:{keys[0].AuthPrincipal}";
        await world.Administrator.BindAsync(
            keys[0].KeyUri,
            Binding(GcpNames.UseRole, member, Until("2100-01-01", "this century"))
        );

        var created = await ReplaceAsync(world, keys);

        Assert.Equal(
            await world.Administrator.BindingsAsync(keys[0].KeyUri),
            await world.Administrator.BindingsAsync(created[0].KeyUri)
        );
    }

    [Fact]
    public async Task A_grant_that_holds_for_the_old_key_alone_is_refused_before_a_key_is_created()
    {
        await using var world = await GcpWorld.StartAsync();
        var keys = await world.EnsureKeysAsync();
        var old = keys[0].KeyUri;
        await world.Administrator.BindAsync(
            old,
            Binding(
                GcpNames.UseRole,
                $"serviceAccount:{keys[0].AuthPrincipal}",
                $$"""
                {"title":"this key","expression":"resource.name.endsWith('{{old.Split('/')[^1]}}') &&
                request.time < timestamp('2100-01-01T00:00:00Z')"}
                """.ReplaceLineEndings(" ")
            )
        );

        await world.RefusesAsync("PolicyNotCopyable", () =>
            world.Provider.RotateKeysAsync(world.RotationRequest(keys, newKey: true), world.Context)
        );
    }

    [Fact]
    public async Task An_interrupted_replacement_goes_on_with_the_keys_that_it_created()
    {
        await using var world = await GcpWorld.StartAsync("gcp-eu");
        var old = await world.EnsureKeysAsync();
        var request = world.RotationRequest(old, newKey: true);
        var created = await ReplaceAsync(world, request, old);
        var before = world.LastRequest;

        var whileTheClusterUsesTheOldKeys = await ReplaceAsync(world, request, old);
        var onceTheClusterUsesTheNewKeys = await ReplaceAsync(world, created);

        Assert.Equal(Uris(created), Uris(whileTheClusterUsesTheOldKeys));
        Assert.Equal(Uris(created), Uris(onceTheClusterUsesTheNewKeys));
        Assert.Empty(world.WritesSince(before));
    }

    [Fact]
    public async Task Settled_new_keys_are_the_cluster_s_keys_and_the_next_replacement_creates_others()
    {
        await using var world = await GcpWorld.StartAsync("gcp-eu");
        var created = await ReplaceAsync(world, await world.EnsureKeysAsync());
        CmekRegionSpec[] specs = [.. created.Select(GcpWorld.Spec)];
        await world.Provider.SettleNewKeysAsync(world.Cluster, specs, world.Context);
        var before = world.LastRequest;

        await world.Provider.SettleNewKeysAsync(world.Cluster, specs, world.Context);
        Assert.Equal(Uris(created), Uris(await world.EnsureKeysAsync()));
        Assert.Empty(world.WritesSince(before));

        Assert.All(Uris(await ReplaceAsync(world, created)), u => Assert.EndsWith("-r3", u, StringComparison.Ordinal));
        world.ConformsToSpecification();
    }

    [Theory]
    [Trait("Lane", "Slow")]
    [InlineData(FaultAction.CutBefore)]
    [InlineData(FaultAction.CutAfter)]
    public async Task A_lost_connection_at_any_request_still_creates_exactly_one_new_key(FaultAction action)
    {
        for (var skip = 0; skip < 14; skip++)
        {
            await using var world = await GcpWorld.StartAsync();
            var keys = await world.EnsureKeysAsync();
            var request = world.RotationRequest(keys, newKey: true);
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
            await world.Provider.SettleNewKeysAsync(world.Cluster, specs!, world.Context);
            world.Server.Faults.Clear();

            var list = await world.Administrator.GetAsync($"{GcpWorld.RingOf(keys[0].KeyUri)}/cryptoKeys");
            Assert.Equal(2, list.GetProperty("cryptoKeys").GetArrayLength());
            var key = Assert.Single(await world.EnsureKeysAsync());
            Assert.Equal((specs![0].KeyUri, CmekOutcome.Existing), (key.KeyUri, key.Outcome));
        }
    }

    /// <summary>A key that differs from the default in everything that a replacement has to keep.</summary>
    private static async Task<CmekKey> CreateSpecialKeyAsync(GcpWorld world)
    {
        var principal = (await world.EnsureRoleAsync()).AuthPrincipal;
        var options = GcpWorld.Options(
            protectionLevel: CmekProtectionLevel.Hsm,
            destroyScheduledDuration: TimeSpan.FromDays(60)
        );
        var request = world.KeyRequest(principal, options) with
        {
            RotationPeriodInDays = 90,
            Tags = new Dictionary<string, string> { ["team"] = "db" },
        };
        var key = Assert.Single(await world.Provider.EnsureKeysAsync(request, world.Context));
        await world.Administrator.BindAsync(
            key.KeyUri,
            Binding(GcpNames.UseRole, $"serviceAccount:{principal}"),
            Binding("roles/cloudkms.viewer", "user:auditor@example.com", Until("2100-01-01"))
        );
        return key;
    }

    /// <summary>Replaces keys that the cluster uses since now, and returns the new ones.</summary>
    private static Task<IReadOnlyList<CmekKey>> ReplaceAsync(GcpWorld world, IReadOnlyList<CmekKey> keys) =>
        ReplaceAsync(world, world.RotationRequest(keys, newKey: true), keys);

    private static async Task<IReadOnlyList<CmekKey>> ReplaceAsync(
        GcpWorld world,
        RotationRequest request,
        IReadOnlyList<CmekKey> keys
    )
    {
        var specs = await world.Provider.RotateKeysAsync(request, world.Context);
        return [.. keys.Zip(specs!, (key, spec) => key with { KeyUri = spec.KeyUri })];
    }

    private static IEnumerable<string> Uris(IEnumerable<CmekKey> keys) => keys.Select(k => k.KeyUri);
}
