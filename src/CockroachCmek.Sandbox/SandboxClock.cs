namespace CockroachCmek.Sandbox;

/// <summary>The sandbox's time: real time since start, multiplied. What takes 20 minutes in life takes a second at a scale of 1,200.</summary>
public sealed class SandboxClock(TimeProvider time, double scale)
{
    private readonly DateTimeOffset _start = time.GetUtcNow();

    /// <summary>How many times faster than life.</summary>
    public double Scale { get; } = scale;

    /// <summary>Now, in sandbox time.</summary>
    public DateTimeOffset UtcNow
    {
        get
        {
            var elapsed = time.GetUtcNow() - _start;
            return _start + TimeSpan.FromTicks((long)(elapsed.Ticks * Scale));
        }
    }
}
