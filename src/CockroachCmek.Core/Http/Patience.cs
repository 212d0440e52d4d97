namespace CockroachCmek.Core.Http;

/// <summary>How long a command waits for a service that does not respond, or that asks to wait.</summary>
internal sealed record Patience
{
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LeastRealTogether = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LeastRealAnnounce = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LeastRealAttempt = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LeastRealTotal = TimeSpan.FromSeconds(45);

    /// <summary>Of a command that has time.</summary>
    public static Patience Usual { get; } = new();

    /// <summary>Of a revocation: a key that cannot be taken now is named now.</summary>
    public static Patience Urgent { get; } =
        new()
        {
            Attempt = TimeSpan.FromSeconds(10),
            Asked = TimeSpan.FromSeconds(10),
            Total = TimeSpan.FromSeconds(40),
        };

    /// <summary>How long work that is ready waits for other work that it is done together with.</summary>
    public TimeSpan Together { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>A wait that is longer is announced.</summary>
    public TimeSpan Announce { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>The longest time for one attempt at one request, from connecting to the end of the response.</summary>
    public TimeSpan Attempt { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest wait that a service may ask for (Retry-After).</summary>
    public TimeSpan Asked { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>After this time no further attempt at a request starts.</summary>
    public TimeSpan Total { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>The same, without a wait that is longer than the command's -Timeout.</summary>
    public Patience Within(TimeSpan timeout)
    {
        var bound = timeout > Least ? timeout : Least;
        return this with { Asked = Asked < bound ? Asked : bound, Total = Total < bound ? Total : bound };
    }

    /// <summary>
    /// The same on a clock. The network is not faster on a clock that is: there, every bound has a least real time.
    /// </summary>
    public Patience On(TimeProvider time) =>
        time is not ScaledTimeProvider scaled
            ? this
            : this with
            {
                Together = Longer(Together, LeastRealTogether, scaled.Scale),
                Announce = Longer(Announce, LeastRealAnnounce, scaled.Scale),
                Attempt = Longer(Attempt, LeastRealAttempt, scaled.Scale),
                Total = Longer(Total, LeastRealTotal, scaled.Scale),
            };

    private static TimeSpan Longer(TimeSpan bound, TimeSpan least, double scale) =>
        TimeSpan.FromTicks(Math.Max(bound.Ticks, (long)(least.Ticks * scale)));
}
