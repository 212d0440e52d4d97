using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Manifest;

namespace CockroachCmek.Core.Cmek;

/// <summary>
/// Enables CMEK on a cluster and waits for it: read, plan, ask, send, settle, wait. Nothing is sent if the state shows
/// that it is done, and a lost response is settled by reading the state back.
/// </summary>
internal sealed class CmekLifecycle(CrdbCloudClient client, ManifestCheck manifestCheck)
{
    /// <summary>Enables CMEK with the keys of a manifest.</summary>
    /// <returns>
    /// The state after the request; Outcome Existing when the same keys were in force already, or about to be.
    /// </returns>
    /// <exception cref="CmekException">
    /// ManifestRefused (everything that is wrong at once), AlreadyEnabledDifferently, CmekRevoked, KeyAccessDenied,
    /// ClusterBusy, ...
    /// </exception>
    public async Task<CmekInfo> EnableAsync(
        CrdbCluster cluster,
        CmekManifest manifest,
        WriteOptions options,
        WaitOptions? wait,
        OperationContext context
    )
    {
        var checks = manifestCheck.Check(cluster, manifest);
        if (checks.Any(c => c.Status == CmekCheckStatus.Fail))
            throw Errors.ManifestRefused(cluster.Name, checks);
        foreach (var warning in checks.Where(c => c.Status == CmekCheckStatus.Warning))
            context.Host.Warning($"{cluster.Name}: {warning.Detail}");

        var before = await client.GetCmekAsync(cluster, context);
        if (before.Uses(manifest.RegionSpecs))
            return await FollowAsync(before, wait, context);
        CmekState.RefuseUnlessNew(before);
        var wanted = manifest.RegionSpecs;
        if (
            !await new EarlierBackups(client).ConfirmAsync(
                cluster,
                $"Enable CMEK with {string.Join(", ", wanted.Select(s => $"{s.Region}: {s.KeyUri}"))}",
                context
            )
        )
            return before with { Outcome = CmekOutcome.Planned };

        var planned = new PlannedState(client, before, context);
        var (sent, isOwn) = await planned.SendAsync(wanted, () => SettledWrite.SendAsync(
                cluster,
                () => client.EnableCmekAsync(cluster, wanted, context),
                () => client.GetCmekAsync(cluster, context),
                state => state.Uses(wanted),
                // The same manifest may have been sent by another run.
                state => state.Uses(wanted) ? Task.CompletedTask : planned.RefuseChangeAsync(state),
                options,
                context
            ));
        if (!isOwn)
            WarnOfOther(cluster, context);
        return await FollowAsync(
            sent with
            {
                Outcome = isOwn ? CmekOutcome.Created : CmekOutcome.Existing,
            },
            wait,
            context
        );
    }

    /// <summary>Says that a state is as it was asked for, although no request of this run was accepted.</summary>
    public static void WarnOfOther(CrdbCluster cluster, OperationContext context) =>
        context.Host.Warning(
            $"{cluster.Name} shows what was asked for, although CockroachDB Cloud accepted no request of this run: "
                + "another run has probably made the change."
        );

    /// <summary>Waits until CMEK on the cluster is settled.</summary>
    /// <exception cref="CmekException">
    /// CmekOperationFailed with the API's own message, UnexpectedStatus, WaitTimedOut.
    /// </exception>
    public Task<CmekInfo> WaitAsync(CrdbCluster cluster, WaitOptions options, OperationContext context) =>
        new CmekWait(client, cluster, options, context).RunAsync();

    /// <summary>
    /// Waits for the end of what a request began, where that was asked for. The outcome stays that of the request.
    /// </summary>
    public async Task<CmekInfo> FollowAsync(CmekInfo begun, WaitOptions? wait, OperationContext context) =>
        wait is null ? begun : (await WaitAsync(begun.Cluster, wait, context)) with { Outcome = begun.Outcome };
}
