using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Gcp;
using CockroachCmek.Sandbox;

namespace CockroachCmek.Core.Tests.Gcp;

public sealed class GcpRevocationTests
{
    private const string Condition =
        """{"title":"this year","expression":"request.time < timestamp(\"2100-01-01T00:00:00Z\")"}""";

    [Theory]
    [InlineData(CmekRevocationMethod.Default)]
    [InlineData(CmekRevocationMethod.RemoveGrant)]
    [InlineData(CmekRevocationMethod.RemoveTrust)]
    [InlineData(CmekRevocationMethod.DisableKey)]
    public async Task What_is_taken_away_is_put_back_exactly_and_twice_is_once(CmekRevocationMethod method)
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-eu");
        var keys = await world.KeysAsync(cluster, new GcpKeyOptions { Location = "europe" });
        var before = await StateAsync(world, keys[0]);
        var change = Assert.Single(
            await world.Provider.PlanRevocationAsync(GcpWorld.Revocation(cluster, keys, method), world.Context)
        );
        Assert.Equal(
            (CmekAccessChangeState.Planned, "europe-west1,europe-west4"),
            (change.State, string.Join(",", change.Regions))
        );
        for (var i = 0; i < 2; i++)
            Assert.Equal(
                CmekAccessChangeState.Done,
                (await world.Provider.RevokeAccessAsync(change, world.Context)).State
            );
        Assert.NotEqual(before, await StateAsync(world, keys[0]));
        Assert.Single(world.Log.Warnings, w => w.Contains("typically takes", StringComparison.Ordinal));
        Assert.Equal(
            CmekAccessChangeState.Done,
            Assert
                .Single(
                    await world.Provider.PlanRevocationAsync(GcpWorld.Revocation(cluster, keys, method), world.Context)
                )
                .State
        );
        for (var i = 0; i < 2; i++)
            Assert.Equal(
                CmekAccessChangeState.Restored,
                (await world.Provider.RestoreAccessAsync(change, world.Context)).State
            );
        Assert.Equal(before, await StateAsync(world, keys[0]));
        world.Conforms();
    }

    [Theory]
    [InlineData(CmekRevocationMethod.RemoveGrant)]
    [InlineData(CmekRevocationMethod.RemoveTrust)]
    [InlineData(CmekRevocationMethod.DisableKey)]
    public async Task Without_a_record_the_cloud_itself_tells_what_is_missing(CmekRevocationMethod method)
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-us");
        var keys = await world.KeysAsync(cluster);
        Assert.Empty(await world.Provider.FindRevocationAsync(GcpWorld.Revocation(cluster, keys), world.Context));
        var before = await StateAsync(world, keys[0]);
        foreach (
            var change in await world.Provider.PlanRevocationAsync(
                GcpWorld.Revocation(cluster, keys, method),
                world.Context
            )
        )
            await world.Provider.RevokeAccessAsync(change, world.Context);
        await world.Provider.RestoreAccessAsync(
            Assert.Single(await world.Provider.FindRevocationAsync(GcpWorld.Revocation(cluster, keys), world.Context)),
            world.Context
        );
        Assert.Equal(before, await StateAsync(world, keys[0]));
    }

    [Fact]
    public async Task Conditions_and_the_bindings_of_others_come_through_unchanged()
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-us");
        var keys = await world.KeysAsync(cluster);
        var account = keys[0].AuthPrincipal;
        await world.BindAsync(
            keys[0].KeyUri,
            $$"""[{"role":"{{GcpNames.UseRole}}","members":["serviceAccount:{{account}}"],"condition":{{Condition}}},{"role":"{{GcpNames.UseRole}}","members":["user:backup@example.com"]}]"""
        );
        var change = Assert.Single(
            await world.Provider.PlanRevocationAsync(GcpWorld.Revocation(cluster, keys), world.Context)
        );
        await world.Provider.RevokeAccessAsync(change, world.Context);
        var between = await world.PolicyAsync(keys[0].KeyUri);
        Assert.DoesNotContain(account, between, StringComparison.Ordinal);
        Assert.Contains("backup@example.com", between, StringComparison.Ordinal);
        await world.Provider.RestoreAccessAsync(change, world.Context);
        var after = await world.PolicyAsync(keys[0].KeyUri);
        Assert.Contains("this year", after, StringComparison.Ordinal);
        Assert.Contains(account, after, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_grant_on_the_ring_is_taken_away_too_once_for_all_its_keys()
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-us");
        var keys = await world.KeysAsync(cluster);
        var ring = keys[0].KeyUri[..keys[0].KeyUri.IndexOf("/cryptoKeys/", StringComparison.Ordinal)];
        await world.BindAsync(
            ring,
            $$"""[{"role":"{{GcpNames.UseRole}}","members":["serviceAccount:{{keys[0].AuthPrincipal}}"]}]"""
        );
        var changes = await world.Provider.PlanRevocationAsync(GcpWorld.Revocation(cluster, keys), world.Context);
        Assert.Equal([ring, keys[0].KeyUri], changes.Select(c => c.Target));
    }

    [Fact]
    public async Task A_deny_is_no_way_to_revoke_here_and_the_error_names_those_that_are()
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-us");
        var keys = await world.KeysAsync(cluster);
        var fault = await Assert.ThrowsAsync<CmekException>(() =>
            world.Provider.PlanRevocationAsync(
                GcpWorld.Revocation(cluster, keys, CmekRevocationMethod.Deny),
                world.Context
            )
        );
        Assert.Equal("RevocationMethodNotSupported", fault.ErrorId);
        Assert.Contains("RemoveGrant, RemoveTrust, DisableKey", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(FaultAction.CutBefore)]
    [InlineData(FaultAction.CutAfter)]
    public async Task Every_request_of_revoking_and_restoring_may_be_cut(FaultAction action)
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-us");
        var keys = await world.KeysAsync(cluster);
        var before = await StateAsync(world, keys[0]);
        foreach (var method in new[] { CmekRevocationMethod.RemoveGrant, CmekRevocationMethod.DisableKey })
        {
            for (var skip = 0; skip < 4; skip++)
            {
                var change = Assert.Single(
                    await world.Provider.PlanRevocationAsync(GcpWorld.Revocation(cluster, keys, method), world.Context)
                );
                await CutAsync(() => world.Provider.RevokeAccessAsync(change, world.Context));
                Assert.NotEqual(before, await StateAsync(world, keys[0]));
                await CutAsync(() => world.Provider.RestoreAccessAsync(change, world.Context));
                Assert.Equal(before, await StateAsync(world, keys[0]));

                async Task CutAsync(Func<Task> work)
                {
                    world.Server.Faults.Add(
                        new FaultRule
                        {
                            Service = "gcp",
                            Skip = skip,
                            Count = 1,
                            Action = action,
                        }
                    );
                    await work();
                    world.Server.Faults.Clear();
                }
            }
        }
    }

    /// <summary>Who may use the key and act as the account, and the states of the versions.</summary>
    private static async Task<string> StateAsync(GcpWorld world, CmekKey key)
    {
        var account = new ServiceAccountEmail(key.AuthPrincipal, "", "sandbox-customer").Resource;
        var trust = await world.SendAsync(HttpMethod.Post, $"{account}:getIamPolicy");
        var versions = (await world.GetAsync($"{key.KeyUri}/cryptoKeyVersions"))
            .GetProperty("cryptoKeyVersions")
            .EnumerateArray()
            .Select(v => v.GetProperty("state").GetString());
        return $"{await world.PolicyAsync(key.KeyUri)} {(trust.TryGetProperty("bindings", out var bindings) ? bindings.ToString() : "[]")} {string.Join(",", versions)}";
    }
}
