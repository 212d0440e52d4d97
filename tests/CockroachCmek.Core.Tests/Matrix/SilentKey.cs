using CockroachCmek.Core.Clouds;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Sandbox;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Matrix;

/// <summary>
/// One key's endpoint accepts connections and never responds. It holds up no other key, the run ends in a bounded time,
/// and the output names the key where it can still be used.
/// </summary>
internal static class SilentKey
{
    /// <summary>What a run may take by its own clock: the bound of one urgent request, for its few steps.</summary>
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(3);

    private static readonly FaultRule Silence = new() { Action = FaultAction.Delay, Delay = TimeSpan.FromDays(10_000) };

    public static async Task RunAsync(MatrixCloud cloud)
    {
        using var keys = cloud.Start(MatrixState.KeyUnreachable, Silence);
        using var client = cloud.Client();
        var clock = new NetworkClock();
        var log = new RecordingLog();
        var start = clock.GetTimestamp();
        var (_, error) = await new CmekRevocations(
            client,
            MatrixCloud.Lifecycle(client),
            CustomerClouds.All
        ).RevokeAsync(
            cloud.Cluster,
            keys,
            new RevocationOptions { NeighbourPatience = TimeSpan.FromMilliseconds(200) },
            new OperationContext(log, clock, TestContext.Current.CancellationToken)
        );

        var took = clock.GetElapsedTime(start);
        Assert.True(took < Bound, $"{took}\n{error?.Message}");
        var usable = cloud.Usable();
        Assert.All(usable, key => Assert.Contains(key, error?.Message ?? "", StringComparison.OrdinalIgnoreCase));
        Assert.Equal(usable.Count == 0, cloud.ToCloud().Any(e => e.Request.Method == "PATCH"));
        Assert.DoesNotContain(cloud.InForce[0].KeyUri, usable);
        cloud.Server.Faults.Clear();
    }

    /// <summary>
    /// A clock twenty times faster, for which the module's bounds are what they are: the bounds of a scaled clock are
    /// longer, because the network is not faster on it.
    /// </summary>
    private sealed class NetworkClock : TimeProvider
    {
        private readonly ScaledTimeProvider _scaled = new(System, 20);

        public override long TimestampFrequency => _scaled.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => _scaled.GetUtcNow();

        public override long GetTimestamp() => _scaled.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            _scaled.CreateTimer(callback, state, dueTime, period);
    }
}
