using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// Plans how the role's access to keys is revoked: on the role, by a Deny in the key policy, by removing its grant, or
/// by disabling the key. Each region's key has a policy and a state of its own. Reads only, and no more than a method
/// needs: a method works where the reads of another are refused.
/// </summary>
internal sealed class AwsKeyAccess(AwsRun run, ICustomerCloud cloud)
{
    /// <summary>The changes that revoke access, one for each key or role.</summary>
    public async Task<IReadOnlyList<CmekAccessChange>> PlanAsync(RevocationRequest request)
    {
        var method = request.Method == CmekRevocationMethod.Default ? cloud.RevocationMethods[0] : request.Method;
        return method switch
        {
            CmekRevocationMethod.Deny => await PlanDenyAsync(request),
            CmekRevocationMethod.RemoveGrant => await PlanRemoveGrantAsync(request),
            CmekRevocationMethod.DenyRole => await OnRolesAsync(request, PlanDenyRoleAsync),
            CmekRevocationMethod.RemoveTrust => await OnRolesAsync(request, PlanRemoveTrustAsync),
            CmekRevocationMethod.DisableKey => await PlanDisableAsync(request),
            _ => throw Errors.RevocationMethodNotSupported(
                request.Cluster.Name,
                cloud.DisplayName,
                method,
                cloud.RevocationMethods
            ),
        };
    }

    private async Task<IReadOnlyList<CmekAccessChange>> PlanDenyAsync(RevocationRequest request)
    {
        var plan = new List<(KeyInUse Key, CmekAccessChange Change)>();
        foreach (var key in await FindKeysAsync(request))
        {
            var deny = KeyPolicyDeny.Of(request.Cluster, key.Found.Arn, key.Role);
            plan.Add((key, key.ToChange(deny, isDone: key.Found.Policy.Has(deny.Statement))));
        }

        ThrowIfStale(request.Cluster, plan);
        return [.. plan.Select(p => p.Change)];
    }

    private async Task<IReadOnlyList<CmekAccessChange>> PlanRemoveGrantAsync(RevocationRequest request)
    {
        var plan = new List<(KeyInUse Key, CmekAccessChange Change)>();
        foreach (var key in await FindKeysAsync(request))
            plan.AddRange((await new AwsGrantRemoval(run, key).PlanAsync()).Select(c => (key, c)));
        // A grant of KMS is revoked whatever the policy names.
        ThrowIfStale(request.Cluster, plan.Where(p => p.Change.Kind == KeyPolicyGrant.KindName));
        return [.. plan.Select(p => p.Change)];
    }

    private async Task<IReadOnlyList<CmekAccessChange>> PlanDisableAsync(RevocationRequest request)
    {
        var changes = new List<CmekAccessChange>();
        foreach (var key in await DescribeKeysAsync(request))
        {
            var state = key.Metadata.KeyState;
            if (state == KeyState.PendingDeletion || state == KeyState.PendingReplicaDeletion)
            {
                // Nobody can use it, and undoing what was not done would give the key back.
                run.Warn($"The key {key.Metadata.Arn} is pending deletion and cannot be used. It is left as it is.");
                continue;
            }

            changes.Add(
                new KeyDisabling(AwsKeyArn.Parse(key.Metadata.Arn), key.Role).ToChange(
                    key.Metadata.Arn,
                    key.Regions,
                    isDone: state != KeyState.Enabled
                )
            );
        }

        return changes;
    }

    /// <summary>A change of a role for each key that is used through it. The keys themselves are not read.</summary>
    private static async Task<IReadOnlyList<CmekAccessChange>> OnRolesAsync(
        RevocationRequest request,
        Func<CrdbCluster, RoleArn, Task<(AwsAccessChange Change, bool IsDone)>> plan
    )
    {
        var changes = new List<CmekAccessChange>();
        foreach (var ofRole in request.Keys.GroupBy(k => k.AuthPrincipal))
        {
            var (change, isDone) = await plan(request.Cluster, RoleArn.Parse(ofRole.Key));
            changes.AddRange(
                ofRole
                    .GroupBy(k => k.KeyUri)
                    .Select(uses => change.ToChange(uses.Key, [.. uses.Select(u => u.Region).Distinct()], isDone))
            );
        }

        return changes;
    }

