using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Gcp;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Gcp;

public sealed class GcpAdoptionTests
{
    [Fact]
    public async Task An_existing_key_is_adopted_and_granted_once_and_what_its_policy_says_stays()
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-eu");
        var role = await world.RoleAsync(cluster);
        var uri = await GcpRefusalTests.MadeAsync(world, "theirs", """{"purpose":"ENCRYPT_DECRYPT"}""", "europe");
        await world.BindAsync(uri, """[{"role":"roles/cloudkms.viewer","members":["user:auditor@example.com"]}]""");
        var request = GcpWorld.Request(cluster, role.AuthPrincipal) with
        {
            KeyUris = [$"{uri}/cryptoKeyVersions/1"],
            Grant = true,
        };
        var adopted = await world.Provider.EnsureKeysAsync(request, world.Context);
        Assert.Equal(
            [(uri, CmekOutcome.Updated), (uri, CmekOutcome.Updated)],
            adopted.Select(k => (k.KeyUri, k.Outcome))
        );
        Assert.Contains("auditor@example.com", await world.PolicyAsync(uri), StringComparison.Ordinal);
        Assert.All(await world.Provider.EnsureKeysAsync(request with { Grant = false }, world.Context), k =>
            Assert.Equal(CmekOutcome.Existing, k.Outcome)
        );
        Assert.Empty(world.Log.Warnings);
        world.Conforms();
    }

    [Fact]
    public async Task A_key_of_another_place_is_taken_with_a_warning_for_each_region()
    {
        await using var world = new GcpWorld();
        var (cluster, other) = (await world.ClusterAsync("gcp-eu"), await world.ClusterAsync("gcp-us"));
        var theirs = (await world.KeysAsync(other))[0];
        await world.Provider.EnsureKeysAsync(
            GcpWorld.Request(cluster, (await world.RoleAsync(cluster)).AuthPrincipal) with
            {
                KeyUris = [theirs.KeyUri],
                Grant = true,
            },
            world.Context
        );
        Assert.Equal(2, world.Log.Warnings.Count(w => w.Contains("lives in us-east4", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_grant_on_the_ring_counts_and_one_under_a_condition_is_warned_of()
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-us");
        var role = await world.RoleAsync(cluster);
        var uri = await GcpRefusalTests.MadeAsync(world, "theirs", """{"purpose":"ENCRYPT_DECRYPT"}""");
        var request = GcpWorld.Request(cluster, role.AuthPrincipal) with { KeyUris = [uri] };
        var ring = uri[..uri.IndexOf("/cryptoKeys/", StringComparison.Ordinal)];
        await world.BindAsync(
            ring,
            $$"""[{"role":"{{GcpNames.UseRole}}","members":["serviceAccount:{{role.AuthPrincipal}}"]}]"""
        );
        Assert.Equal(CmekOutcome.Existing, (await world.Provider.EnsureKeysAsync(request, world.Context))[0].Outcome);
        await world.BindAsync(ring, "[]");
        await world.BindAsync(
            uri,
            $$$"""[{"role":"{{{GcpNames.UseRole}}}","members":["serviceAccount:{{{role.AuthPrincipal}}}"],"condition":{"title":"for now","expression":"request.time < timestamp(\"2100-01-01T00:00:00Z\")"}}]"""
        );
        Assert.Equal(CmekOutcome.Existing, (await world.Provider.EnsureKeysAsync(request, world.Context))[0].Outcome);
        Assert.Contains("for now", Assert.Single(world.Log.Warnings), StringComparison.Ordinal);
        await world.BindAsync(
            uri,
            $$$"""[{"role":"{{{GcpNames.UseRole}}}","members":["serviceAccount:{{{role.AuthPrincipal}}}"],"condition":{"title":"for now","expression":"request.time < timestamp(\"2001-01-01T00:00:00Z\")"}}]"""
        );
        Assert.Equal(
            "KeyNotGranted",
            (
                await Assert.ThrowsAsync<CmekException>(() => world.Provider.EnsureKeysAsync(request, world.Context))
            ).ErrorId
        );
    }

    [Fact]
    public async Task An_account_made_anew_is_noticed_in_the_policy_and_granted_again()
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-us");
        var key = (await world.KeysAsync(cluster))[0];
        await world.SendAsync(HttpMethod.Delete, $"projects/sandbox-customer/serviceAccounts/{key.AuthPrincipal}");
        await world.RoleAsync(cluster);
        var checks = await world.Provider.CheckKeyAsync(
            new KeyCheckRequest { Cluster = cluster, Spec = GcpWorld.Spec(key) },
            world.Context
        );
        Assert.Contains(
            "deleted",
            Assert.Single(checks, c => c.Check == "KeyNotGranted").Detail,
            StringComparison.Ordinal
        );
        Assert.Equal(CmekOutcome.Updated, (await world.KeysAsync(cluster))[0].Outcome);
    }

    [Fact]
    public async Task A_colleague_who_changes_the_same_policy_in_between_loses_nothing()
    {
        await using var world = new GcpWorld();
        var (cluster, other) = (await world.ClusterAsync("gcp-us"), await world.ClusterAsync("gcp-eu"));
        var uri = await GcpRefusalTests.MadeAsync(world, "theirs", """{"purpose":"ENCRYPT_DECRYPT"}""", "global");
        var principals = new[]
        {
            (await world.RoleAsync(cluster)).AuthPrincipal,
            (await world.RoleAsync(other)).AuthPrincipal,
        };
        await Task.WhenAll(
            principals.Select(
                (p, i) =>
                    world.Provider.EnsureKeysAsync(
                        GcpWorld.Request(i == 0 ? cluster : other, p) with
                        {
                            KeyUris = [uri],
                            Grant = true,
                        },
                        world.Context
                    )
            )
        );
        var policy = await world.PolicyAsync(uri);
        Assert.All(principals, p => Assert.Contains(p, policy, StringComparison.Ordinal));
    }
}
