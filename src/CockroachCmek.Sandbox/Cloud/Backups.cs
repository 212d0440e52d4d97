using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Cloud;

/// <summary>
/// Managed backups: one every hour, for as long as the keys can be used. All that have come due since the last request
/// are judged by the state of the keys at this one.
/// </summary>
internal static class Backups
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    private const int Kept = 200;

    public static JsonObject Configuration() =>
        new()
        {
            ["enabled"] = true,
            ["frequency_minutes"] = (int)Interval.TotalMinutes,
            ["retention_days"] = 30,
        };

    /// <summary>Takes the backups that are due.</summary>
    /// <param name="canUseKeys">Asked only when a backup is due: it uses the customer's keys.</param>
    public static void Take(FleetCluster cluster, DateTimeOffset now, Func<bool> canUseKeys)
    {
        if (now < cluster.NextBackup)
            return;
        var works = canUseKeys();
        for (; cluster.NextBackup <= now; cluster.NextBackup += Interval)
            if (works)
                cluster.Backups.Add(cluster.NextBackup);
        if (cluster.Backups.Count > Kept)
            cluster.Backups.RemoveRange(0, cluster.Backups.Count - Kept);
    }
}
