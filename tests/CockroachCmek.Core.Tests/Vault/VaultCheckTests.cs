using CockroachCmek.Core.Keys;
using static CockroachCmek.Core.Tests.Vault.VaultScene;

namespace CockroachCmek.Core.Tests.Vault;

public sealed class VaultCheckTests
{
    private static readonly CmekCheck OfTheCloud = new() { Check = "KeyUsable", Status = CmekCheckStatus.Pass };

    [Fact]
    public async Task A_healthy_key_passes_on_both_sides()
    {
        var (scene, request) = await EnabledAsync();
        scene.Cloud.Checks = [OfTheCloud, OfTheCloud with { Check = "VersionTakenUp" }];
        var checks = await scene.Provider.CheckKeyAsync(request, scene.Context);
        Assert.All(checks, c => Assert.Equal(CmekCheckStatus.Pass, c.Status));
        Assert.Equal(
            ["KeyUsable", "VaultReadable", "VaultVersionDistributed", "VaultKeyDeletable", "VersionTakenUp"],
            checks.Select(c => c.Check)
        );
    }

    [Fact]
    public async Task A_version_that_the_cluster_has_not_taken_up_is_warned_of()
    {
        var (scene, request) = await EnabledAsync();
        await scene.Provider.RotateKeysAsync(InForce(scene.Cluster, [request.Spec]), scene.Context);
        var check = Assert.Single(await scene.Provider.CheckKeyAsync(request, scene.Context), c =>
            c.Status != CmekCheckStatus.Pass
        );
        Assert.Equal(("VersionNotTakenUp", CmekCheckStatus.Warning), (check.Check, check.Status));
        Assert.Contains("-Via HashiCorpVault", check.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_version_that_did_not_reach_the_cloud_fails_by_the_id_that_a_rotation_gives()
    {
        var (scene, request) = await EnabledAsync();
        scene.Vault.RotateInVaultOnly("crdb-cmek-25ebef5ed2aa-us-east-1");
        Assert.Contains(await scene.Provider.CheckKeyAsync(request, scene.Context), c =>
            c is { Check: "VaultVersionMismatch", Status: CmekCheckStatus.Fail }
        );
    }

    [Fact]
    public async Task A_key_in_force_that_may_be_deleted_is_warned_of()
    {
        var (scene, request) = await EnabledAsync(deletable: true);
        var check = Assert.Single(await scene.Provider.CheckKeyAsync(request, scene.Context), c =>
            c.Status == CmekCheckStatus.Warning
        );
        Assert.Equal("VaultKeyDeletable", check.Check);
        Assert.Contains("deletion_allowed=false", check.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_Vault_does_not_know_fails_and_a_past_one_is_the_clouds_matter()
    {
        var (scene, request) = await EnabledAsync();
        scene.Cloud.Checks = [OfTheCloud];
        var other = request with
        {
            Spec = request.Spec with
            {
                KeySpec = request.Spec.KeySpec with { Uri = "arn:aws:kms:us-east-1:111122223333:key/other" },
            },
        };
        Assert.Contains(await scene.Provider.CheckKeyAsync(other, scene.Context), c =>
            c is { Check: "VaultKeyNotFound", Status: CmekCheckStatus.Fail }
        );
        Assert.Equal([OfTheCloud], await scene.Provider.CheckKeyAsync(other with { IsPast = true }, scene.Context));
    }

    [Fact]
    public async Task A_Vault_that_cannot_be_read_is_Unknown_and_the_clouds_own_checks_stay()
    {
        var (scene, request) = await EnabledAsync();
        scene.Cloud.Checks = [OfTheCloud];
        scene.Vault.Refusal = _ => (503, """{"errors":["Vault is sealed"]}""");
        var checks = await scene.Provider.CheckKeyAsync(request, scene.Context);
        Assert.Equal(
            [("KeyUsable", CmekCheckStatus.Pass), ("VaultReadable", CmekCheckStatus.Unknown)],
            checks.Select(c => (c.Check, c.Status))
        );
        Assert.Contains("sealed", checks[1].Detail, StringComparison.Ordinal);
    }

    private static async Task<(VaultScene Scene, KeyCheckRequest Request)> EnabledAsync(bool deletable = false)
    {
        var scene = new VaultScene();
        scene.Vault.Add(
            "crdb-cmek-25ebef5ed2aa-us-east-1",
            "aes256-gcm96",
            "crdb-cmek-25ebef5ed2aa-us-east-1",
            deletable: deletable
        );
        var keys = await scene.Provider.EnsureKeysAsync(scene.Request with { Regions = ["us-east-1"] }, scene.Context);
        return (
            scene,
            new KeyCheckRequest
            {
                Cluster = scene.Cluster,
                Spec = Specs(keys)[0],
                TakenUpAt = DateTimeOffset.UnixEpoch.AddHours(1),
            }
        );
    }
}
