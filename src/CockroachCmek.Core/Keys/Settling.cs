namespace CockroachCmek.Core.Keys;

/// <summary>How <see cref="CloudCalls"/> settles a write whose response was lost.</summary>
internal sealed record Settling
{
    /// <summary>Three rounds, one read after each.</summary>
    public static Settling Default { get; } = new();

    /// <summary>How often the write is sent at most.</summary>
    public int Rounds { get; init; } = 3;

    /// <summary>A second read after this pause, for a service that may still be working; null for one read.</summary>
    public TimeSpan? SecondRead { get; init; }

    /// <summary>
    /// Refusals which mean that the write has been made, by this run or an earlier one; they are settled by reading.
    /// </summary>
    public Func<Exception, bool> IsDone { get; init; } = _ => false;

    /// <summary>
    /// Refusals because something else changed the same resource in between: after a pause the state is read again,
    /// and a write that is still needed is sent again.
    /// </summary>
    public Func<Exception, bool> IsConflict { get; init; } = _ => false;

    /// <summary>False for a lost response after which the write must not be sent again.</summary>
    public Func<Exception, bool> MaySendAgain { get; init; } = _ => true;
}
