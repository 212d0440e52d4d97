using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Cloud;

/// <summary>
/// Managed backups: off until CMEK is enabled, which cmek.md advises before data is loaded. Then one every hour, for as
/// long as the keys can be used. All that have come due since the last request
/// are judged by the state of the keys at this one. A full backup once a day has a backup data key of its own, which
/// the
/// customer's key wraps; the others use that of the full one (cmek.md), and touch the customer's key only to see that
/// it
/// can still be used.
/// </summary>
internal static class Backups
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    private static readonly TimeSpan FullInterval = TimeSpan.FromDays(1);

    /// <summary>No cloud shows uses of a key that are older in its logs by default.</summary>
    private static readonly TimeSpan Logged = TimeSpan.FromDays(90);

    private const int Kept = 200;

    public static JsonObject Configuration(FleetCluster cluster) =>
        new()
        {
            ["enabled"] = cluster.NextBackup is not null,
            ["frequency_minutes"] = (int)Interval.TotalMinutes,
            ["retention_days"] = 30,
        };

    /// <summary>Switches them on, if they are off.</summary>
    public static void Start(FleetCluster cluster, DateTimeOffset first) => cluster.NextBackup ??= first;

    /// <summary>Takes the backups that are due.</summary>
    /// <param name="canUseKeys">
    /// Uses the customer's keys as of a moment: when a full backup is due, and at the first one that is due.
    /// </param>
    public static void Take(FleetCluster cluster, DateTimeOffset now, Func<DateTimeOffset, bool> canUseKeys)
    {
        if (cluster.NextBackup is not { } next || now < next)
            return;
        var works = (bool?)null;
        for (; next <= now; next += Interval)
        {
            var isFull = cluster.LastFullBackup is not { } last || next - last >= FullInterval;
            if (isFull)
                cluster.LastFullBackup = next;
            if (works is null || (isFull && now - next <= Logged))
                works = canUseKeys(next);
            if (works == true)
                cluster.Backups.Add(next);
        }

        cluster.NextBackup = next;
        if (cluster.Backups.Count > Kept)
            cluster.Backups.RemoveRange(0, cluster.Backups.Count - Kept);
    }
}
