using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>
/// Judges what the logs show. Nodes keep the store key in memory, so that only starts of nodes and backups use the
/// customer's key: silence means something only against the schedule of backups.
/// </summary>
internal static class UsageVerdicts
{
    /// <summary>
    /// Whether an incremental backup uses the key is not known, and full ones are not taken at every interval.
    /// </summary>
    private static readonly TimeSpan LeastExpected = TimeSpan.FromHours(48);

    public static CmekUsage Judge(
        CrdbCluster cluster,
        CmekRegionSpec spec,
        bool isPast,
        KeyUsage usage,
        BackupSchedule schedule,
        DateTimeOffset now
    )
    {
        var expected = isPast || !schedule.IsOn ? (TimeSpan?)null : Longer(LeastExpected, Twice(schedule.Every));
        var silent = usage.LastUsed is { } last ? now - last : (TimeSpan?)null;
        var verdict = VerdictOf(usage, expected, silent, now);
        var isOverdue = verdict == CmekUsageVerdict.Silent && expected is not null;
        return new CmekUsage
        {
            ClusterId = cluster.Id,
            ClusterName = cluster.Name,
            Region = spec.Region,
            KeyUri = spec.KeyUri,
            AuthPrincipal = spec.AuthPrincipal,
            IsPast = isPast,
            Verdict = verdict,
            LastUsed = usage.LastUsed,
            LastOperation = usage.LastOperation,
            Uses = usage.Uses,
            UsesIsMinimum = usage.UsesIsMinimum,
            Refused = usage.Refused,
            LastRefused = usage.LastRefused,
            LastRefusal = usage.LastRefusal,
            SilentFor = silent,
            ExpectedWithin = expected,
            IsOverdue = isOverdue,
            IsRotationProven = isPast ? null : usage.UsesNewestMaterial,
            LastKeyMaterialId = usage.LastKeyMaterialId,
            OtherPrincipals = usage.OtherPrincipals,
            ReadFrom = usage.ReadFrom,
            Source = usage.Source,
            Detail = Describe(verdict, usage, expected, isPast, schedule),
            Gaps = usage.Gaps,
        };
    }

    private static CmekUsageVerdict VerdictOf(KeyUsage usage, TimeSpan? expected, TimeSpan? silent, DateTimeOffset now)
    {
        if (usage.LastRefused is { } refused && !(usage.LastUsed > refused))
            return CmekUsageVerdict.Refused;
        if (usage.IsNeverUsed)
            return CmekUsageVerdict.NeverUsed;
        // Silence counts from when on a use would have been seen.
        if (usage is { Uses: { } uses, ReadFrom: { } from } && (usage.LastUsed is not null || !usage.UsesIsMinimum))
        {
            var quiet = now - (usage.LastUsed > from ? usage.LastUsed.Value : from);
            var isQuiet = expected is null ? uses == 0 && quiet > usage.Delay : quiet > expected;
            if (isQuiet)
                return CmekUsageVerdict.Silent;
        }

        return usage is { LastUsed: not null, IsLastUserKnown: true } && !(silent > expected)
            ? CmekUsageVerdict.Used
            : CmekUsageVerdict.Unknown;
    }

    private static string Describe(
        CmekUsageVerdict verdict,
        KeyUsage usage,
        TimeSpan? expected,
        bool isPast,
        BackupSchedule schedule
    ) =>
        verdict switch
        {
            CmekUsageVerdict.Refused =>
                $"The last use was refused at {usage.LastRefused:u} ({usage.LastRefusal}){After(usage)}.",
            CmekUsageVerdict.NeverUsed => "Nobody has used the key since it was created.",
            CmekUsageVerdict.Used => $"Last used at {usage.LastUsed:u} ({usage.LastOperation}).",
            CmekUsageVerdict.Unknown => usage.Gaps.Count > 0
                ? $"The logs cannot tell. {usage.Gaps[0].Why}"
                : $"The logs cannot tell yet: they were read from {usage.ReadFrom:u} on.",
            _ => $"No use {Since(usage)}. {Meaning(expected, isPast, schedule)}",
        };

    private static string Meaning(TimeSpan? expected, bool isPast, BackupSchedule schedule) =>
        isPast ? "A past key is used only to restore a backup of its time."
        : expected is { } within ? $"Backups are on, so a use is expected within {within.TotalHours:0} hours."
        : schedule.IsKnown
            ? "Backups are off, and nodes keep the store key in memory: only a node that starts uses the key."
        : "Whether backups are on could not be read.";

    private static string Since(KeyUsage usage) =>
        usage.LastUsed is { } last ? $"since {last:u}" : $"since {usage.ReadFrom:u}, from when on the logs were read";

    private static string After(KeyUsage usage) =>
        usage.LastUsed is { } last ? $"; the last successful use was at {last:u}" : "";

    private static TimeSpan Twice(TimeSpan? span) => TimeSpan.FromTicks((span ?? TimeSpan.Zero).Ticks * 2);

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
