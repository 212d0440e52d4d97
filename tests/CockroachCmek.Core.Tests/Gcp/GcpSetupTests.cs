using CockroachCmek.Sandbox;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Gcp;

/// <summary>Creating the service account and the keys of a cluster.</summary>
public sealed class GcpSetupTests
{
    [Fact]
    public async Task Each_region_gets_a_key_in_its_own_location_and_a_second_run_writes_nothing()
    {
        await using var world = await GcpWorld.StartAsync("gcp-eu");

        var keys = await world.EnsureKeysAsync();
        var before = world.LastRequest;
        var again = await world.EnsureKeysAsync();

        Assert.Equal(["europe-west1", "europe-west4"], keys.Select(k => k.Location));
        Assert.All(keys, k => Assert.Equal(CmekOutcome.Created, k.Outcome));
        Assert.All(again, k => Assert.Equal(CmekOutcome.Existing, k.Outcome));
        Assert.Empty(world.WritesSince(before));
        world.ConformsToSpecification();
    }

    [Fact]
    public async Task A_dry_run_asks_about_every_write_and_makes_none()
    {
        await using var world = await GcpWorld.StartAsync("gcp-eu");
        world.Log = new RecordingLog { Answer = false };

        var role = await world.EnsureRoleAsync();
        var keys = await world.Provider.EnsureKeysAsync(world.KeyRequest(role.AuthPrincipal), world.Context);

        Assert.Equal(CmekOutcome.Planned, role.Outcome);
        Assert.All(keys, k => Assert.Equal(CmekOutcome.Planned, k.Outcome));
        Assert.Equal(5, world.Log.Questions.Count); // the account, two key rings, two keys
        Assert.Empty(world.WritesSince(0));
    }

    [Theory]
    [Trait("Lane", "Slow")]
    [InlineData(FaultAction.CutBefore)]
    [InlineData(FaultAction.CutAfter)]
    public async Task A_lost_connection_at_any_request_ends_as_a_clean_run_does(FaultAction action)
    {
        var (clean, requests) = await SetUpAsync(null);
        Assert.InRange(requests, 15, 40);

        for (var skip = 0; skip < requests; skip++)
        {
            var (cut, _) = await SetUpAsync(
                new FaultRule
                {
                    Service = "gcp",
                    Skip = skip,
                    Count = 1,
                    Action = action,
                }
            );
            Assert.Equal(clean, cut);
        }
    }

    /// <summary>Sets a cluster up, and returns what exists then and how many requests it took.</summary>
    private static async Task<(string State, int Requests)> SetUpAsync(FaultRule? fault)
    {
        await using var world = await GcpWorld.StartAsync();
        if (fault is not null)
            world.Server.Faults.Add(fault);
        var keys = await world.EnsureKeysAsync();
        world.Server.Faults.Clear();
        var requests = world.Server.Exchanges.Count(e => e.Request.Service == "gcp");
        var accounts = await world.Administrator.GetAsync($"projects/{GcpWorld.Project}/serviceAccounts");
        var ring = GcpWorld.RingOf(Assert.Single(keys).KeyUri);
        var state = string.Join(
            '\n',
            string.Join(',', accounts.GetProperty("accounts").EnumerateArray().Select(a => a.GetProperty("email"))),
            await world.Administrator.TrustAsync(keys[0].AuthPrincipal),
            (await world.Administrator.GetAsync($"{ring}/cryptoKeys")).GetProperty("cryptoKeys").GetArrayLength(),
            await world.Administrator.BindingsAsync(keys[0].KeyUri),
            string.Join(',', await world.Administrator.VersionStatesAsync(keys[0].KeyUri))
        );
        // Each sandbox gives its clusters other ids.
        return (state.Replace(world.Cluster.Id[^12..], "<id>", StringComparison.Ordinal), requests);
    }
}
