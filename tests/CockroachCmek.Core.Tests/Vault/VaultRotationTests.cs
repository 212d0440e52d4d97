using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Vault;

public sealed class VaultRotationTests
{
    private const string Key = VaultWorld.KeyName;

    private static readonly DateTimeOffset Morning = new(2026, 1, 1, 8, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task On_AWS_a_rotation_creates_and_grants_new_keys_and_keeps_the_old_ones()
    {
        using var world = new VaultWorld();
        var before = world.Specs(await world.EnsureAsync());
        var after = await world.RotateAsync(before);
        Assert.Equal(
            [
                $"arn:aws:kms:us-east-1:111122223333:key/{Key}-us-east-1-v2",
                $"arn:aws:kms:us-west-2:111122223333:key/{Key}-us-west-2-v2",
            ],
            Uris(after)
        );
        Assert.Equal(Uris(before.Concat(after)).Order(StringComparer.Ordinal), world.Cloud.Grants);
    }

    [Fact]
    public async Task A_version_that_the_cluster_does_not_use_yet_is_not_rotated_again()
    {
        using var world = new VaultWorld();
        var before = world.Specs(await world.EnsureAsync());
        var after = await world.RotateAsync(before);
        var writes = world.Vault.Writes.Count();
        Assert.Equal(Uris(after), Uris(await world.RotateAsync(before)));
        Assert.Equal(writes, world.Vault.Writes.Count());
        Assert.All(await world.RotateAsync(after), s => Assert.EndsWith("-v3", s.KeyUri, StringComparison.Ordinal));
    }

    [Fact]
    public async Task On_Google_Cloud_the_URI_stays_and_creation_times_tell_whether_a_version_is_in_use()
    {
        using var world = new VaultWorld("GCP") { Vault = { Now = () => Morning } };
        var before = world.Specs(await world.EnsureAsync());
        world.Vault.Now = () => Morning.AddHours(2);
        var after = await world.RotateAsync(before, wrappedAt: Morning.AddHours(1));
        Assert.Equal(Uris(before), Uris(after));
        await world.RotateAsync(before, wrappedAt: Morning.AddHours(1));
        Assert.Equal(1, Rotations(world));
        await world.RotateAsync(before, wrappedAt: Morning.AddHours(3));
        Assert.Equal(2, Rotations(world));
    }

    [Fact]
    public async Task On_Azure_the_URI_has_the_new_version_and_a_region_that_follows_uses_the_same()
    {
        using var world = new VaultWorld("AZURE");
        var before = world.Specs(await world.EnsureAsync());
        var first = Assert.Single(await world.RotateAsync(before.Take(1)));
        Assert.EndsWith($"/{Key}-v2", first.KeyUri, StringComparison.Ordinal);
        Assert.Equal(first.KeyUri, Assert.Single(await world.RotateAsync(before.Skip(1))).KeyUri);
        Assert.Equal(1, Rotations(world));
    }

    [Fact]
    public async Task A_replacement_is_found_again_and_is_not_the_clusters_key_before_it_is_recorded()
    {
        using var world = new VaultWorld();
        var before = world.Specs(await world.EnsureAsync());
        var made = await world.RotateAsync(before, newKey: true);
        Assert.All(made, s => Assert.Contains($"-{s.Region}-g2-v1", s.KeyUri, StringComparison.Ordinal));
        Assert.Equal(Uris(made), Uris(await world.RotateAsync(before, newKey: true)));
        Assert.Equal(Uris(before), (await world.EnsureAsync()).Select(k => k.KeyUri));
        // In force but not recorded: the earlier run is finished, and no third key is created.
        Assert.Equal(Uris(made), Uris(await world.RotateAsync(made, newKey: true)));
        Assert.DoesNotContain("-g3", world.Vault.State, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_recorded_replacement_is_the_clusters_key_and_is_replaced_by_the_next_number()
    {
        using var world = new VaultWorld();
        var before = world.Specs(await world.EnsureAsync());
        var made = await world.RotateAsync(before, newKey: true);
        await world.Provider.SettleNewKeysAsync(world.Cluster, made, world.Context);
        var writes = world.Vault.Writes.Count();
        await world.Provider.SettleNewKeysAsync(world.Cluster, made, world.Context);
        Assert.Equal(writes, world.Vault.Writes.Count());
        Assert.All(await world.EnsureAsync(), k =>
            Assert.Equal((CmekOutcome.Existing, $"{Key}-{k.Region}-g2"), (k.Outcome, k.Name))
        );
        Assert.All(await world.RotateAsync(made, newKey: true), s =>
            Assert.Contains("-g3-v1", s.KeyUri, StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_request_can_be_cut_and_the_state_is_that_of_a_clean_run(bool newKey)
    {
        var clean = await RunAsync(newKey, null, after: false);
        Assert.True(clean.Requests > 15, $"only {clean.Requests} requests");
        for (var request = 1; request <= clean.Requests; request++)
        {
            Assert.Equal(clean.State, (await RunAsync(newKey, request, after: false)).State);
            Assert.Equal(clean.State, (await RunAsync(newKey, request, after: true)).State);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_declined_rotation_names_every_key_and_changes_none(bool newKey)
    {
        using var world = new VaultWorld();
        var before = world.Specs(await world.EnsureAsync());
        var writes = world.Vault.Writes.Count();
        var log = new RecordingLog { Answer = false };
        Assert.Null(await world.TryRotateAsync(before, newKey, null, world.Context with { Host = log }));
        Assert.Equal((2, writes), (log.Questions.Count, world.Vault.Writes.Count()));
    }

    [Theory]
    [InlineData(false, "/crdb-cmek-vault-v2")]
    [InlineData(true, "/crdb-cmek-vault-g2-v1")]
    public async Task A_key_that_was_created_by_hand_is_rotated_and_replaced_too(bool newKey, string expected)
    {
        using var world = new VaultWorld();
        world.Vault.AddKey("crdb-cmek-vault", "aes256-gcm96", "awskms");
        var inForce = world.Spec("us-east-1", "arn:aws:kms:us-east-1:111122223333:key/crdb-cmek-vault-v1");
        var next = Assert.Single(await world.RotateAsync([inForce], newKey));
        Assert.EndsWith(expected, next.KeyUri, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_Vault_does_not_know_and_one_that_is_not_in_the_cloud_are_reported_together()
    {
        using var world = new VaultWorld();
        var before = world.Specs(await world.EnsureAsync());
        world.Vault.RotateInVaultOnly($"{Key}-us-east-1");
        var unknown = world.Spec("us-west-2", "arn:aws:kms:us-west-2:111122223333:key/other");
        var error = await Assert.ThrowsAsync<CmekException>(() => world.RotateAsync([before[0], unknown]));
        Assert.Equal("KeysUnfit", error.ErrorId);
        Assert.Contains("key/other", error.Message, StringComparison.Ordinal);
        Assert.Contains("Version 2 is the latest", error.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Uris(IEnumerable<CmekRegionSpec> specs) => specs.Select(s => s.KeyUri);

    private static int Rotations(VaultWorld world) =>
        world.Vault.Writes.Count(w => w.EndsWith("/rotate", StringComparison.Ordinal));

    /// <summary>
    /// Creates keys, and rotates them with one request cut; returns the end state and the number of requests.
    /// </summary>
    private static async Task<(string State, int Requests)> RunAsync(bool newKey, int? cut, bool after)
    {
        using var world = new VaultWorld();
        var before = world.Specs(await world.EnsureAsync());
        var start = world.Vault.Requests.Count;
        world.Vault.CutAfter = after ? start + cut : null;
        world.Vault.CutBefore = after ? null : start + cut;
        var made = await world.RotateAsync(before, newKey);
        if (newKey)
            await world.Provider.SettleNewKeysAsync(world.Cluster, made, world.Context);
        var grants = string.Join(",", world.Cloud.Grants);
        return (
            $"{world.Vault.State} {grants} {string.Join(",", Uris(made))} questions {world.Log.Questions.Count}",
            world.Vault.Requests.Count - start
        );
    }
}
