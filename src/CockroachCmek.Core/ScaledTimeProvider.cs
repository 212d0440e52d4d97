namespace CockroachCmek.Core;

/// <summary>
/// A clock that runs faster than real time, for rehearsals: one of its seconds takes 1/scale of a real second. Delays
/// and timers shrink alike.
/// </summary>
internal sealed class ScaledTimeProvider : TimeProvider
{
    private readonly TimeProvider _inner;
    private readonly double _factor;
    private readonly DateTimeOffset _innerStart;
    private readonly DateTimeOffset _start;
    private readonly long _startTimestamp;

    /// <param name="inner">The clock that is sped up.</param>
    /// <param name="scale">How many times faster; greater than zero.</param>
    /// <param name="start">What time it is now. Default: that of the inner clock.</param>
    public ScaledTimeProvider(TimeProvider inner, double scale, DateTimeOffset? start = null)
    {
        if (!(scale > 0))
            throw new ArgumentOutOfRangeException(nameof(scale), scale, "A time scale is greater than zero.");
        _inner = inner ?? throw new ArgumentNullException(nameof(inner));
        _factor = Scale = scale;
        _innerStart = inner.GetUtcNow();
        _start = start ?? _innerStart;
        _startTimestamp = inner.GetTimestamp();
    }

    /// <summary>How many times faster than real time.</summary>
    public double Scale { get; private init; }

    /// <summary>A clock that already runs faster than real time.</summary>
    /// <param name="clock">The clock, which may jump.</param>
    /// <param name="scale">How many times faster it runs.</param>
    public static ScaledTimeProvider Follow(TimeProvider clock, double scale) => new(clock, 1) { Scale = scale };

    /// <inheritdoc/>
    public override long TimestampFrequency => _inner.TimestampFrequency;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() =>
        _start + TimeSpan.FromTicks((long)((_inner.GetUtcNow() - _innerStart).Ticks * _factor));

    /// <inheritdoc/>
    public override long GetTimestamp() =>
        _startTimestamp + (long)((_inner.GetTimestamp() - _startTimestamp) * _factor);

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        _inner.CreateTimer(callback, state, Shrink(dueTime), Shrink(period));

    private TimeSpan Shrink(TimeSpan span) =>
        span <= TimeSpan.Zero ? span : TimeSpan.FromTicks(Math.Max(1, (long)(span.Ticks / _factor)));
}
