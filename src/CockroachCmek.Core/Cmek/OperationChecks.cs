using CockroachCmek.Core.Checks;
using CockroachCmek.Core.Cloud;

namespace CockroachCmek.Core.Cmek;

/// <summary>Checks what suffers when a key cannot be used: nodes and backups.</summary>
internal sealed class OperationChecks(CrdbCloudClient client)
{
    /// <summary>Enough to see how often backups are taken, though one or two are missing.</summary>
    private const int Backups = 10;

    /// <summary>Whether every node is live.</summary>
    public async Task<CheckList> NodesAsync(CrdbCluster cluster, OperationContext context)
    {
        var results = new CheckList(cluster);
        try
        {
            var down = new List<string>();
            await foreach (var node in client.ListNodesAsync(cluster, context))
                if (node.Status != "LIVE")
                    down.Add($"{node.Name} ({node.Region})");
            if (down.Count == 0)
                results.Pass(CmekCheckName.NodesReady, "", "Every node is live.");
            else
                results.Fail(
                    CmekCheckName.NodesReady,
                    "NodesNotReady",
                    "",
                    $"Not live: {string.Join(", ", down)}. A node that cannot use the key does not come back.",
                    "https://support.cockroachlabs.com/"
                );
        }
        catch (CmekException fault)
        {
            results.Unknown(CmekCheckName.NodesReady, "", fault.Message, fault.RecommendedAction);
        }

        return results;
    }

    /// <summary>Managed backups fail without the key, and no mail is sent (cmek.md, limitations).</summary>
    public async Task<CheckList> BackupsAsync(CrdbCluster cluster, OperationContext context)
    {
        var results = new CheckList(cluster);
        try
        {
            var taken = await client.ListNewestBackupsAsync(cluster, Backups, context);
            DateTimeOffset? newest = taken is [var last, ..] ? last : null;
            // While they come as often as they did, the configuration need not be asked: one request less for each
            // cluster of a fleet.
            if (ShortestGap(taken) is { } gap && !IsLate(last: taken[0], gap, context))
            {
                results.Pass(
                    CmekCheckName.BackupsRecent,
                    "",
                    $"The newest managed backup is of {newest:u}; one is taken every {gap}."
                );
                return results;
            }

            var schedule = await client.GetBackupScheduleAsync(cluster, context);
            var every = schedule.IsOn ? schedule.Every : null;
            if (every is null)
                results.Warn(
                    CmekCheckName.BackupsRecent,
                    "BackupsOff",
                    "",
                    "Managed backups are off.",
                    $"Switch them on in the console: https://cockroachlabs.cloud/cluster/{cluster.Id}/backups"
                );
            else if (newest is null)
                results.Unknown(
                    CmekCheckName.BackupsRecent,
                    "",
                    "There is no managed backup yet.",
                    "Look again when the first is due"
                );
            else if (IsLate(newest.Value, every.Value, context))
                results.Fail(
                    CmekCheckName.BackupsRecent,
                    "BackupsStale",
                    "",
                    $"The newest managed backup is of {newest:u}, though one is due every {every}: backups fail when "
                        + "the key cannot be used.",
                    $"Get-CrdbCluster {cluster.Name} | Test-CrdbCmek | Where-Object Status -eq Fail"
                );
            else
                results.Pass(CmekCheckName.BackupsRecent, "", $"The newest managed backup is of {newest:u}.");
        }
        catch (CmekException fault)
        {
            results.Unknown(CmekCheckName.BackupsRecent, "", fault.Message, fault.RecommendedAction);
        }

        return results;
    }

    /// <summary>Two backups in a row are missing.</summary>
    private static bool IsLate(DateTimeOffset last, TimeSpan every, OperationContext context) =>
        context.Time.GetUtcNow() - last > every + every + TimeSpan.FromMinutes(30);

    /// <summary>The shortest time between two backups that follow each other; null for less than two.</summary>
    private static TimeSpan? ShortestGap(IReadOnlyList<DateTimeOffset> taken) =>
        taken.Count < 2 ? null : taken.Zip(taken.Skip(1), (later, earlier) => later - earlier).Min();
}
