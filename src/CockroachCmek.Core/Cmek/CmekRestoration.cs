using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>Gives a cluster access to its keys again.</summary>
internal sealed class CmekRestoration(CrdbCloudClient client, CustomerCloudTable clouds)
{
    /// <summary>How long, in real time, the end of a run waits at most for whose credentials it had.</summary>
    private static readonly TimeSpan RunPatience = TimeSpan.FromSeconds(2);

    /// <summary>Undoes what a record says or, without one, what the cloud shows to be missing.</summary>
    /// <param name="record">The record; null to look for changes in the cloud.</param>
    /// <param name="known">A manifest, state or search that names the keys; null for none.</param>
    /// <returns>
    /// The key in force of each region, with what was done for it, and the error if not everything was undone.
    /// </returns>
    public async Task<(IReadOnlyList<CmekKey> Keys, CmekException? Error)> RestoreAsync(
        CrdbCluster cluster,
        CmekRevocation? record,
        ICmekKeyProvider keys,
        OperationContext context,
        object? known = null
    )
    {
        var found = await FindKeysAsync(cluster, record, known, keys, context);
        // What was never made, or is undone already, is not undone again.
        var changes = record is not null
            ? RecordedChanges.Verify(record, cluster, found, clouds)
            : await keys.FindRevocationAsync(new RevocationRequest { Cluster = cluster, Keys = found.Every }, context);
        if (changes.Count == 0)
        {
            context.Host.Verbose($"{cluster.Name}: nothing keeps the cluster from its keys.");
            return (Keys(cluster, found, changes, CmekOutcome.Existing), null);
        }

        if (
            !await context.Host.ConfirmPlanAsync(
                cluster.Name,
                [.. changes.Select(c => new PlannedStep(c.UndoAction, [.. c.Difference.Select(Undone)]))],
                $"CockroachDB Cloud gets access to the keys of '{cluster.Name}' again.",
                context.CancellationToken
            )
        )
            return (Keys(cluster, found, changes, CmekOutcome.Planned), null);
        var run = RevocationRun.Start("Restore-CrdbCmekAccess", found.Every, keys, context);
        var (done, errors) = await AccessChanges.ApplyAsync(
            changes,
            _ => false,
            keys.RestoreAccessAsync,
            after => Mark(record, [], after, context),
            context
        );
        if (done.Any(c => c.IsWritten) && record?.Path is not null)
            Mark(record, [await run.ReadAsync(RunPatience)], done, context);
        var isUsable = errors.Count == 0 && await VerifyAsync(cluster, found, keys, context);
        if (
            done.Any(c => c.State == CmekAccessChangeState.Restored)
            && found.Status is CmekStatus.Revoked or CmekStatus.Revoking or CmekStatus.RevokeFailed
        )
            context.Host.Warning(
                $"{cluster.Name}: CMEK is {found.Status}. "
                    + (isUsable ? "The keys can be used again, but nodes" : "Nodes")
                    + $" that have stopped do not come back by themselves. {AccessChanges.SupportOnly}"
            );
        return (
            Keys(cluster, found, done, CmekOutcome.Updated),
            errors.Count > 0 ? Errors.AccessNotRestored(cluster.Name, errors) : null
        );
    }

    /// <summary>
    /// The cluster's keys. A record that names none, because it changes an identity and an earlier version wrote it,
    /// can
    /// be undone all the same.
    /// </summary>
    private async Task<RevocationKeys> FindKeysAsync(
        CrdbCluster cluster,
        CmekRevocation? record,
        object? known,
        ICmekKeyProvider keys,
        OperationContext context
    )
    {
        try
        {
            var options = new RevocationOptions { Source = record ?? known, KmsOnly = known is RevocationKeys };
            return await RevocationKeys.FindAsync(
                new KeySources(cluster, null, client, keys, options, clouds)
                {
                    Purpose = "to give access to",
                    Command = "Restore-CrdbCmekAccess",
                },
                context
            );
        }
        catch (CmekException error) when (record is not null && error.ErrorId == nameof(Errors.RevocationKeysUnknown))
        {
            context.Host.Warning(
                $"{cluster.Name}: {error.Message} What the record says is undone; whether the keys can be used then is "
                    + "not checked."
            );
            return new RevocationKeys
            {
                InForce = [],
                Every = [],
                IsFromRecord = true,
            };
        }
    }

    /// <summary>What undoing does to a line of a difference.</summary>
    private static string Undone(string line) =>
        line.StartsWith("+", StringComparison.Ordinal) ? "-" + line.Substring(1)
        : line.StartsWith("-", StringComparison.Ordinal) ? "+" + line.Substring(1)
        : line;

    /// <summary>The record says what was undone, so that it is not carried into a later revocation.</summary>
    private static void Mark(
        CmekRevocation? record,
        IReadOnlyList<CmekRevocationRun> runs,
        IReadOnlyList<CmekAccessChange> after,
        OperationContext context
    )
    {
        if (record?.Path is not { } file)
            return;
        var states = record.Changes.Select(c =>
            after.FirstOrDefault(a => a.Kind == c.Kind && a.Target == c.Target && a.AuthPrincipal == c.AuthPrincipal)
                is { } now
                ? c with
                {
                    State = now.State == CmekAccessChangeState.Failed ? c.State : now.State,
                    RequestIds = now.RequestIds,
                }
                : c
        );
        try
        {
            RevocationFile.Save(record with { Changes = [.. states], Runs = [.. record.Runs, .. runs] }, file);
        }
        catch (CmekException error)
        {
            context.Host.Warning($"{record.ClusterName}: {error.Message} The access was restored all the same.");
        }
    }

    /// <summary>Warns when a key in force still cannot be used for sure.</summary>
    /// <returns>True when every key in force can be used for sure.</returns>
    private static async Task<bool> VerifyAsync(
        CrdbCluster cluster,
        RevocationKeys found,
        ICmekKeyProvider keys,
        OperationContext context
    )
    {
        var problems = await AccessReadings.SettledAsync(cluster, found.InForce, keys, context);
        foreach (var problem in problems)
            context.Host.Warning($"{cluster.Name}: {problem} To see why, run {AccessReadings.ReviewCommand(cluster)}");
        return problems.Count == 0;
    }

    private IReadOnlyList<CmekKey> Keys(
        CrdbCluster cluster,
        RevocationKeys found,
        IReadOnlyList<CmekAccessChange> changes,
        CmekOutcome outcome
    ) =>
        [
            .. found.InForce.Select(spec => new CmekKey
            {
                Cluster = cluster,
                Region = spec.Region,
                KeyType = spec.KeyType,
                KeyUri = spec.KeyUri,
                AuthPrincipal = spec.AuthPrincipal,
                Location = clouds.ParseKeyUri(spec.KeyUri).Location ?? "",
                Outcome = OutcomeOf(spec.Region, changes, outcome),
            }),
        ];

    /// <summary>
    /// A region is updated only if something was written for it: what was undone before is as it was. One for which a
    /// change failed is neither.
    /// </summary>
    private static CmekOutcome OutcomeOf(string region, IReadOnlyList<CmekAccessChange> changes, CmekOutcome outcome)
    {
        var own = changes.Where(c => c.Regions.Contains(region)).ToList();
        if (outcome != CmekOutcome.Updated)
            return own.Count > 0 ? outcome : CmekOutcome.Existing;
        return own.Exists(c => c.State == CmekAccessChangeState.Failed) ? CmekOutcome.Failed
            : own.Exists(c => c.IsWritten) ? CmekOutcome.Updated
            : CmekOutcome.Existing;
    }
}
