using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Http;
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
    /// <summary>How long, in real time, the end of a run waits at most for whose credentials it had.</summary>
    private static readonly TimeSpan RunPatience = TimeSpan.FromSeconds(2);

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
        context = context with { Patience = Patience.Urgent.Within(options.Write.Timeout) };
        Progress(cluster, "Finding the keys", context);
        var file = RevocationFile.PathFor(options, cluster, context);
        var earlier = file is null ? null : RevocationFile.LoadEarlier(file, cluster);
        var sources = new KeySources(cluster, earlier, client, keys, options, clouds);
        var found = await RevocationKeys.FindAsync(sources, context);
        var methods = options.Method == CmekRevocationMethod.Default ? keys.Cloud.DefaultRevocation : [options.Method];
        using var neighbours = found.IsFromCloud
            ? Neighbours.Start(cluster, found.Every, methods, client, keys.Cloud, context)
            : null;
        var ownership = KeyOwnership.Start(cluster, found, options, keys, context);
        var shared = new SharedKeys(cluster, neighbours, options, context);
        var run = RevocationRun.Start("Revoke-CrdbCmek", found.Every, keys, context);
        Progress(cluster, "Reading who may use the keys", context);
        var plan = new RevocationPlan(cluster, found, keys, shared, context);
        var changes = await plan.MakeAsync(methods);
        await ownership.RefuseAsync(options.AllowSharedKey, context);
        if (earlier is not null)
            changes = ChangeSet.Continue(changes, RecordedChanges.Verify(earlier, cluster, found, clouds), methods);
        CmekRevocationMethod[] used =
        [
            .. changes
                .Where(c => c.State == CmekAccessChangeState.Planned)
                .Select(c => c.Method)
                .Append(methods[0])
                .Distinct(),
        ];
        await shared.RefuseAsync(used);

        var revocation = new CmekRevocation
        {
            Cluster = cluster,
            Method = MethodOf(options.Method, changes),
            Keys = found.InForce,
            PastKeys = [.. found.Every.Except(found.InForce)],
            Runs = earlier?.Runs ?? [],
            Changes = changes,
            Status = found.Status,
            Outcome = CmekOutcome.Existing,
            RevokedAt = earlier?.RevokedAt,
            Path = file,
        };
        var steps = Steps(cluster, changes, found, options);
        steps.AddRange(
            plan.Late.Select(key => new PlannedStep($"Remove access to {key} too, once its KMS responds", []))
        );
        if (
            steps.Count > 0
            && !await context.Host.ConfirmPlanAsync(
                cluster.Name,
                steps,
                Consequence(cluster, shared.Losing(used), options),
                context.CancellationToken
            )
        )
            return (revocation with { Outcome = CmekOutcome.Planned, Path = null }, null);
        if (steps.Count > 0)
            revocation = revocation with
            {
                RevokedAt = revocation.RevokedAt ?? context.Time.GetUtcNow(),
                Outcome = CmekOutcome.Updated,
                Runs = [.. revocation.Runs, await run.ReadAsync(TimeSpan.Zero)],
            };
        Progress(cluster, "Removing access", context);
        var changing = new RevocationChanges(methods, shared, keys, options, context);
        (revocation, var error) = await changing.MakeAsync(revocation, plan);
        if (error is null && options.KmsOnly && (found.IsFromKms || found.IsFromCloud))
            (revocation, error) = await TakeMovedAsync(revocation, found, changing, keys, context);
        revocation = revocation with { Method = MethodOf(options.Method, revocation.Changes) };
        if (steps.Count > 0)
        {
            var done = await run.ReadAsync(RunPatience);
            revocation = revocation with { Runs = [.. earlier?.Runs ?? [], done] };
            RevocationFile.TrySave(revocation, context);
        }

        TellOfTokens(cluster, plan.Lasting(revocation.Changes, keys.Cloud), keys.Cloud, context);
        if (error is null && !options.KmsOnly)
            (revocation, error) = await new CloudRevocation(client, lifecycle, changing, options, context).TellAsync(
                revocation,
                IsRequested(found)
            );
        if (neighbours is not null)
            await neighbours.EndAsync(cluster, options.NeighbourPatience, context);
        shared.Tell(revocation.Changes.Where(c => c.State == CmekAccessChangeState.Done).Select(c => c.Method));
        return (revocation, error ?? PastKeys(revocation, plan));
    }

    /// <summary>The method by which access is taken; Default only where the changes are of several.</summary>
    private static CmekRevocationMethod MethodOf(
        CmekRevocationMethod requested,
        IReadOnlyList<CmekAccessChange> changes
    ) =>
        changes
            .Where(c => c.State != CmekAccessChangeState.Failed && c.Method != CmekRevocationMethod.Default)
            .Select(c => c.Method)
            .Distinct()
            .ToList()
            is [var only]
            ? only
            : requested;

    /// <summary>
    /// The cluster may have moved to other keys meanwhile. Whoever named the keys, the KMS or CockroachDB Cloud, is
    /// asked again. A failure to read is a warning, because the keys that were known are taken.
    /// </summary>
    private async Task<(CmekRevocation Revocation, CmekException? Error)> TakeMovedAsync(
        CmekRevocation revocation,
        RevocationKeys found,
        RevocationChanges changing,
        ICmekKeyProvider keys,
        OperationContext context
    )
    {
        RevocationKeys? more;
        try
        {
            more = found.IsFromCloud
                ? await ReadAgainAsync(revocation, context)
                : await SearchAgainAsync(revocation, keys, context);
        }
        catch (CmekException error)
        {
            context.Host.Warning(
                $"{revocation.ClusterName}: whether the cluster has moved to other keys could not be read. "
                    + error.Message
            );
            return (revocation, null);
        }

        try
        {
            return more is null ? (revocation, null) : await changing.TakeAsync(revocation, more);
        }
        catch (CmekException unread)
        {
            return (revocation, unread);
        }
    }

    private async Task<RevocationKeys?> ReadAgainAsync(CmekRevocation revocation, OperationContext context)
    {
        var now = await client.GetCmekAsync(revocation.Cluster, context);
        return revocation.KeysBeside(now.InForce(), now.EveryKey());
    }

    private static async Task<RevocationKeys?> SearchAgainAsync(
        CmekRevocation revocation,
        ICmekKeyProvider keys,
        OperationContext context
    )
    {
        using var timeUp = new CancellationTokenSource(ClusterSearch.Limit);
        var now = (await keys.FindKeysAsync(revocation.Cluster, context, timeUp.Token)).Keys;
        return revocation.KeysBeside(now, now);
    }

    /// <summary>Refuses a method that the cloud does not have.</summary>
    /// <exception cref="CmekException">RevocationMethodNotSupported.</exception>
    public static void RefuseMethod(CrdbCluster cluster, ICustomerCloud cloud, CmekRevocationMethod method)
    {
        if (method != CmekRevocationMethod.Default && !cloud.RevocationMethods.Contains(method))
            throw Errors.RevocationMethodNotSupported(cluster.Name, cloud.DisplayName, method, cloud.RevocationMethods);
    }

    /// <summary>What a method leaves behind is said: Done means that no new access is given.</summary>
    private static void TellOfTokens(
        CrdbCluster cluster,
        IReadOnlyList<CmekRevocationMethod> methods,
        ICustomerCloud cloud,
        OperationContext context
    )
    {
        foreach (var method in methods)
            context.Host.Warning(
                $"{cluster.Name}: {method} alone is not enough. {cloud.WhatOutlasts(method)} Until then, whoever holds "
                    + $"one can use the keys. To end that too, run Revoke-CrdbCmek "
                    + $"{ShellQuote.PowerShell(cluster.Name)} -Method {MethodThatEnds(cloud)}"
            );
    }

    /// <summary>
    /// The method to recommend: one that takes a key from everybody works also where the key is open to everybody, or
    /// where the grant cannot be removed.
    /// </summary>
    private static CmekRevocationMethod MethodThatEnds(ICustomerCloud cloud) =>
        cloud.RevocationMethods.Any(RevocationPlan.CutsEverybody)
            ? cloud.RevocationMethods.First(RevocationPlan.CutsEverybody)
            : cloud.DefaultRevocation[0];

    private static List<PlannedStep> Steps(
        CrdbCluster cluster,
        IReadOnlyList<CmekAccessChange> changes,
        RevocationKeys found,
        RevocationOptions options
    )
    {
        var steps = changes
            .Where(c => c.State == CmekAccessChangeState.Planned)
            .Select(c => new PlannedStep(c.Action, c.Difference))
            .ToList();
        if (!options.KmsOnly && !IsRequested(found))
            steps.Add(
                new PlannedStep(
                    $"Revoke CMEK on {cluster.Name} in CockroachDB Cloud: "
                        + "its nodes restart and cannot come back without the key",
                    [$"+ {CrdbCloudClient.DescribeRevocation(cluster)}"]
                )
            );
        return steps;
    }

    private static bool IsRequested(RevocationKeys found) => found.Status is CmekStatus.Revoked or CmekStatus.Revoking;

    /// <summary>An error for past keys that can still be used. They did not hold up the revocation.</summary>
    private static CmekException? PastKeys(CmekRevocation revocation, RevocationPlan plan) =>
        plan.PastStillUsable(revocation.Changes) is { Count: > 0 } usable
            ? Errors.PastKeysRemain(revocation.ClusterName, usable)
            : null;

    private static void Progress(CrdbCluster cluster, string status, OperationContext context) =>
        context.Host.Progress(new OperationProgress { Activity = $"Revoking CMEK on {cluster.Name}", Status = status });

    private static string Consequence(CrdbCluster cluster, IReadOnlyList<string> others, RevocationOptions options)
    {
        var consequence = options.KmsOnly
            ? $"CockroachDB loses access to the keys of '{cluster.Name}'. Running nodes continue with the keys they "
                + "hold in memory; a node that restarts cannot come back, and backups fail."
            : $"'{cluster.Name}' stops: its nodes restart and cannot read their data without the keys. All SQL "
                + "connections, changefeeds and backups end. Only Cockroach Labs support can bring it back.";
        return others.Count > 0
            ? $"{consequence} {string.Join(", ", others)} {(others.Count == 1 ? "loses" : "lose")} a key too."
            : consequence;
    }
}
