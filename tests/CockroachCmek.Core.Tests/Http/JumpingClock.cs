namespace CockroachCmek.Core.Tests.Http;

/// <summary>
/// A clock that jumps to the end of every wait, in the order of their ends. It shows how long code would wait, without
/// waiting: a second takes a millisecond.
/// </summary>
internal sealed class JumpingClock : TimeProvider
{
    private readonly DateTimeOffset _start = DateTimeOffset.UtcNow;
    private long _ticks;

    /// <summary>The time that was waited.</summary>
    public TimeSpan Elapsed => TimeSpan.FromTicks(Interlocked.Read(ref _ticks));

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => _start + Elapsed;

    public override long GetTimestamp() => Elapsed.Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime <= TimeSpan.Zero)
            return System.CreateTimer(callback, state, dueTime, period);
        var end = Elapsed + dueTime;
        return System.CreateTimer(
            s =>
            {
                JumpTo(end);
                callback(s);
            },
            state,
            TimeSpan.FromMilliseconds(Math.Max(1, dueTime.TotalSeconds)),
            Timeout.InfiniteTimeSpan
        );
    }

    private void JumpTo(TimeSpan end)
    {
        for (var now = Interlocked.Read(ref _ticks); now < end.Ticks; now = Interlocked.Read(ref _ticks))
            if (Interlocked.CompareExchange(ref _ticks, end.Ticks, now) == now)
                return;
    }
}
