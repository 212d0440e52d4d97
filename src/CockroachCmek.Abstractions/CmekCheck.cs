namespace CockroachCmek;

/// <summary>The result of one check.</summary>
public sealed record CmekCheck
{
    /// <summary>UUID of the cluster; empty when none is known.</summary>
    public string ClusterId { get; internal init; } = "";

    /// <summary>Name of the cluster; empty when none is known.</summary>
    public string ClusterName { get; internal init; } = "";

    /// <summary>The region that was checked; empty for a check of the whole cluster.</summary>
    public string Region { get; internal init; } = "";

    /// <summary>
    /// Name of the check, one of <see cref="CmekCheckName"/>: the same on every cloud and for every result.
    /// </summary>
    public string Check { get; internal init; } = "";

    /// <summary>
    /// What is wrong, for example KeyTooOld: the id of the error that other cmdlets raise for it. Empty when nothing is
    /// wrong.
    /// </summary>
    public string ErrorId { get; internal init; } = "";

    /// <summary>The result.</summary>
    public CmekCheckStatus Status { get; internal init; }

    /// <summary>What was found.</summary>
    public string Detail { get; internal init; } = "";

    /// <summary>
    /// What to do next, for people: a command with what is known of it, a page, or a sentence. Empty when nothing is
    /// wrong.
    /// </summary>
    public string Remedy { get; internal init; } = "";

    /// <summary>
    /// The command of <see cref="Remedy"/> alone, for scripts and logs. What you have to fill in stands in angle
    /// brackets. Empty when the remedy is no command.
    /// </summary>
    public string NextCommand => NextCommands.Of(Remedy);

    /// <inheritdoc/>
    public override string ToString() => $"{Check}: {Status}";
}

/// <summary>Result of a check.</summary>
public enum CmekCheckStatus : long
{
    /// <summary>Nothing is wrong.</summary>
    Pass,

    /// <summary>It works, but needs attention.</summary>
    Warning,

    /// <summary>It does not work, or will stop working.</summary>
    Fail,

    /// <summary>
    /// It could not be determined, for example because a permission is missing. Never counts as a pass.
    /// </summary>
    Unknown,
}
