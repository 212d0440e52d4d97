using System.IO;
using CockroachCmek.Core.Access;
using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>
/// Revokes CMEK: access is removed in the KMS for all keys at once. CockroachDB Cloud is asked to revoke only then; it
/// restarts the nodes without the key (managing-cmek.md, "Revoke CMEK for a cluster"). Every change is recorded, so
/// that it can be undone exactly.
/// </summary>
internal sealed class CmekRevocations(CrdbCloudClient client, CmekLifecycle lifecycle)
{
    /// <summary>Revokes. An error after the first change is returned together with what was changed.</summary>
    /// <exception cref="CmekException">
    /// Before anything was changed: CmekNotEnabled, KeyShared, RevocationMethodNotSupported, …
    /// </exception>
    public async Task<(CmekRevocation Revocation, CmekException? Error)> RevokeAsync(
        CrdbCluster cluster,
        ICmekKeyProvider keys,
        RevocationOptions options,
        OperationContext context
    )
    {
        var before = await client.GetCmekAsync(cluster, context);
        if (before.Regions.Count == 0 || before.Status is CmekStatus.Disabled)
            throw Errors.CmekNotEnabled(cluster.Name, before.Status, "to revoke");
        var file = FileFor(options.Path, cluster);
        var earlier = file is null ? null : RevocationFile.LoadEarlier(file, cluster);
        void Save(CmekRevocation record)
        {
            if (file is not null)
                RevocationFile.Save(record, file);
        }

        var request = new RevocationRequest
        {
            Cluster = cluster,
            Keys = before.EveryKey(),
            Method = options.Method,
        };
        var plan = Merge(await keys.PlanRevocationAsync(request, context), earlier);
        await new SharedKeys(client).RefuseAsync(cluster, request.Keys, options, context);

        var isRequested = before.Status is CmekStatus.Revoked or CmekStatus.Revoking;
        var actions = plan.Where(c => c.State != CmekAccessChangeState.Done).Select(c => c.Action).ToList();
        if (!options.KmsOnly && !isRequested)
            actions.Add(
                $"Revoke CMEK on {cluster.Name} in CockroachDB Cloud: "
                    + "its nodes restart and cannot come back without the key"
            );
        var revocation = new CmekRevocation
        {
            Cluster = cluster,
            Method = options.Method,
            Changes = plan,
            Status = before.Status,
            Outcome = CmekOutcome.Existing,
            RevokedAt = earlier?.RevokedAt,
            Path = file,
        };
        if (
            actions.Count > 0
            && !await context.Host.ConfirmPlanAsync(
                cluster.Name,
                actions,
                Consequence(cluster, options),
                context.CancellationToken
            )
        )
            return (revocation with { Outcome = CmekOutcome.Planned, Path = null }, null);

        if (actions.Count > 0)
            revocation = revocation with
            {
                RevokedAt = revocation.RevokedAt ?? context.Time.GetUtcNow(),
                Outcome = CmekOutcome.Updated,
            };
        Save(revocation);
        var (changes, errors) = await AccessChanges.ApplyAsync(
            plan,
            c => c.State == CmekAccessChangeState.Done,
            keys.RevokeAccessAsync,
            context
        );
        revocation = revocation with { Changes = changes };
        Save(revocation);
        if (errors.Count > 0)
            return (revocation, Errors.AccessNotTaken(cluster.Name, errors));
        if (await RemainingAsync(request, keys, context) is { } remains)
            return (revocation, remains);
        if (options.KmsOnly)
            return (revocation, null);
        try
        {
            var state = before;
            if (!isRequested)
                state = await SettledWrite.SendAsync(
                    cluster,
                    () => client.RevokeCmekAsync(cluster, context),
                    () => client.GetCmekAsync(cluster, context),
                    s => s.Status is CmekStatus.Revoking or CmekStatus.Revoked,
                    options.Write,
                    context
                );
            if (options.Wait is { } wait)
                state = await lifecycle.WaitAsync(cluster, wait with { Expected = CmekStatus.Revoked }, context);
            revocation = revocation with { Status = state.Status };
            Save(revocation);
            context.Host.Warning($"{cluster.Name}: CMEK is {state.Status}. {AccessChanges.SupportOnly}");
            return (revocation, null);
        }
        catch (CmekException error)
        {
            return (revocation, error);
        }
    }

    /// <summary>
    /// Reads who may use the keys now. The changes were read back one by one; this asks whether the cluster can still
    /// use a key through something else.
    /// </summary>
    /// <returns>An error when access goes on for sure. What is not known is a warning.</returns>
    private static async Task<CmekException?> RemainingAsync(
        RevocationRequest request,
        ICmekKeyProvider keys,
        OperationContext context
    )
    {
        // A disabled key and a removed trust leave the grants as they are.
        if (request.Method is CmekRevocationMethod.DisableKey or CmekRevocationMethod.RemoveTrust)
            return null;
        var after = await AccessReadings.ReadAsync(request, keys, context);
        foreach (var reading in after.Where(a => a.Doubt is not null))
            context.Host.Warning(
                $"{request.Cluster.Name}: {reading.Doubt} To find out, run "
                    + $"{AccessReadings.ReviewCommand(request.Cluster)}"
            );
        var remaining = after
            .Select(a => a.Access)
            .OfType<KeyAccess>()
            .Where(a => a.Verdict == CmekAccessVerdict.Granted)
            .ToList();
        return remaining.Count == 0 ? null : Errors.AccessRemains(request.Cluster.Name, remaining);
    }

    /// <summary>In a folder, the record is named after the cluster.</summary>
    private static string? FileFor(string? path, CrdbCluster cluster) =>
        path is not null && Directory.Exists(path)
            ? Path.Combine(path, $"{FileNames.Of(cluster.Name, cluster.Id)}.revocation.json")
            : path;

    private static string Consequence(CrdbCluster cluster, RevocationOptions options) =>
        options.KmsOnly
            ? $"CockroachDB loses access to the keys of '{cluster.Name}'. Running nodes continue with the keys they "
                + "hold "
                + "in memory; a node that restarts cannot come back, and backups fail."
            : $"'{cluster.Name}' stops: its nodes restart and cannot read their data without the keys. All SQL "
                + "connections, changefeeds and backups end. Only Cockroach Labs support can bring it back.";

    /// <summary>
    /// A grant that an earlier run removed can no longer be read, so its content comes from the record.
    /// </summary>
    private static IReadOnlyList<CmekAccessChange> Merge(IReadOnlyList<CmekAccessChange> plan, CmekRevocation? earlier)
    {
        if (earlier is null)
            return plan;
        var merged = plan.Select(c =>
                c.State == CmekAccessChangeState.Done
                && earlier.Changes.FirstOrDefault(e => e.Kind == c.Kind && e.Target == c.Target) is { } known
                    ? c with
                    {
                        Document = known.Document,
                    }
                    : c
            )
            .ToList();
        // Changes by another -Method are still in force, and have to be undone too.
        merged.AddRange(earlier.Changes.Where(e => !plan.Any(c => c.Kind == e.Kind && c.Target == e.Target)));
        return merged;
    }
}
