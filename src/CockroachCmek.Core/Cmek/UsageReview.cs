using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>
/// Whether CockroachDB uses the keys of a cluster, from the logs of the customer's cloud. Reads only.
/// </summary>
internal sealed class UsageReview(CrdbCloudClient client)
{
    /// <summary>How long to wait between two looks into the logs: entries are minutes late.</summary>
    private static readonly TimeSpan PollInterval = TimeSpan.FromMinutes(1);

    /// <summary>The use of every current and past key of a cluster.</summary>
    /// <param name="period">How far to look back.</param>
    public async Task<IReadOnlyList<CmekUsage>> ReadAsync(
        CrdbCluster cluster,
        ICmekKeyProvider keys,
        TimeSpan period,
        OperationContext context
    )
    {
        var info = await client.GetCmekForCheckAsync(cluster, context);
        if (info.InForce().Count == 0)
        {
            context.Host.Warning(
                $"{cluster.Name}: CMEK is {info.Status}. The cluster has no key of yours, so there is no use to show."
            );
            return [];
        }

        var schedule = await ReadScheduleAsync(cluster, context);
        var lines = await ReadAsync(info, schedule, keys, period, context);
        foreach (var line in lines.Where(l => l.IsOverdue))
            context.Host.Warning(
                $"{line.ClusterName} {line.Region}: {line.KeyName} was last used {Age(line.SilentFor)}, although "
                    + "backups are "
                    + $"on and a use is expected within {line.ExpectedWithin!.Value.TotalHours:0} hours."
            );
        return lines;
    }

    /// <summary>
    /// Waits after a revocation until the log shows it: for each key, a refused use after the last successful one.
    /// </summary>
    /// <exception cref="CmekException">SilenceNotSeen, UsageUnknown.</exception>
    public async Task<IReadOnlyList<CmekUsage>> WaitForSilenceAsync(
        CrdbCluster cluster,
        ICmekKeyProvider keys,
        TimeSpan period,
        TimeSpan timeout,
        OperationContext context
    )
    {
        var start = context.Time.GetTimestamp();
        TimeSpan Waited() => context.Time.GetElapsedTime(start);
        var lines = await Polling.UntilAsync(
            cluster.Name,
            async poll =>
            {
                // The reads of one poll are shared; the next one reads anew.
                var read = await ReadAsync(cluster, keys, period, poll with { });
                if (
                    read.Where(l => !l.IsPast).FirstOrDefault(l => l.Verdict == CmekUsageVerdict.Unknown) is { } unknown
                )
                    throw Errors.UsageUnknown(unknown);
                return read;
            },
            read => read.Where(l => !l.IsPast).All(l => IsEnded(l, Waited())),
            (read, elapsed) =>
                context.Host.Progress(
                    new OperationProgress
                    {
                        Activity = $"Following the use of the keys of {cluster.Name}",
                        Status =
                            $"{string.Join(", ", read.Where(l => !IsEnded(l, Waited())).Select(l => l.ToString()))} for {elapsed:hh\\:mm\\:ss}",
                    }
                ),
            read =>
                Errors.SilenceNotSeen(cluster.Name, [.. read.Where(l => !l.IsPast && !IsEnded(l, Waited()))], timeout),
            new WaitOptions { Timeout = timeout, PollInterval = PollInterval },
            context
        );
        context.Host.Progress(
            new OperationProgress
            {
                Activity = $"Following the use of the keys of {cluster.Name}",
                Status = "",
                Completed = true,
            }
        );
        return lines;
    }

    /// <summary>
    /// A refusal proves the end. So does silence since the wait began that lasts longer than the next use would have
    /// taken.
    /// </summary>
    private static bool IsEnded(CmekUsage line, TimeSpan waited) =>
        line.Verdict == CmekUsageVerdict.Refused || (line.IsOverdue && waited > line.ExpectedWithin);

    private static async Task<IReadOnlyList<CmekUsage>> ReadAsync(
        CmekInfo info,
        BackupSchedule schedule,
        ICmekKeyProvider keys,
        TimeSpan period,
        OperationContext context
    )
    {
        var now = context.Time.GetUtcNow();
        var inForce = info.InForce();
        var every = info.EveryKey();
        return await Task.WhenAll(
            every
                .GroupBy(s => (s.Region, s.KeyUri))
                .Select(g => g.First())
                .Select(async spec =>
                {
                    var usage = await keys.ReadUsageAsync(
                        new KeyUsageRequest
                        {
                            Cluster = info.Cluster,
                            Key = spec,
                            Since = now - period,
                        },
                        context
                    );
                    var isPast = !inForce.Any(s => s.Region == spec.Region && s.KeyUri == spec.KeyUri);
                    return UsageVerdicts.Judge(info.Cluster, spec, isPast, usage, schedule, now) with
                    {
                        NeededUntil = isPast ? NeededUntil(info, spec, schedule) : null,
                    };
                })
        );
    }

    /// <summary>
    /// A full backup and those that build on it are deleted when its retention ends, so that a key is needed for that
    /// long after another one replaced it.
    /// </summary>
    private static DateTimeOffset? NeededUntil(CmekInfo info, CmekRegionSpec spec, BackupSchedule schedule)
    {
        var replaced = info
            .Regions.First(r => r.Region == spec.Region)
            .Keys.Skip(1)
            .Where(k => k.KeyUri == spec.KeyUri)
            .Max(k => k.UpdatedAt);
        return replaced is { } at && schedule.Retention is { } retention ? at + retention : null;
    }

    private async Task<BackupSchedule> ReadScheduleAsync(CrdbCluster cluster, OperationContext context)
    {
        try
        {
            return await client.GetBackupScheduleAsync(cluster, context);
        }
        catch (CmekException error)
        {
            context.Host.Warning(
                $"{cluster.Name}: the schedule of managed backups could not be read ({error.Message}) Silence is not "
                    + "compared with it."
            );
            return BackupSchedule.Unknown;
        }
    }

    private static string Age(TimeSpan? span) =>
        span is { } age ? $"{age.TotalHours:0} hours ago" : "before the logs begin";
}
