using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>Gives a cluster access to its keys again.</summary>
internal sealed class CmekRestoration(CrdbCloudClient client, CustomerCloudTable clouds)
{
    /// <summary>Undoes what a record says or, without one, what the cloud shows to be missing.</summary>
    /// <param name="record">The record; null to look for changes in the cloud.</param>
    /// <returns>
    /// The key in force of each region, with what was done for it, and the error if not everything was undone.
    /// </returns>
    public async Task<(IReadOnlyList<CmekKey> Keys, CmekException? Error)> RestoreAsync(
        CrdbCluster cluster,
        CmekRevocation? record,
        ICmekKeyProvider keys,
        OperationContext context
    )
    {
        var found = await RevocationKeys.FindAsync(
            cluster,
            null,
            client,
            keys,
            new RevocationOptions { Source = record },
            clouds,
            context
        );
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
                [.. changes.Select(c => $"Undo: {c.Action}")],
                $"CockroachDB Cloud gets access to the keys of '{cluster.Name}' again.",
                context.CancellationToken
            )
        )
            return (Keys(cluster, found, changes, CmekOutcome.Planned), null);
        var (done, errors) = await AccessChanges.ApplyAsync(
            changes,
            _ => false,
            keys.RestoreAccessAsync,
            after => Mark(record, after, context),
            context
        );
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

    /// <summary>The record says what was undone, so that it is not carried into a later revocation.</summary>
    private static void Mark(CmekRevocation? record, IReadOnlyList<CmekAccessChange> after, OperationContext context)
    {
        if (record?.Path is not { } file)
            return;
        var states = record.Changes.Select(c =>
            after.FirstOrDefault(a => a.Kind == c.Kind && a.Target == c.Target && a.AuthPrincipal == c.AuthPrincipal)
                is { } now
                ? c with
                {
                    State = now.State == CmekAccessChangeState.Failed ? c.State : now.State,
                }
                : c
        );
        try
        {
            RevocationFile.Save(record with { Changes = [.. states] }, file);
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
        var isUsable = true;
        foreach (var (access, doubt) in await AccessReadings.ReadAsync(cluster, found.InForce, keys, context))
        {
            var problem = access is { IsGone: true }
                ? $"{access.Principal} still may not use {access.Key}: {string.Join(", ", access.Missing)}."
                : doubt;
            if (problem is null)
                continue;
            isUsable = false;
            context.Host.Warning($"{cluster.Name}: {problem} To see why, run {AccessReadings.ReviewCommand(cluster)}");
        }

        return isUsable;
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

    /// <summary>A region whose change failed has not changed.</summary>
    private static CmekOutcome OutcomeOf(string region, IReadOnlyList<CmekAccessChange> changes, CmekOutcome outcome) =>
        changes.Any(c => c.Regions.Contains(region) && c.State != CmekAccessChangeState.Failed)
            ? outcome
            : CmekOutcome.Existing;
}
