using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Cloud;

/// <summary>
/// Managed backups: off until CMEK is enabled, which cmek.md advises before data is loaded. Then one every hour, for as long as the keys can be used. All that have come due since the last request
/// are judged by the state of the keys at this one.
/// </summary>
internal static class Backups
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

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
    /// <param name="canUseKeys">Asked only when a backup is due: it uses the customer's keys.</param>
    public static void Take(FleetCluster cluster, DateTimeOffset now, Func<bool> canUseKeys)
    {
        if (cluster.NextBackup is not { } next || now < next)
            return;
        var works = canUseKeys();
        for (; next <= now; next += Interval)
            if (works)
                cluster.Backups.Add(next);
        cluster.NextBackup = next;
        if (cluster.Backups.Count > Kept)
            cluster.Backups.RemoveRange(0, cluster.Backups.Count - Kept);
    }
}
