namespace CockroachCmek.Core.Cloud;

internal sealed partial class CrdbCloudClient
{
    /// <summary>How often managed backups are taken, and how long they are kept.</summary>
    public async Task<BackupSchedule> GetBackupScheduleAsync(CrdbCluster cluster, OperationContext context)
    {
        var read = await _transport.GetAsync<WireBackupConfiguration>(
            $"clusters/{cluster.Id}/backups-config",
            cluster,
            context
        );
        return new BackupSchedule(
            read.Enabled == true,
            read.FrequencyMinutes is { } minutes ? TimeSpan.FromMinutes(minutes) : null,
            read.RetentionDays is { } days ? TimeSpan.FromDays(days) : null
        );
    }

    /// <summary>When the newest managed backup was taken; null when there is none.</summary>
    public async Task<DateTimeOffset?> FindNewestBackupAsync(CrdbCluster cluster, OperationContext context) =>
        (await ListNewestBackupsAsync(cluster, 1, context)) is [var newest, ..] ? newest : null;

    /// <summary>When the newest managed backups were taken, newest first.</summary>
    public async Task<IReadOnlyList<DateTimeOffset>> ListNewestBackupsAsync(
        CrdbCluster cluster,
        int count,
        OperationContext context
    )
    {
        var page = await _transport.GetAsync<WireBackupList>(
            $"clusters/{cluster.Id}/backups?pagination.limit={count}&pagination.sort_order=DESC",
            cluster,
            context
        );
        return [.. (page.Backups ?? []).Select(b => b.AsOfTime).OfType<DateTimeOffset>().OrderByDescending(at => at)];
    }
}
