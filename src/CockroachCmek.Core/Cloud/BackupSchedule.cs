namespace CockroachCmek.Core.Cloud;

/// <summary>When managed backups are taken, and how long they are kept.</summary>
/// <param name="IsOn">False when they are off, or not known.</param>
/// <param name="Every">How often; null when not known.</param>
/// <param name="Retention">How long; null when not known.</param>
internal sealed record BackupSchedule(bool IsOn, TimeSpan? Every, TimeSpan? Retention)
{
    /// <summary>The schedule could not be read.</summary>
    public static BackupSchedule Unknown { get; } = new(false, null, null) { IsKnown = false };

    /// <summary>False when it could not be read.</summary>
    public bool IsKnown { get; private init; } = true;
}
