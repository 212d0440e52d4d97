using System.IO;
using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>
/// Revokes CMEK: access is removed in the KMS for all keys at once. CockroachDB Cloud is asked to revoke only then; it
/// restarts the nodes without the key (managing-cmek.md, "Revoke CMEK for a cluster"). Every change is recorded, so
/// that it can be undone exactly.
/// </summary>
/// <remarks>
/// It depends on the customer's KMS alone. CockroachDB Cloud is asked for the keys and for other clusters that use them
/// when that is possible; nothing waits for it when the keys are known from elsewhere.
/// </remarks>
internal sealed class CmekRevocations(CrdbCloudClient client, CmekLifecycle lifecycle, CustomerCloudTable clouds)
{
    /// <summary>Revokes. An error after the first change is returned together with what was changed.</summary>
    /// <exception cref="CmekException">
    /// Before anything was changed: CmekNotEnabled, KeyShared, RevocationMethodNotSupported, RevocationKeysUnknown, …
    /// </exception>
    public async Task<(CmekRevocation Revocation, CmekException? Error)> RevokeAsync(
        CrdbCluster cluster,
        ICmekKeyProvider keys,
        RevocationOptions options,
        OperationContext context
    )
    {
        RefuseMethod(cluster, keys.Cloud, options.Method);
        Progress(cluster, "Finding the keys", context);
        var file = RevocationFile.PathFor(options.Path, cluster);
        var earlier = file is null ? null : RevocationFile.LoadEarlier(file, cluster);
        var found = await RevocationKeys.FindAsync(cluster, earlier, client, keys, options, clouds, context);
        using var neighbours = found.IsFromCloud
            ? Neighbours.Start(cluster, found.Every, [options.Method], client, keys.Cloud, context)
            : null;
        Progress(cluster, "Reading who may use the keys", context);
        var methods = options.Method == CmekRevocationMethod.Default ? keys.Cloud.DefaultRevocation : [options.Method];
        var plan = new RevocationPlan(cluster, found, keys, context);
        var changes = await plan.MakeAsync(methods);
        if (earlier is not null)
            changes = RevocationPlan.Continue(
                changes,
                RecordedChanges.Verify(earlier, cluster, found, clouds),
                methods
            );
        await RefuseSharedAsync(cluster, neighbours, options, context);

        var revocation = new CmekRevocation
        {
            Cluster = cluster,
            Method = options.Method,
            Changes = changes,
            Status = found.Status,
            Outcome = CmekOutcome.Existing,
            RevokedAt = earlier?.RevokedAt,
            Path = file,
        };
        var actions = Actions(cluster, changes, found, options);
        if (
            actions.Count > 0
            && !await context.Host.ConfirmPlanAsync(
                cluster.Name,
                actions,
                Consequence(cluster, neighbours, options),
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
        Progress(cluster, "Removing access", context);
        (revocation, var error) = await ApplyAsync(revocation, plan, methods, keys, context);
        error ??= await AccessReadings.RemainingAsync(cluster, found, revocation.Changes, keys, context);
        if (error is null && !options.KmsOnly)
            (revocation, error) = await TellAsync(revocation, found, options, context);
        TellNeighbours(cluster, neighbours, context);
        return (revocation, error ?? PastKeys(revocation, plan));
    }

    /// <summary>Refuses a method that the cloud does not have.</summary>
    /// <exception cref="CmekException">RevocationMethodNotSupported.</exception>
    public static void RefuseMethod(CrdbCluster cluster, ICustomerCloud cloud, CmekRevocationMethod method)
    {
        if (method != CmekRevocationMethod.Default && !cloud.RevocationMethods.Contains(method))
            throw Errors.RevocationMethodNotSupported(cluster.Name, cloud.DisplayName, method, cloud.RevocationMethods);
    }

    /// <summary>
    /// Names the clusters that would lose a key too, as far as they are known now, and refuses unless -AllowSharedKey
    /// was given.
    /// </summary>
    private static async Task RefuseSharedAsync(
        CrdbCluster cluster,
        Neighbours? neighbours,
        RevocationOptions options,
        OperationContext context
    )
    {
        if (neighbours is null)
        {
            context.Host.Warning(
                $"{cluster.Name}: CockroachDB Cloud is not asked, so it is not known whether other clusters use the "
                    + "same keys."
            );
            return;
        }

        await neighbours.WaitAsync(options.NeighbourPatience, context.CancellationToken);
        if (neighbours.Sharing.Count > 0 && !options.AllowSharedKey)
            throw Errors.KeyShared(cluster.Name, neighbours.Sharing);
        if (neighbours.Doubt is { } doubt)
            context.Host.Warning($"{cluster.Name}: {doubt}");
    }

    private static void TellNeighbours(CrdbCluster cluster, Neighbours? neighbours, OperationContext context)
    {
        if (neighbours?.Sharing is { Count: > 0 } sharing)
            context.Host.Warning(
                $"{string.Join(", ", sharing)} {(sharing.Count == 1 ? "uses" : "use")} a key of {cluster.Name}, "
                    + "and will lose it too."
            );
    }

    private static List<string> Actions(
        CrdbCluster cluster,
        IReadOnlyList<CmekAccessChange> changes,
        RevocationKeys found,
        RevocationOptions options
    )
    {
        var actions = changes.Where(c => c.State == CmekAccessChangeState.Planned).Select(c => c.Action).ToList();
        if (!options.KmsOnly && !IsRequested(found))
            actions.Add(
                $"Revoke CMEK on {cluster.Name} in CockroachDB Cloud: "
                    + "its nodes restart and cannot come back without the key"
            );
        return actions;
    }

    private static bool IsRequested(RevocationKeys found) => found.Status is CmekStatus.Revoked or CmekStatus.Revoking;

    /// <summary>
    /// Makes the changes, all at once, those of the keys in force first. A key in force on which a method was refused
    /// is
    /// tried with the next. The record follows each change.
    /// </summary>
    /// <returns>An error when a key in force can still be used.</returns>
    private static async Task<(CmekRevocation Revocation, CmekException? Error)> ApplyAsync(
        CmekRevocation revocation,
        RevocationPlan plan,
        IReadOnlyList<CmekRevocationMethod> methods,
        ICmekKeyProvider keys,
        OperationContext context
    )
    {
        Save(revocation);
        var errors = new List<CmekException>();
        IReadOnlyList<CmekAccessChange> made = [];
        var next = revocation.Changes;
        while (next.Count > 0)
        {
            var before = made;
            var (changes, failed) = await AccessChanges.ApplyAsync(
                next,
                c => c.State != CmekAccessChangeState.Planned,
                keys.RevokeAccessAsync,
                after => TrySave(revocation with { Changes = [.. before, .. after] }, context),
                context
            );
            made = [.. made, .. changes];
            errors.AddRange(failed);
            next = await plan.MakeNextAsync(made, methods);
            foreach (var change in next)
                context.Host.Warning(
                    $"{revocation.ClusterName}: {change.Method} is tried, because access could not be removed before. "
                        + $"{change.Action}."
                );
        }

        var usable = plan.StillUsable(made);
        return (
            revocation with
            {
                Changes = made,
            },
            usable.Count == 0 ? null : Errors.AccessNotTaken(revocation.ClusterName, usable, errors)
        );
    }

    /// <summary>Asks CockroachDB Cloud to revoke, and waits if that was asked for.</summary>
    private async Task<(CmekRevocation Revocation, CmekException? Error)> TellAsync(
        CmekRevocation revocation,
        RevocationKeys found,
        RevocationOptions options,
        OperationContext context
    )
    {
        var cluster = revocation.Cluster;
        try
        {
            var status = found.Status;
            if (!IsRequested(found))
                status = (
                    await SettledWrite.SendAsync(
                        cluster,
                        () => client.RevokeCmekAsync(cluster, context),
                        () => client.GetCmekAsync(cluster, context),
                        s => s.Status is CmekStatus.Revoking or CmekStatus.Revoked,
                        options.Write with
                        {
                            NeedsKey = false,
                        },
                        context
                    )
                ).Status;
            if (options.Wait is { } wait)
                status = (
                    await lifecycle.WaitAsync(cluster, wait with { Expected = CmekStatus.Revoked }, context)
                ).Status;
            revocation = revocation with { Status = status };
            TrySave(revocation, context);
            context.Host.Warning($"{cluster.Name}: CMEK is {status}. {AccessChanges.SupportOnly}");
            return (revocation, null);
        }
        catch (CmekException error)
        {
            return (revocation, error);
        }
    }

    /// <summary>An error for past keys that can still be used. They did not hold up the revocation.</summary>
    private static CmekException? PastKeys(CmekRevocation revocation, RevocationPlan plan) =>
        plan.PastStillUsable(revocation.Changes) is { Count: > 0 } usable
            ? Errors.PastKeysRemain(revocation.ClusterName, usable)
            : null;

    private static void Save(CmekRevocation revocation)
    {
        if (revocation.Path is { } file)
            RevocationFile.Save(revocation, file);
    }

    /// <summary>Once changes are being made, a record that cannot be written does not stop them.</summary>
    private static void TrySave(CmekRevocation revocation, OperationContext context)
    {
        try
        {
            Save(revocation);
        }
        catch (CmekException error)
        {
            context.Host.Warning($"{revocation.ClusterName}: {error.Message} Keep the output of this command instead.");
        }
    }

    private static void Progress(CrdbCluster cluster, string status, OperationContext context) =>
        context.Host.Progress(new OperationProgress { Activity = $"Revoking CMEK on {cluster.Name}", Status = status });

    private static string Consequence(CrdbCluster cluster, Neighbours? neighbours, RevocationOptions options)
    {
        var consequence = options.KmsOnly
            ? $"CockroachDB loses access to the keys of '{cluster.Name}'. Running nodes continue with the keys they "
                + "hold in memory; a node that restarts cannot come back, and backups fail."
            : $"'{cluster.Name}' stops: its nodes restart and cannot read their data without the keys. All SQL "
                + "connections, changefeeds and backups end. Only Cockroach Labs support can bring it back.";
        return neighbours?.Sharing is { Count: > 0 } sharing
            ? $"{consequence} {string.Join(", ", sharing)} {(sharing.Count == 1 ? "loses" : "lose")} a key too."
            : consequence;
    }
}
