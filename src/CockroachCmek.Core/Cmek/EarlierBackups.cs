using CockroachCmek.Core.Cloud;

namespace CockroachCmek.Core.Cmek;

/// <summary>
/// Asks before CMEK is enabled. Managed backups that were taken before can no longer be restored afterwards (cmek.md,
/// backup and restore), and CMEK cannot be disabled again, so a cluster that has some is asked about with No as the
/// default.
/// </summary>
internal sealed class EarlierBackups(CrdbCloudClient client)
{
    /// <summary>True when CMEK may be enabled.</summary>
    /// <param name="action">What is about to be sent.</param>
    public async Task<bool> ConfirmAsync(CrdbCluster cluster, string action, OperationContext context)
    {
        DateTimeOffset? newest;
        try
        {
            newest = await client.FindNewestBackupAsync(cluster, context);
        }
        catch (CmekException error)
        {
            // Not a reason to stop: an API key with few rights would never enable CMEK without somebody to ask.
            context.Host.Warning(
                $"{cluster.Name}: whether there are managed backups is unknown, because they could not be read "
                    + $"({error.Message}) Those taken before CMEK is enabled can no longer be restored afterwards."
            );
            newest = null;
        }

        if (newest is not { } last)
            return await context.Host.ConfirmAsync(cluster.Name, action, context.CancellationToken);
        context.Host.Warning(
            $"{cluster.Name} has managed backups, the newest of {last:u}. Once CMEK is enabled, they can no longer be "
                + "restored."
        );
        return await context.Host.ConfirmPlanAsync(
            cluster.Name,
            [action],
            "CMEK cannot be disabled later, and only backups that are taken from then on can be restored.",
            context.CancellationToken
        );
    }
}
