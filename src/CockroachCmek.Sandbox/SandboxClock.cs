namespace CockroachCmek.Sandbox;

/// <summary>
/// The sandbox's time: real time since the start, multiplied by a scale, plus what it was advanced by. At a scale of
/// 1,200, what takes 20 minutes in production takes a second.
/// </summary>
public sealed class SandboxClock(TimeProvider time, double scale)
{
    private readonly DateTimeOffset _start = time.GetUtcNow();
    private long _advancedTicks;

    /// <summary>How many times faster than real time the clock runs.</summary>
    public double Scale { get; } = scale;

    /// <summary>Now, in sandbox time.</summary>
    public DateTimeOffset UtcNow
    {
        get
        {
            var elapsed = time.GetUtcNow() - _start;
            return _start + TimeSpan.FromTicks((long)(elapsed.Ticks * Scale) + Interlocked.Read(ref _advancedTicks));
        }
    }

    /// <summary>Moves the clock forward, so that everything due by then is due now.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The span is negative: time does not run backwards.</exception>
    public void Advance(TimeSpan span)
    {
        if (span < TimeSpan.Zero)
            throw new ArgumentOutOfRangeException(nameof(span), span, "A clock can only be advanced.");
        Interlocked.Add(ref _advancedTicks, span.Ticks);
    }

    /// <summary>Continues at a moment of another clock.</summary>
    internal void ContinueAt(DateTimeOffset moment) => Interlocked.Add(ref _advancedTicks, (moment - UtcNow).Ticks);
}
