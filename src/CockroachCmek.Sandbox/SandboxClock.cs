namespace CockroachCmek.Sandbox;

/// <summary>
/// The sandbox's time: real time since the start, multiplied by a scale, plus what it was advanced by. At a scale of
/// 1,200, what takes 20 minutes in production takes a second. Whoever waits on this clock is woken when it is advanced
/// past the end of the wait.
/// </summary>
public sealed class SandboxClock : TimeProvider
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(30);

    private readonly TimeProvider _real;
    private readonly DateTimeOffset _start;
    private readonly long _startTimestamp;
    private readonly object _gate = new();
    private readonly HashSet<SandboxTimer> _timers = [];
    private long _advancedTicks;
    private long _movedTicks;

    /// <param name="real">The real clock underneath.</param>
    /// <param name="scale">How many times faster; greater than zero.</param>
    public SandboxClock(TimeProvider real, double scale)
    {
        if (!(scale > 0))
            throw new ArgumentOutOfRangeException(nameof(scale), scale, "A time scale is greater than zero.");
        _real = real ?? throw new ArgumentNullException(nameof(real));
        _start = real.GetUtcNow();
        _startTimestamp = real.GetTimestamp();
        Scale = scale;
    }

    /// <summary>How many times faster than real time the clock runs.</summary>
    public double Scale { get; }

    /// <summary>Now, in sandbox time.</summary>
    public DateTimeOffset UtcNow => _start + Passed + Ticks(ref _movedTicks);

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>The time that has passed since the start and that the clock was advanced by.</summary>
    internal TimeSpan Passed =>
        TimeSpan.FromTicks((long)(_real.GetElapsedTime(_startTimestamp).Ticks * Scale)) + Ticks(ref _advancedTicks);

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => UtcNow;

    /// <inheritdoc/>
    public override long GetTimestamp() => Passed.Ticks;

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new SandboxTimer(this, _real, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock forward, so that everything due by then is due now.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The span is negative: time does not run backwards.</exception>
    public void Advance(TimeSpan span)
    {
        if (span < TimeSpan.Zero)
            throw new ArgumentOutOfRangeException(nameof(span), span, "A clock can only be advanced.");
        Interlocked.Add(ref _advancedTicks, span.Ticks);
        List<SandboxTimer> waiting;
        lock (_gate)
            waiting = [.. _timers];
        foreach (var timer in waiting)
            timer.Follow();
    }

    /// <summary>Continues at a moment of another clock. Waits go on: no time passes for them.</summary>
    internal void ContinueAt(DateTimeOffset moment) => Interlocked.Add(ref _movedTicks, (moment - UtcNow).Ticks);

    /// <summary>The real time that a span of sandbox time takes, or as much of it as a real timer can wait.</summary>
    internal TimeSpan Real(TimeSpan span) =>
        span <= TimeSpan.Zero
            ? span
            : TimeSpan.FromTicks((long)Math.Min(Math.Max(1, span.Ticks / Scale), LongestWait.Ticks));

    internal void Watch(SandboxTimer timer, bool isWaiting)
    {
        lock (_gate)
            if (isWaiting)
                _timers.Add(timer);
            else
                _timers.Remove(timer);
    }

    private static TimeSpan Ticks(ref long ticks) => TimeSpan.FromTicks(Interlocked.Read(ref ticks));
}
