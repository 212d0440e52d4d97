using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Cmek;

/// <summary>A write whose request was refused as busy, while the state shows what was asked for.</summary>
public sealed class SettledWriteTests
{
    private static readonly CrdbCluster Cluster = new() { Id = Guid.NewGuid().ToString(), Name = "prod-eu" };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Another_run_that_was_faster_ends_a_write_as_ClusterChanged(bool atOnce)
    {
        // The other's request is processed while this run's is on its way, or while this run waits.
        var reads = 0;
        var shownFrom = atOnce ? 1 : 2;
        var error = await Assert.ThrowsAsync<CmekException>(() =>
            SendAsync(
                () => throw Errors.CloudBusy(503, RequestTarget.Cluster("prod-eu"), "", null),
                () => reads++ >= shownFrom
            )
        );
        Assert.Equal("ClusterChanged", error.ErrorId);
    }

    [Fact]
    public async Task A_run_that_lost_a_response_counts_the_change_as_its_own()
    {
        var sent = 0;
        var reads = 0;
        var (state, isOwn) = await SendAsync(
            () =>
                ++sent == 1
                    ? throw Errors.Make(CmekErrorKind.Connection, null, "lost", "x")
                    : throw Errors.CloudBusy(503, RequestTarget.Cluster("prod-eu"), "", null),
            () => reads++ >= 3
        );
        Assert.True(state);
        Assert.True(isOwn);
    }

    /// <param name="read">Whether the state shows what was asked for.</param>
    private static Task<(bool State, bool IsOwn)> SendAsync(Func<bool> send, Func<bool> read) =>
        SettledWrite.SendAsync(
            Cluster,
            () => Task.FromResult(send()),
            () => Task.FromResult(read()),
            isDone: state => state,
            refuseChange: state => state ? throw Errors.ClusterChanged("prod-eu", ["it"], "") : Task.CompletedTask,
            new WriteOptions(),
            new OperationContext(
                new RecordingLog(),
                new ScaledTimeProvider(TimeProvider.System, 20_000),
                CancellationToken.None
            )
        );
}
