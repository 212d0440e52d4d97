using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Gcp;

namespace CockroachCmek.Core.Tests.Gcp;

public sealed class GcpCheckTests
{
    [Fact]
    public async Task What_the_module_made_passes_every_check_and_is_only_read()
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-us");
        var key = (await world.KeysAsync(cluster))[0];
        var before = world.Now;
        var checks = await world.Provider.CheckKeyAsync(Request(world, cluster, key), world.Context);
        Assert.Equal(["KeyUsable", "KeyLocation", "VersionTakenUp", "RoleTrust"], checks.Select(c => c.Check));
        Assert.All(checks, c => Assert.Equal(CmekCheckStatus.Pass, c.Status));
        Assert.Empty(world.WritesSince(before));
        world.Conforms();
    }

    [Fact]
    public async Task What_is_wider_than_needed_elsewhere_or_behind_is_warned_of()
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-us");
        var key = (await world.KeysAsync(cluster, new GcpKeyOptions { Location = "europe" }))[0];
        var request = Request(world, cluster, key);
        await world.BindAsync(key.KeyUri, $$"""[{"role":"{{GcpNames.UseRole}}","members":["serviceAccount:{{key.AuthPrincipal}}"]},{"role":"roles/cloudkms.admin","members":["serviceAccount:{{key.AuthPrincipal}}"]}]""");
        await world.SendAsync(HttpMethod.Post, $"{key.KeyUri}/cryptoKeyVersions", "{}");
        await world.SendAsync(HttpMethod.Post, $"{key.KeyUri}:updatePrimaryVersion", """{"cryptoKeyVersionId":"2"}""");
        await world.SendAsync(HttpMethod.Patch, $"{key.KeyUri}/cryptoKeyVersions/1?updateMask=state", """{"state":"DISABLED"}""");
        var checks = await world.Provider.CheckKeyAsync(request, world.Context);
        Assert.Equal(["KeyPolicyWide", "KeyElsewhere", "OldVersionUnusable", "VersionNotTakenUp"], checks.Where(c => c.Status == CmekCheckStatus.Warning).Select(c => c.Check));
        Assert.DoesNotContain(checks, c => c.Status == CmekCheckStatus.Fail);
    }

    [Fact]
    public async Task What_is_missing_fails_under_the_name_of_the_error()
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-us");
        var key = (await world.KeysAsync(cluster))[0];
        await world.BindAsync(key.KeyUri, "[]");
        await world.SendAsync(HttpMethod.Patch, $"{key.KeyUri}/cryptoKeyVersions/1?updateMask=state", """{"state":"DISABLED"}""");
        await world.BindAsync($"projects/sandbox-customer/serviceAccounts/{key.AuthPrincipal}", """[{"role":"roles/iam.serviceAccountTokenCreator","members":["user:somebody@example.com"]}]""");
        Assert.Equal(["KeyDisabled", "KeyNotGranted", "RoleDiffers"], await FailedAsync(GcpWorld.Spec(key)));
        await world.SendAsync(HttpMethod.Delete, $"projects/sandbox-customer/serviceAccounts/{key.AuthPrincipal}");
        Assert.Equal(["KeyNotFound", "ServiceAccountNotFound"], await FailedAsync(GcpWorld.Spec(key with { KeyUri = key.KeyUri + "x" })));

        async Task<IEnumerable<string>> FailedAsync(CmekRegionSpec spec) =>
            (await world.Provider.CheckKeyAsync(new KeyCheckRequest { Cluster = cluster, Spec = spec }, world.Context)).Where(c => c.Status == CmekCheckStatus.Fail).Select(c => c.Check);
    }

    [Fact]
    public async Task What_may_not_be_read_is_unknown_and_does_not_pass()
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-us");
        var key = (await world.KeysAsync(cluster))[0];
        var weak = world.As(world.Server.Gcp.AddPrincipal("weak@example.com", "iam.serviceAccounts.get", "iam.serviceAccounts.getIamPolicy"));
        var checks = await weak.CheckKeyAsync(Request(world, cluster, key), world.Context);
        Assert.Equal([("KeyReadable", CmekCheckStatus.Unknown), ("RoleTrust", CmekCheckStatus.Pass)], checks.Select(c => (c.Check, c.Status)));
    }

    [Fact]
    public async Task Of_a_past_key_the_version_of_its_time_has_to_be_usable()
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-us");
        var key = (await world.KeysAsync(cluster))[0];
        var past = Request(world, cluster, key) with { IsPast = true };
        await world.Provider.RotateKeysAsync(world.Rotation(cluster, [key]), world.Context);
        Assert.Equal(["PastKeyUsable"], (await world.Provider.CheckKeyAsync(past, world.Context)).Select(c => c.Check));
        await world.SendAsync(HttpMethod.Post, $"{key.KeyUri}/cryptoKeyVersions/1:destroy", "{}");
        var fault = Assert.Single(await world.Provider.CheckKeyAsync(past, world.Context));
        Assert.Equal(("KeyPendingDeletion", CmekCheckStatus.Fail), (fault.Check, fault.Status));
        Assert.Contains("gcloud kms keys versions restore 1", fault.Remedy, StringComparison.Ordinal);
    }

    private static KeyCheckRequest Request(GcpWorld world, CrdbCluster cluster, CmekKey key) => new() { Cluster = cluster, Spec = GcpWorld.Spec(key), TakenUpAt = world.Server.Clock.UtcNow };
}
