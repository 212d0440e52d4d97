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
    /// Id of the check, for example CMEK017, as docs/checks.md and a suppression file name it. It never changes.
    /// </summary>
    public string Id => CmekCheckTable.Find(Check)?.Id ?? "";

    /// <summary>How bad it is when this check does not pass, whether it passes or not.</summary>
    public CmekSeverity Severity => CmekCheckTable.Find(Check)?.Severity ?? CmekSeverity.Medium;

    /// <summary>The key that was checked; empty for a check of the cluster or of a region as a whole.</summary>
    public string KeyUri { get; internal init; } = "";

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

    /// <summary>True when a suppression accepts what was found. The status stays as it is.</summary>
    public bool Suppressed { get; internal init; }

    /// <summary>The reason that the suppression gives; empty when nothing is suppressed.</summary>
    public string SuppressionReason { get; internal init; } = "";

    /// <summary>When the suppression ends; null when nothing is suppressed.</summary>
    public DateTimeOffset? SuppressedUntil { get; internal init; }

    /// <summary>
    /// True for what the baseline did not have, or had with a better status; false for what it had, and for a pass. Null
    /// without a baseline.
    /// </summary>
    public bool? IsNew { get; internal init; }

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
