using System.Net;

namespace CockroachCmek.Core.Tests.Cmek;

/// <summary>What exists for a cluster: keys, identities, and the line of the fleet table.</summary>
public sealed class InventoryTests
{
    [Fact]
    public async Task Keys_have_their_state_and_their_grant_in_short()
    {
        using var world = await RevocationWorld.EnabledAsync();
        var newer = await world.ReplaceNearKeyAsync();
        world.Moon.Keys[RevocationWorld.Far] = world.Moon.Keys[RevocationWorld.Far] with { GrantedTo = null };
        world.Moon.Keys.Remove(RevocationWorld.Near, out _);
        var keys = (await world.KeysAsync()).ToDictionary(k => k.KeyUri);
        Assert.Equal(
            (CmekKeyUse.InForce, "Enabled", CmekAccessVerdict.Granted),
            (keys[newer].Use, keys[newer].State, keys[newer].Access)
        );
        Assert.Equal(CmekAccessVerdict.NotGranted, keys[RevocationWorld.Far].Access);
        Assert.Equal((CmekKeyUse.Past, "NotFound"), (keys[RevocationWorld.Near].Use, keys[RevocationWorld.Near].State));
        Assert.Equal(CmekAccessVerdict.Unknown, keys[RevocationWorld.Near].Access);
        Assert.Equal(DateTimeOffset.UnixEpoch, keys[newer].CreatedAt);
    }

    [Fact]
    public async Task An_identity_names_the_keys_that_it_is_granted_also_without_the_API()
    {
        using var world = await RevocationWorld.EnabledAsync();
        world.Moon.Keys[RevocationWorld.Far] = world.Moon.Keys[RevocationWorld.Far] with { GrantedTo = null };
        Assert.Equal([RevocationWorld.Near], Assert.Single(await world.RolesAsync()).GrantedKeys);

        world.Api.Down = HttpStatusCode.Forbidden;
        Assert.Equal([RevocationWorld.Near], Assert.Single(await world.RolesAsync()).GrantedKeys);
        Assert.Contains(world.Log.Warnings, w => w.Contains("could not be asked", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_line_of_the_fleet_has_the_state_the_age_and_the_worst_check()
    {
        using var world = await RevocationWorld.EnabledAsync();
        world.Moon.Keys[RevocationWorld.Far] = world.Moon.Keys[RevocationWorld.Far] with { GrantedTo = null };
        var line = await world.SummaryAsync();
        Assert.Equal(CmekStatus.Enabled, line.Status);
        Assert.Equal(
            (int)(DateTimeOffset.UtcNow - line.OldestKeySince!.Value).TotalDays,
            line.OldestKeyAgeInDays!.Value,
            tolerance: 1d
        );
        Assert.NotEqual(CmekCheckStatus.Pass, line.WorstStatus);
        Assert.NotEmpty(line.WorstCheck);
        Assert.Equal(["near-side", "far-side"], line.Regions);

        world.Api.Down = HttpStatusCode.Forbidden;
        var unread = await world.SummaryAsync();
        Assert.Equal((CmekCheckStatus.Unknown, ""), (unread.WorstStatus, unread.Status));
        Assert.NotEmpty(unread.Detail);

        var standard = await world.SummaryAsync(world.Cluster with { Plan = "STANDARD" });
        Assert.Null(standard.WorstStatus);
        Assert.Equal("The plan STANDARD has no CMEK.", standard.Detail);
    }
}
