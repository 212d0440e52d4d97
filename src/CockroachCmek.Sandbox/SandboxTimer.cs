namespace CockroachCmek.Sandbox;

/// <summary>A timer on the sandbox's clock: a real one that is set again when the clock is advanced.</summary>
internal sealed class SandboxTimer : ITimer
{
    // A real timer counts milliseconds.
    private static readonly TimeSpan Precision = TimeSpan.FromMilliseconds(1);

    private readonly object _gate = new();
    private readonly SandboxClock _clock;
    private readonly TimerCallback _callback;
    private readonly object? _state;
    private readonly ITimer _real;

    // On the scale of SandboxClock.Passed; null when the timer is not running.
    private TimeSpan? _due;
    private TimeSpan _period;

    public SandboxTimer(SandboxClock clock, TimeProvider real, TimerCallback callback, object? state)
    {
        (_clock, _callback, _state) = (clock, callback, state);
        _real = real.CreateTimer(_ => Fire(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        lock (_gate)
        {
            _period = period;
            _due = dueTime < TimeSpan.Zero ? null : _clock.Passed + dueTime;
            _clock.Watch(this, isWaiting: _due is not null);
            return _real.Change(_clock.Real(dueTime), Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Sets the real timer again, after the clock was advanced.</summary>
    public void Follow()
    {
        lock (_gate)
            if (_due is { } due)
                _real.Change(Wait(due), Timeout.InfiniteTimeSpan);
    }

    public void Dispose()
    {
        Stop();
        _real.Dispose();
    }

    public ValueTask DisposeAsync()
    {
        Stop();
        return _real.DisposeAsync();
    }

    private void Fire()
    {
        lock (_gate)
        {
            // Change or Dispose may come between the real timer and this call.
            if (_due is not { } due)
                return;
            if (Wait(due) is var left && left >= Precision)
            {
                _real.Change(left, Timeout.InfiniteTimeSpan);
                return;
            }

            _due = _period > TimeSpan.Zero ? due + _period : null;
            if (_due is { } next)
                _real.Change(Wait(next), Timeout.InfiniteTimeSpan);
            else
                _clock.Watch(this, isWaiting: false);
        }

        _callback(_state);
    }

    private void Stop()
    {
        lock (_gate)
        {
            _due = null;
            _clock.Watch(this, isWaiting: false);
        }
    }

    private TimeSpan Wait(TimeSpan due)
    {
        var left = due - _clock.Passed;
        return left > TimeSpan.Zero ? _clock.Real(left) : TimeSpan.Zero;
    }
}
