using System.Text.Json;
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
        Assert.Equal(
            ["KeyUsable", "KeyLocation", "VersionTakenUp", "OrgPolicyAllows", "RoleTrust"],
            checks.Select(c => c.Check)
        );
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
        await world.BindAsync(
            key.KeyUri,
            $$"""[{"role":"{{GcpNames.UseRole}}","members":["serviceAccount:{{key.AuthPrincipal}}"]},{"role":"roles/cloudkms.admin","members":["serviceAccount:{{key.AuthPrincipal}}"]}]"""
        );
        await world.SendAsync(HttpMethod.Post, $"{key.KeyUri}/cryptoKeyVersions", "{}");
        await world.SendAsync(HttpMethod.Post, $"{key.KeyUri}:updatePrimaryVersion", """{"cryptoKeyVersionId":"2"}""");
        await world.SendAsync(
            HttpMethod.Patch,
            $"{key.KeyUri}/cryptoKeyVersions/1?updateMask=state",
            """{"state":"DISABLED"}"""
        );
        var checks = await world.Provider.CheckKeyAsync(request, world.Context);
        Assert.Equal(
            ["KeyPolicyWide", "KeyElsewhere", "OldVersionUnusable", "VersionNotTakenUp"],
            checks.Where(c => c.Status == CmekCheckStatus.Warning).Select(c => c.Check)
        );
        Assert.DoesNotContain(checks, c => c.Status == CmekCheckStatus.Fail);
    }

    [Fact]
    public async Task An_organization_that_would_not_let_Cockroachs_account_in_again_is_warned_of()
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-us");
        var key = (await world.KeysAsync(cluster))[0];
        world.Server.Gcp.RestrictMembers = true;
        var checks = await world.Provider.CheckKeyAsync(Request(world, cluster, key), world.Context);
        var warned = Assert.Single(checks, c => c.Status != CmekCheckStatus.Pass);
        Assert.Equal(("OrgPolicyRestricts", CmekCheckStatus.Warning), (warned.Check, warned.Status));
        Assert.Contains(
            "constraints/iam.allowedPolicyMemberDomains allows only C00000000",
            warned.Detail,
            StringComparison.Ordinal
        );
        Assert.Contains("exempt project sandbox-customer", warned.Remedy, StringComparison.Ordinal);
        Assert.Contains(checks, c => c.Check == "RoleTrust");
    }

    [Fact]
    public async Task Who_may_not_read_the_organizations_policy_gets_no_row_about_it()
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-us");
        var key = (await world.KeysAsync(cluster))[0];
        var reader = world.As(
            world.Server.Gcp.AddPrincipal(
                "reader@example.com",
                "cloudkms.cryptoKeys.get",
                "cloudkms.cryptoKeys.getIamPolicy",
                "cloudkms.cryptoKeyVersions.list",
                "iam.serviceAccounts.get",
                "iam.serviceAccounts.getIamPolicy"
            )
        );
        var checks = await reader.CheckKeyAsync(Request(world, cluster, key), world.Context);
        Assert.Equal(["KeyUsable", "KeyLocation", "VersionTakenUp", "RoleTrust"], checks.Select(c => c.Check));
        Assert.All(checks, c => Assert.Equal(CmekCheckStatus.Pass, c.Status));
        Assert.Contains(world.Log.VerboseLines, l => l.Contains("orgpolicy.policy.get", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"constraint":"c"}""", false)]
    [InlineData("""{"constraint":"c","listPolicy":{}}""", false)]
    [InlineData("""{"constraint":"c","restoreDefault":{}}""", false)]
    [InlineData("""{"constraint":"c","listPolicy":{"allValues":"ALLOW"}}""", false)]
    [InlineData("""{"constraint":"c","listPolicy":{"allValues":"DENY"}}""", true)]
    [InlineData("""{"constraint":"c","listPolicy":{"allowedValues":["C00000000"]}}""", true)]
    [InlineData("""{"constraint":"c","listPolicy":{"deniedValues":["C00000000"]}}""", true)]
    public void A_policy_restricts_when_it_names_who_may_or_who_may_not(string wire, bool restricts) =>
        Assert.Equal(restricts, JsonSerializer.Deserialize<OrgPolicy>(wire, JsonSerializerOptions.Web)!.Restricts);

    [Fact]
    public async Task What_is_missing_fails_under_the_name_of_the_error()
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-us");
        var key = (await world.KeysAsync(cluster))[0];
        await world.BindAsync(key.KeyUri, "[]");
        await world.SendAsync(
            HttpMethod.Patch,
            $"{key.KeyUri}/cryptoKeyVersions/1?updateMask=state",
            """{"state":"DISABLED"}"""
        );
        await world.BindAsync(
            $"projects/sandbox-customer/serviceAccounts/{key.AuthPrincipal}",
            """[{"role":"roles/iam.serviceAccountTokenCreator","members":["user:somebody@example.com"]}]"""
        );
        Assert.Equal(["KeyDisabled", "KeyNotGranted", "RoleDiffers"], await FailedAsync(GcpWorld.Spec(key)));
        await world.SendAsync(HttpMethod.Delete, $"projects/sandbox-customer/serviceAccounts/{key.AuthPrincipal}");
        Assert.Equal(
            ["KeyNotFound", "ServiceAccountNotFound"],
            await FailedAsync(GcpWorld.Spec(key with { KeyUri = key.KeyUri + "x" }))
        );

        async Task<IEnumerable<string>> FailedAsync(CmekRegionSpec spec) =>
            (await world.Provider.CheckKeyAsync(new KeyCheckRequest { Cluster = cluster, Spec = spec }, world.Context))
                .Where(c => c.Status == CmekCheckStatus.Fail)
                .Select(c => c.Check);
    }

    [Fact]
    public async Task What_may_not_be_read_is_unknown_and_does_not_pass()
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-us");
        var key = (await world.KeysAsync(cluster))[0];
        var weak = world.As(
            world.Server.Gcp.AddPrincipal(
                "weak@example.com",
                "iam.serviceAccounts.get",
                "iam.serviceAccounts.getIamPolicy"
            )
        );
        var checks = await weak.CheckKeyAsync(Request(world, cluster, key), world.Context);
        Assert.Equal(
            [("KeyReadable", CmekCheckStatus.Unknown), ("RoleTrust", CmekCheckStatus.Pass)],
            checks.Select(c => (c.Check, c.Status))
        );
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

    private static KeyCheckRequest Request(GcpWorld world, CrdbCluster cluster, CmekKey key) =>
        new()
        {
            Cluster = cluster,
            Spec = GcpWorld.Spec(key),
            TakenUpAt = world.Server.Clock.UtcNow,
        };
}
