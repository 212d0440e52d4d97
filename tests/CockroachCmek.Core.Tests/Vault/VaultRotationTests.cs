using CockroachCmek.Testing;
using static CockroachCmek.Core.Tests.Vault.VaultScene;

namespace CockroachCmek.Core.Tests.Vault;

public sealed class VaultRotationTests
{
    private static readonly DateTimeOffset Morning = new(2026, 1, 1, 8, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task On_AWS_a_rotation_makes_new_keys_which_are_granted_and_the_old_ones_stay()
    {
        var scene = new VaultScene();
        var before = Specs(await scene.EnsureAsync());
        var after = await scene.Provider.RotateKeysAsync(InForce(scene.Cluster, before), scene.Context);
        Assert.Equal(
            [
                "arn:aws:kms:us-east-1:111122223333:key/crdb-cmek-25ebef5ed2aa-us-east-1-v2",
                "arn:aws:kms:us-west-2:111122223333:key/crdb-cmek-25ebef5ed2aa-us-west-2-v2",
            ],
            after!.Select(s => s.KeyUri)
        );
        Assert.Equal(
            [.. before.Concat(after!).Select(s => s.KeyUri).Order(StringComparer.Ordinal)],
            scene.Cloud.Grants
        );
        // What the cluster has not taken up is not rotated again; once it has, it is.
        var writes = scene.Vault.Writes.Count();
        Assert.Equal(
            after!.Select(s => s.KeyUri),
            (await scene.Provider.RotateKeysAsync(InForce(scene.Cluster, before), scene.Context))!.Select(s => s.KeyUri)
        );
        Assert.Equal(writes, scene.Vault.Writes.Count());
        Assert.All((await scene.Provider.RotateKeysAsync(InForce(scene.Cluster, after!), scene.Context))!, s =>
            Assert.EndsWith("-v3", s.KeyUri, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task On_Google_Cloud_the_key_stays_and_the_time_tells_whether_its_version_is_taken_up()
    {
        var scene = new VaultScene("GCP") { Vault = { Now = () => Morning } };
        var before = Specs(await scene.EnsureAsync());
        scene.Vault.Now = () => Morning.AddHours(2);
        var after = await scene.Provider.RotateKeysAsync(
            InForce(scene.Cluster, before, takenUp: Morning.AddHours(1)),
            scene.Context
        );
        Assert.Equal(before.Select(s => s.KeyUri), after!.Select(s => s.KeyUri));
        await scene.Provider.RotateKeysAsync(
            InForce(scene.Cluster, before, takenUp: Morning.AddHours(1)),
            scene.Context
        );
        Assert.Single(scene.Vault.Writes, w => w.EndsWith("/rotate", StringComparison.Ordinal));
        await scene.Provider.RotateKeysAsync(
            InForce(scene.Cluster, before, takenUp: Morning.AddHours(3)),
            scene.Context
        );
        Assert.Equal(2, scene.Vault.Writes.Count(w => w.EndsWith("/rotate", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task On_Azure_a_rotation_has_another_version_in_the_URI_and_one_that_some_region_has_not_taken_up_is_used()
    {
        var scene = new VaultScene("AZURE");
        var before = Specs(await scene.EnsureAsync());
        var first = await scene.Provider.RotateKeysAsync(InForce(scene.Cluster, before.Take(1)), scene.Context);
        Assert.EndsWith("/crdb-cmek-25ebef5ed2aa-v2", Assert.Single(first!).KeyUri, StringComparison.Ordinal);
        Assert.Equal(
            first![0].KeyUri,
            (await scene.Provider.RotateKeysAsync(InForce(scene.Cluster, before.Skip(1)), scene.Context))![0].KeyUri
        );
        Assert.Single(scene.Vault.Writes, w => w.EndsWith("/rotate", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_new_key_is_found_again_and_is_the_clusters_only_after_it_was_settled()
    {
        var scene = new VaultScene();
        var before = Specs(await scene.EnsureAsync());
        var made = await scene.Provider.RotateKeysAsync(InForce(scene.Cluster, before, newKey: true), scene.Context);
        Assert.All(made!, s => Assert.Contains($"-{s.Region}-g2-v1", s.KeyUri, StringComparison.Ordinal));
        Assert.Equal(
            made!.Select(s => s.KeyUri),
            (await scene.Provider.RotateKeysAsync(InForce(scene.Cluster, before, newKey: true), scene.Context))!.Select(
                s => s.KeyUri
            )
        );
        Assert.Equal(before.Select(s => s.KeyUri), (await scene.EnsureAsync()).Select(k => k.KeyUri));
        // In force and not settled: that run is finished, and no third key made.
        Assert.Equal(
            made!.Select(s => s.KeyUri),
            (await scene.Provider.RotateKeysAsync(InForce(scene.Cluster, made!, newKey: true), scene.Context))!.Select(
                s => s.KeyUri
            )
        );
        Assert.DoesNotContain("-g3", scene.Vault.State, StringComparison.Ordinal);

        await scene.Provider.SettleNewKeysAsync(scene.Cluster, made!, scene.Context);
        var settled = scene.Vault.Writes.Count();
        await scene.Provider.SettleNewKeysAsync(scene.Cluster, made!, scene.Context);
        Assert.Equal(settled, scene.Vault.Writes.Count());
        Assert.All(await scene.EnsureAsync(), k =>
            Assert.Equal((CmekOutcome.Existing, $"crdb-cmek-25ebef5ed2aa-{k.Region}-g2"), (k.Outcome, k.Name))
        );
        Assert.All(
            (await scene.Provider.RotateKeysAsync(InForce(scene.Cluster, made!, newKey: true), scene.Context))!,
            s => Assert.Contains("-g3-v1", s.KeyUri, StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_request_may_be_cut_and_a_second_run_ends_as_a_clean_one(bool newKey)
    {
        var (clean, requests) = await RunAsync(newKey, null, after: false);
        for (var request = 1; request <= requests; request++)
        {
            Assert.Equal(clean, (await RunAsync(newKey, request, after: false)).State);
            Assert.Equal(clean, (await RunAsync(newKey, request, after: true)).State);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_No_names_every_key_and_changes_none(bool newKey)
    {
        var scene = new VaultScene();
        var before = Specs(await scene.EnsureAsync());
        var writes = scene.Vault.Writes.Count();
        var log = new RecordingLog { Answer = false };
        Assert.Null(
            await scene.Provider.RotateKeysAsync(
                InForce(scene.Cluster, before, newKey),
                scene.Context with
                {
                    Log = log,
                }
            )
        );
        Assert.Equal((2, writes), (log.Questions.Count, scene.Vault.Writes.Count()));
    }

    [Fact]
    public async Task A_key_made_by_hand_after_the_page_is_rotated_and_replaced_too()
    {
        var scene = new VaultScene();
        scene.Vault.Add("crdb-cmek-vault", "aes256-gcm96", "awskms");
        var inForce = new CmekRegionSpec
        {
            Region = "us-east-1",
            KeySpec = new CmekKeySpec
            {
                Type = "AWS_KMS",
                Uri = "arn:aws:kms:us-east-1:111122223333:key/crdb-cmek-vault-v1",
                AuthPrincipal = scene.Principal,
            },
        };
        Assert.EndsWith(
            "/crdb-cmek-vault-v2",
            (await scene.Provider.RotateKeysAsync(InForce(scene.Cluster, [inForce]), scene.Context))![0].KeyUri,
            StringComparison.Ordinal
        );
        Assert.EndsWith(
            "/crdb-cmek-vault-g2-v1",
            (await scene.Provider.RotateKeysAsync(InForce(scene.Cluster, [inForce], newKey: true), scene.Context))![
                0
            ].KeyUri,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_key_of_the_cloud_itself_and_one_that_did_not_reach_it_are_named()
    {
        var scene = new VaultScene();
        var before = Specs(await scene.EnsureAsync());
        scene.Vault.RotateInVaultOnly("crdb-cmek-25ebef5ed2aa-us-east-1");
        var foreign = before[1] with
        {
            KeySpec = before[1].KeySpec with { Uri = "arn:aws:kms:us-west-2:111122223333:key/other" },
        };
        var fault = await Assert.ThrowsAsync<CmekException>(() =>
            scene.Provider.RotateKeysAsync(InForce(scene.Cluster, [before[0], foreign]), scene.Context)
        );
        Assert.Equal("KeysUnfit", fault.ErrorId);
        Assert.Contains("key/other", fault.Message, StringComparison.Ordinal);
        Assert.Contains("Version 2 is the latest", fault.Message, StringComparison.Ordinal);
    }

    private static async Task<(string State, int Requests)> RunAsync(bool newKey, int? cut, bool after)
    {
        var scene = new VaultScene();
        var before = Specs(await scene.EnsureAsync());
        var start = scene.Vault.Requests.Count;
        scene.Vault.CutAfter = after ? start + cut : null;
        scene.Vault.CutBefore = after ? null : start + cut;
        var made = await scene.Provider.RotateKeysAsync(InForce(scene.Cluster, before, newKey), scene.Context);
        if (newKey)
            await scene.Provider.SettleNewKeysAsync(scene.Cluster, made!, scene.Context);
        return (
            $"{scene.Vault.State} {string.Join(",", scene.Cloud.Grants)} {string.Join(",", made!.Select(s => s.KeyUri))} questions {scene.Log.Questions.Count}",
            scene.Vault.Requests.Count - start
        );
    }
}
