using System.Collections.Concurrent;
using CockroachCmek.Core.Checks;
using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Manifest;

namespace CockroachCmek.Core.Cmek;

/// <summary>
/// Looks at a cluster before an identity or a key is created for it: one that can never have CMEK, or has it already,
/// would get something that nobody uses. What exists is returned as ever, and what is named is created: new keys for a
/// cluster that has CMEK are made with a name of their own, and put in force by a manifest.
/// </summary>
internal sealed class NewKeyAdmission(CrdbCloudClient client, ManifestCheck manifestCheck)
{
    /// <summary>A pipeline asks for the identity and then for the keys: the cluster is read once for both.</summary>
    private static readonly TimeSpan Freshness = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, (long ReadAt, CmekInfo? Info)> _seen = new();

    /// <summary>The identity of a cluster.</summary>
    /// <exception cref="CmekException">PlanNotSupported, AdvancedSecurityMissing, CmekAlreadyEnabled, …</exception>
    public async Task<CmekRole> EnsureRoleAsync(ICmekKeyProvider keys, RoleRequest request, OperationContext context)
    {
        RefuseUnfit(request.Cluster);
        if (request.Name is null && !request.Update && await FindInForceAsync(request.Cluster, context) is { } info)
        {
            // Nothing is opened or waited for by a plan.
            var plan = request with { Options = request.Options.Without("Open", "Wait") };
            if ((await keys.EnsureRoleAsync(plan, Planning(context))).IsPlanned)
                throw Errors.CmekAlreadyEnabled(info, "identity", info.InForce());
        }

        return await keys.EnsureRoleAsync(request, context);
    }

    /// <summary>The keys of a cluster.</summary>
    /// <param name="isMove">The keys are of another kind than those in force, to move the cluster to them.</param>
    /// <exception cref="CmekException">PlanNotSupported, AdvancedSecurityMissing, CmekAlreadyEnabled, …</exception>
    public async Task<IReadOnlyList<CmekKey>> EnsureKeysAsync(
        ICmekKeyProvider keys,
        KeyRequest request,
        bool isMove,
        OperationContext context
    )
    {
        RefuseUnfit(request.Cluster);
        if (
            !isMove
            && request.Name is null
            && request.KeyUris.Count == 0
            && await FindInForceAsync(request.Cluster, context) is { } info
        )
        {
            var planned = (await keys.EnsureKeysAsync(request, Planning(context))).Where(k => k.IsPlanned).ToList();
            var replaced = info.InForce().Where(s => planned.Any(k => k.Region == s.Region)).ToList();
            if (replaced.Count > 0)
                throw Errors.CmekAlreadyEnabled(info, "key", replaced);
        }

        return await keys.EnsureKeysAsync(request, context);
    }

    private void RefuseUnfit(CrdbCluster cluster)
    {
        var results = new CheckList(cluster);
        manifestCheck.CheckCluster(cluster, results);
        var never = results
            .All.Where(c => c.Status == CmekCheckStatus.Fail)
            .Where(c => c.Check is CmekCheckName.Plan or CmekCheckName.AdvancedSecurity)
            .ToList();
        if (never.Count > 0)
            throw Errors.ClusterNeverHasCmek(cluster.Name, never);
    }

    /// <summary>The CMEK of a cluster that has keys in force; null when it has none, or may not be read.</summary>
    private async Task<CmekInfo?> FindInForceAsync(CrdbCluster cluster, OperationContext context)
    {
        if (!_seen.TryGetValue(cluster.Id, out var seen) || context.Time.GetElapsedTime(seen.ReadAt) > Freshness)
        {
            seen = (context.Time.GetTimestamp(), await ReadAsync(cluster, context));
            _seen[cluster.Id] = seen;
        }

        return
            seen.Info is { Status: not (CmekStatus.Disabled or CmekStatus.EnableFailed) } info
            && info.InForce().Count > 0
            ? info
            : null;
    }

    private async Task<CmekInfo?> ReadAsync(CrdbCluster cluster, OperationContext context)
    {
        try
        {
            return await client.FindCmekAsync(cluster, context);
        }
        catch (CmekException error) when (error.Kind == CmekErrorKind.PermissionDenied)
        {
            context.Host.Verbose($"{cluster.Name}: the API key is not allowed to read whether CMEK is enabled.");
            return null;
        }
    }

    private static OperationContext Planning(OperationContext context) =>
        context with
        {
            Host = new PlanningHost(context.Host),
        };

    /// <summary>Declines every write. Warnings come again with the real run.</summary>
    private sealed class PlanningHost(IOperationHost host) : IOperationHost
    {
        public void Verbose(string message) => host.Verbose(message);

        public void Warning(string message) { }

        public void Progress(OperationProgress progress) => host.Progress(progress);

        public void Written(string what, bool isCertain) => host.Written(what, isCertain);

        public Task<bool> ConfirmAsync(string target, string action, CancellationToken cancellationToken) =>
            Task.FromResult(false);

        public Task<bool> ConfirmPlanAsync(
            string target,
            IReadOnlyList<string> actions,
            string consequence,
            CancellationToken cancellationToken
        ) => Task.FromResult(false);
    }
}