    private async Task<(AwsAccessChange Change, bool IsDone)> PlanDenyRoleAsync(CrdbCluster cluster, RoleArn role)
    {
        await new AwsRolePolicyWriter(run, role).CheckAccountAsync();
        var change = new RolePolicyDeny(role, cluster.Id);
        return (change, await IsThereAsync(() => change.IsThereAsync(run)));
    }

    private async Task<(AwsAccessChange Change, bool IsDone)> PlanRemoveTrustAsync(CrdbCluster cluster, RoleArn role)
    {
        if (cluster.AccountId.Length == 0)
            throw Errors.ClusterHasNoAccount(cluster, "AWS account");
        await new AwsRolePolicyWriter(run, role).CheckAccountAsync();
        var change = RoleTrustDeny.Of(cluster, role, run.Calls.Context.Time.GetUtcNow());
        return (change, await IsThereAsync(() => change.IsThereAsync(run)));
    }

    /// <summary>Whoever may not read the role may be allowed to change it.</summary>
    private static async Task<bool> IsThereAsync(Func<Task<bool>> read)
    {
        try
        {
            return await read();
        }
        catch (AmazonServiceException error) when (AwsCalls.IsDenied(error))
        {
            return false;
        }
    }

    /// <summary>The keys with their policies.</summary>
    private async Task<IReadOnlyList<KeyInUse>> FindKeysAsync(RevocationRequest request) =>
        await Task.WhenAll(
            (await DescribeKeysAsync(request)).Select(async key =>
            {
                var arn = AwsKeyArn.Parse(key.Metadata.Arn);
                var policy = await run.Keys.GetPolicyAsync(arn.Region, arn.ToString());
                return new KeyInUse(new FoundKey(key.Metadata, policy), key.Role, key.Regions);
            })
        );

    /// <summary>
    /// Each key once, however many regions use it. A past key that was deleted needs no revoking, but at least one key
    /// must be visible.
    /// </summary>
    private async Task<IReadOnlyList<DescribedKey>> DescribeKeysAsync(RevocationRequest request)
    {
        var keys = await Task.WhenAll(
            request
                .Keys.GroupBy(k => (k.KeyUri, k.AuthPrincipal))
                .Select(async uses =>
                {
                    var arn = AwsKeyArn.Parse(uses.Key.KeyUri);
                    return (Arn: arn, Metadata: await run.Keys.DescribeAsync(arn), Uses: uses);
                })
        );
        if (keys.All(k => k.Metadata is null))
            throw AwsErrors.KeyNotFound(keys[0].Arn.ToString(), keys[0].Arn.Region);
        foreach (var (arn, _, _) in keys.Where(k => k.Metadata is null))
            run.Warn($"The key {arn} was not found, or these credentials are not allowed to see it. It is skipped.");
        return
        [
            .. keys.Where(k => k.Metadata is not null)
                .Select(k => new DescribedKey(
                    k.Metadata!,
                    RoleArn.Parse(k.Uses.Key.AuthPrincipal),
                    [.. k.Uses.Select(u => u.Region).Distinct()]
                )),
        ];
    }

    /// <summary>
    /// AWS refuses to write a policy that names deleted principals: said before the first key is changed.
    /// </summary>
    private static void ThrowIfStale(CrdbCluster cluster, IEnumerable<(KeyInUse Key, CmekAccessChange Change)> plan) =>
        Errors.ThrowCombined(
            cluster.Name,
            [
                .. plan.Where(p => p.Change.State != CmekAccessChangeState.Done)
                    .Select(p => p.Key)
                    .Where(f => f.Found.Policy.StalePrincipals.Count > 0)
                    .Select(f =>
                        AwsErrors.KeyPolicyStale(
                            f.Found.Metadata.Arn,
                            f.Found.Policy.StalePrincipals,
                            f.Role.Text,
                            cluster.Name,
                            isRevocation: true
                        )
                    ),
            ]
        );

    private sealed record DescribedKey(KeyMetadata Metadata, RoleArn Role, IReadOnlyList<string> Regions);
}

/// <summary>A key of the cluster, and the role through which the cluster uses it.</summary>
/// <param name="Regions">The cluster's regions that use it.</param>
internal sealed record KeyInUse(FoundKey Found, RoleArn Role, IReadOnlyList<string> Regions)
{
    /// <summary>A change of the key as it is shown and recorded.</summary>
    public CmekAccessChange ToChange(AwsAccessChange change, bool isDone) =>
        change.ToChange(Found.Metadata.Arn, Regions, isDone);
}
