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
    /// <summary>
    /// What was read for an identity. The keys that follow it in the pipeline take it, so that a cluster is read once.
    /// </summary>
    private readonly ConcurrentDictionary<string, CmekInfo?> _read = new();

    /// <summary>The identity of a cluster.</summary>
    /// <exception cref="CmekException">PlanNotSupported, AdvancedSecurityMissing, CmekAlreadyEnabled, …</exception>
    public async Task<CmekRole> EnsureRoleAsync(ICmekKeyProvider keys, RoleRequest request, OperationContext context)
    {
        RefuseUnfit(request.Cluster);
        if (request.Name is null)
            await RefuseIfNewAsync(keys, request, context);
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
        if (!isMove && request.Name is null && request.KeyUris.Count == 0)
            await RefuseIfNewAsync(keys, request, context);
        return await keys.EnsureKeysAsync(request, context);
    }

    private async Task RefuseIfNewAsync(ICmekKeyProvider keys, RoleRequest request, OperationContext context)
    {
        var read = await ReadAsync(request.Cluster, context);
        _read[request.Cluster.Id] = read;
        if (InForce(read) is not { } info)
            return;
        // Nothing is opened or waited for by a plan.
        var plan = request with { Update = false, Options = request.Options.Without("Open", "Wait") };
        CmekRole planned;
        try
        {
            planned = await keys.EnsureRoleAsync(plan, PlanningHost.Decline(context));
        }
        catch (CmekException error) when (request.Update && error.Kind == CmekErrorKind.Exists)
        {
            // It exists and differs: that is what -Update is for.
            return;
        }

        // An identity in force that was deleted is the one that the cluster needs again.
        if (planned.IsPlanned && !info.InForce().Any(s => s.AuthPrincipal == planned.AuthPrincipal))
            throw Errors.CmekAlreadyEnabled(info, "identity", info.InForce());
    }

    private async Task RefuseIfNewAsync(ICmekKeyProvider keys, KeyRequest request, OperationContext context)
    {
        if (!_read.TryRemove(request.Cluster.Id, out var read))
            read = await ReadAsync(request.Cluster, context);
        if (InForce(read) is not { } info)
            return;
        var planned = (await keys.EnsureKeysAsync(request, PlanningHost.Decline(context)))
            .Where(k => k.IsPlanned)
            .ToList();
        var replaced = info.InForce().Where(s => planned.Any(k => k.Region == s.Region)).ToList();
        if (replaced.Count > 0)
            throw Errors.CmekAlreadyEnabled(info, "key", replaced);
    }

    private void RefuseUnfit(CrdbCluster cluster)
    {
        var results = new CheckList(cluster);
        manifestCheck.CheckCluster(cluster, results);
        foreach (var failed in results.All.Where(c => c.Status == CmekCheckStatus.Fail))
            if (failed.Check == CmekCheckName.Plan)
                throw Errors.PlanNotSupported(cluster.Name, failed);
            else if (failed.Check == CmekCheckName.AdvancedSecurity)
                throw Errors.AdvancedSecurityMissing(cluster.Name, failed);
    }

    /// <summary>The state of a cluster that has keys in force; null for any other.</summary>
    private static CmekInfo? InForce(CmekInfo? info) =>
        info is { Status: not (CmekStatus.Disabled or CmekStatus.EnableFailed) } && info.InForce().Count > 0
            ? info
            : null;

    /// <summary>The CMEK of a cluster; null when it was never enabled, or may not be read.</summary>
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
}
