using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>Gives a cluster access to its keys again.</summary>
internal sealed class CmekRestoration(CrdbCloudClient client, CustomerCloudTable clouds)
{
    /// <summary>Undoes what a record says or, without one, what the cloud shows to be missing.</summary>
    /// <param name="record">The recorded changes; null to look for them in the cloud.</param>
    /// <returns>
    /// The key in force of each region, with what was done for it, and the error if not everything was undone.
    /// </returns>
    public async Task<(IReadOnlyList<CmekKey> Keys, CmekException? Error)> RestoreAsync(
        CrdbCluster cluster,
        IReadOnlyList<CmekAccessChange>? record,
        ICmekKeyProvider keys,
        OperationContext context
    )
    {
        var info = await client.GetCmekAsync(cluster, context);
        var changes = record
            ?? await keys.FindRevocationAsync(
                new RevocationRequest { Cluster = cluster, Keys = info.EveryKey() },
                context
            );
        if (changes.Count == 0)
        {
            context.Host.Verbose($"{cluster.Name}: nothing keeps the cluster from its keys.");
            return (Keys(info, changes, CmekOutcome.Existing), null);
        }

        if (
            !await context.Host.ConfirmPlanAsync(
                cluster.Name,
                [.. changes.Select(c => $"Undo: {c.Action}")],
                $"CockroachDB Cloud gets access to the keys of '{cluster.Name}' again.",
                context.CancellationToken
            )
        )
            return (Keys(info, changes, CmekOutcome.Planned), null);
        var (done, errors) = await AccessChanges.ApplyAsync(changes, _ => false, keys.RestoreAccessAsync, context);
        if (info.Status is CmekStatus.Revoked or CmekStatus.Revoking or CmekStatus.RevokeFailed)
            context.Host.Warning(
                $"{cluster.Name}: CMEK is {info.Status}. The keys can be used again, but nodes that have stopped do "
                    + "not "
                    + $"come back by themselves. {AccessChanges.SupportOnly}"
            );
        if (errors.Count == 0)
            await VerifyAsync(info, keys, context);
        return (
            Keys(info, done, CmekOutcome.Updated),
            errors.Count > 0 ? Errors.AccessNotRestored(cluster.Name, errors) : null
        );
    }

    /// <summary>Warns when a key in force still cannot be used for sure.</summary>
    private static async Task VerifyAsync(CmekInfo info, ICmekKeyProvider keys, OperationContext context)
    {
        var request = new RevocationRequest { Cluster = info.Cluster, Keys = info.InForce() };
        foreach (var (access, doubt) in await AccessReadings.ReadAsync(request, keys, context))
        {
            var problem = access is { IsGone: true }
                ? $"{access.Principal} still may not use {access.Key}: {string.Join(", ", access.Missing)}."
                : doubt;
            if (problem is not null)
                context.Host.Warning(
                    $"{info.ClusterName}: {problem} To see why, run {AccessReadings.ReviewCommand(info.Cluster)}"
                );
        }
    }

    private IReadOnlyList<CmekKey> Keys(CmekInfo info, IReadOnlyList<CmekAccessChange> changes, CmekOutcome outcome) =>
        [
            .. info.InForce()
                .Select(spec => new CmekKey
                {
                    Cluster = info.Cluster,
                    Region = spec.Region,
                    KeyType = spec.KeyType,
                    KeyUri = spec.KeyUri,
                    AuthPrincipal = spec.AuthPrincipal,
                    Location = clouds.ParseKeyUri(spec.KeyUri).Location ?? "",
                    Outcome = changes.Any(c => c.Regions.Contains(spec.Region)) ? outcome : CmekOutcome.Existing,
                }),
        ];
}
