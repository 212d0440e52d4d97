using System.Net;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Tests.Http;

namespace CockroachCmek.Core.Tests.Cmek;

/// <summary>What a revocation does not wait for.</summary>
public sealed class RevocationUrgencyTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task A_KMS_that_never_responds_delays_no_other_key_and_is_named_at_the_end()
    {
        using var world = await RevocationWorld.EnabledAsync();
        var newer = await world.ReplaceNearKeyAsync();
        world.Clock = new JumpingClock();
        // The silence ends when both other keys were taken: a run that waits for it first never ends.
        var end = new TaskCompletionSource();
        var taken = 0;
        world.Moon.Silent[RevocationWorld.Far] = end.Task;
        world.Moon.Changing = _ =>
        {
            if (Interlocked.Increment(ref taken) == 2)
                end.SetResult();
        };
        var (revocation, error) = await world
            .RevokeAsync(new RevocationOptions { NeighbourPatience = Patience })
            .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.Null(world.Moon.Keys[newer].GrantedTo);
        Assert.Null(world.Moon.Keys[RevocationWorld.Near].GrantedTo);
        Assert.NotNull(world.Moon.Keys[RevocationWorld.Far].GrantedTo);
        Assert.Equal("AccessNotTaken", error?.ErrorId);
        Assert.Contains(RevocationWorld.Far, error!.Message, StringComparison.Ordinal);
        var late = Assert.Single(revocation.Changes, c => c.State == CmekAccessChangeState.Failed);
        Assert.Contains("Moon KMS gave no response within 10 s", late.Fault, StringComparison.Ordinal);
        Assert.Contains(world.Log.Questions, q =>
            q.Action == $"Remove access to {RevocationWorld.Far} too, once its KMS responds"
        );
    }

    [Fact]
    public async Task A_key_whose_KMS_responds_late_is_taken_in_the_same_run()
    {
        using var world = await RevocationWorld.EnabledAsync();
        world.Clock = new JumpingClock();
        var end = new TaskCompletionSource();
        world.Moon.Late[RevocationWorld.Far] = end.Task;
        world.Moon.Changing = key =>
        {
            if (key == RevocationWorld.Near)
                end.SetResult();
        };
        var (revocation, error) = await world
            .RevokeAsync(new RevocationOptions { NeighbourPatience = Patience })
            .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Null(error);
        Assert.Equal(2, revocation.Changes.Count);
        Assert.All(revocation.Changes, c => Assert.Equal(CmekAccessChangeState.Done, c.State));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2_000)]
    public async Task Before_the_first_key_is_taken_the_same_few_requests_are_sent_whatever_the_number_of_clusters(
        int others
    )
    {
        using var world = await RevocationWorld.EnabledAsync();
        for (var i = 1; i <= others; i++)
            world.Api.Others[RevocationWorld.Other($"other-{i}", i)] = HttpStatusCode.OK;
        // No other cluster can be read before a key was taken: a run that waits for one never ends.
        var taken = new TaskCompletionSource();
        world.Api.OthersRespond = taken.Task;
        var before = 0;
        world.Moon.Changing = _ =>
        {
            lock (world.Api.Requests)
                if (before == 0)
                    before = world.Api.Requests.Count;
            taken.TrySetResult();
        };
        var (revocation, error) = await world
            .RevokeAsync(new RevocationOptions { NeighbourPatience = Patience })
            .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.Null(error);
        Assert.All(revocation.Changes, c => Assert.Equal(CmekAccessChangeState.Done, c.State));
        // The keys, the list of clusters, and two neighbours that are read beside the work.
        Assert.InRange(before, 1, 4);
        Assert.Equal(
            others > 1,
            world.Log.Warnings.Any(w =>
                w.Contains("of 2000 other clusters could not be read in time", StringComparison.Ordinal)
                && w.EndsWith("run Test-CrdbCmekRevocation apollo", StringComparison.Ordinal)
            )
        );
    }
}
