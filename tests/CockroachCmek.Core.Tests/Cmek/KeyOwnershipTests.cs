using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Tests.FourthCloud;

namespace CockroachCmek.Core.Tests.Cmek;

/// <summary>A manifest or a record under the name of another cluster takes nobody's keys.</summary>
public sealed class KeyOwnershipTests
{
    private static readonly ClusterMark Gemini = new("00000000-0000-4000-8000-000000000001", "gemini");

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Keys_of_a_file_that_are_marked_for_another_cluster_are_refused_unless_that_is_meant(
        bool kmsOnly,
        bool isIdKnown
    )
    {
        using var world = await RevocationWorld.EnabledAsync();
        // CockroachDB Cloud names the near key itself.
        world.Moon.Marks[RevocationWorld.Near] = Gemini;
        const string Other = "moon:far-side:gagarin";
        world.Moon.Keys[Other] = new MoonKey(DateTimeOffset.UnixEpoch, "astronaut/gemini");
        world.Moon.Marks[Other] = Gemini;
        var options = new RevocationOptions
        {
            KmsOnly = kmsOnly,
            Source = world.Manifest with
            {
                RegionSpecs =
                [
                    world.Manifest.RegionSpecs[0],
                    CmekRegionSpec.Create("far-side", "MOON_KMS", Other, "astronaut/gemini"),
                ],
            },
        };
        var cluster = isIdKnown ? world.Cluster : world.Cluster with { Id = "" };
        var error = await Assert.ThrowsAsync<CmekException>(() => world.RevokeAsync(options, cluster));
        Assert.Equal(nameof(Errors.KeysOfAnotherCluster), error.ErrorId);
        Assert.Contains($"{Other} is marked for {Gemini}", error.Message, StringComparison.Ordinal);
        Assert.Equal(kmsOnly, error.Message.Contains(RevocationWorld.Near, StringComparison.Ordinal));
        Assert.All(world.Moon.Keys.Values, k => Assert.NotNull(k.GrantedTo));
        Assert.Empty(world.Log.Questions);

        var (_, allowed) = await world.RevokeAsync(options with { AllowSharedKey = true }, cluster);
        Assert.Null(allowed);
        Assert.Null(world.Moon.Keys[Other].GrantedTo);
        Assert.Contains(world.Log.Warnings, w => w.Contains("-AllowSharedKey was given", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Keys_that_are_marked_for_the_cluster_or_for_nobody_are_taken()
    {
        using var world = await RevocationWorld.EnabledAsync();
        world.Moon.Marks[RevocationWorld.Near] = new ClusterMark(world.Cluster.Id[^12..], "");
        var options = new RevocationOptions { KmsOnly = true, Source = world.Manifest };
        Assert.Null((await world.RevokeAsync(options)).Error);
        Assert.DoesNotContain(world.Log.Warnings, w => w.Contains("NOT known", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("crdb-cmek-0123456789ab", true)]
    [InlineData("crdb-cmek-0123456789AB", false)]
    [InlineData("crdb-cmek-0123456789abc", false)]
    [InlineData("our-role", false)]
    public void A_default_name_ends_with_the_digits_of_the_cluster(string name, bool isMark)
    {
        var mark = ClusterMark.OfName(name);
        Assert.Equal(isMark, mark is not null);
        if (isMark)
        {
            Assert.True(mark!.IsOf(new CrdbCluster { Id = "35c4abb2-bb66-46d7-afed-0123456789AB" }));
            Assert.False(mark.IsOf(new CrdbCluster { Id = "35c4abb2-bb66-46d7-afed-25ebef5ed2aa" }));
        }
    }

    [Fact]
    public async Task A_change_whose_response_was_lost_stays_in_the_record()
    {
        using var world = await RevocationWorld.EnabledAsync();
        var (revocation, _) = await world.RevokeAsync();
        var lost = revocation.Changes[0] with
        {
            State = CmekAccessChangeState.Failed,
            Method = CmekRevocationMethod.RemoveGrant,
        };
        // A plan of the same method shows it no more.
        CmekRevocationMethod[] methods = [CmekRevocationMethod.RemoveGrant, CmekRevocationMethod.DisableKey];
        var kept = Assert.Single(ChangeSet.Continue([], [lost], methods));
        Assert.Equal((CmekAccessChangeState.Planned, lost.Document), (kept.State, kept.Document));
        // What another method did not manage, or a key that could not be read, is left.
        Assert.Empty(ChangeSet.Continue([], [lost with { Method = CmekRevocationMethod.DisableKey }], methods));
        var unread = lost with { Kind = RevocationPlan.UnreadableKind };
        Assert.Equal([unread], ChangeSet.Continue([unread], [lost], methods));
    }
}
