using Amazon.KeyManagementService;
using Amazon.Runtime;
using CockroachCmek.Core.Keys.Aws.Access;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// Finds, without a record, what keeps a cluster from its keys now, whoever did it: our Deny in a key policy or on the
/// role, a denied trust, a missing grant, a disabled key, a scheduled deletion. Reads only.
/// </summary>
internal sealed class AwsRevocationSearch(AwsRun run)
{
    public async Task<IReadOnlyList<CmekAccessChange>> FindAsync(RevocationRequest request)
    {
        var found = new List<CmekAccessChange>();
        foreach (var ofRole in request.Keys.GroupBy(k => k.AuthPrincipal))
        {
            var role = RoleArn.Parse(ofRole.Key);
            foreach (var change in await OnRoleAsync(request.Cluster, role))
                found.Add(change.ToChange("", [.. ofRole.Select(k => k.Region).Distinct()], isDone: true));
        }

        var keys = request.Keys.GroupBy(k => (k.KeyUri, k.AuthPrincipal)).ToList();
        var isAnySeen = false;
        foreach (var uses in keys)
        {
            var arn = AwsKeyArn.Parse(uses.Key.KeyUri);
            if (await run.Keys.FindAsync(arn) is not { } key)
            {
                run.Warn(
                    $"The key {arn} was not found, or these credentials are not allowed to see it. It is skipped."
                );
                continue;
            }

            isAnySeen = true;
            var inUse = new KeyInUse(
                key,
                RoleArn.Parse(uses.Key.AuthPrincipal),
                [.. uses.Select(u => u.Region).Distinct()]
            );
            found.AddRange((await OnKeyAsync(inUse)).Select(c => inUse.ToChange(c, isDone: true)));
        }

        return isAnySeen || found.Count > 0
            ? found
            : throw AwsErrors.KeyNotFound(keys[0].Key.KeyUri, AwsKeyArn.Parse(keys[0].Key.KeyUri).Region);
    }

    private async Task<IReadOnlyList<AwsAccessChange>> OnKeyAsync(KeyInUse key)
    {
        var found = new List<AwsAccessChange>();
        var (arn, role, policy) = (key.Found.Arn, key.Role, key.Found.Policy);
        found.AddRange(policy.DenialsOf(role.Text).Select(statement => new KeyPolicyDeny(arn, role, statement)));
        if (await IsGrantMissingAsync(key))
        {
            found.Add(KeyPolicyGrant.Standard(arn, role));
            if (policy.StalePrincipals is { Count: > 0 } stale)
                run.Warn(
                    $"The policy of {arn} names principals that were deleted: {string.Join(", ", stale)}. If {role} was "
                        + "created again under its old name, it is another principal, and AWS refuses the policy while "
                        + "it "
                        + $"names the old one: {AwsErrors.RemoveStale(arn.ToString(), role.Text, cluster: null)}"
                );
        }

        var state = key.Found.Metadata.KeyState;
        if (state == KeyState.Disabled)
            found.Add(new KeyDisabling(arn, role));
        else if (state == KeyState.PendingDeletion || state == KeyState.PendingReplicaDeletion)
            found.Add(new KeyDeletion(arn, role));
        return found;
    }

    /// <summary>
    /// True when nothing is known to allow the use. A grant that somebody narrowed is there, and stays as it is.
    /// </summary>
    private async Task<bool> IsGrantMissingAsync(KeyInUse key) =>
        await new AwsKeyAccessReader(run).ReadAsync(key.Found, key.Role.Text)
            is { IsGrantedByKey: false, IsAllowed: false, Narrowed.Count: 0 };

    private async Task<IReadOnlyList<AwsAccessChange>> OnRoleAsync(CrdbCluster cluster, RoleArn role)
    {
        var partition = AwsPartition.Named(role.Partition);
        try
        {
            if (await run.FindRoleAsync(partition, role.Name) is not { } shown || shown.Arn != role.Text)
                return [];
            var names = await run.Calls.ReadAsync("IAM", "ListRolePolicies", role.Name, c =>
                run.Clients.Iam(partition).ListRolePoliciesAsync(role.Name, c)
            );
            var found = names.Select(n => RolePolicyDeny.Find(role, n)).OfType<AwsAccessChange>().ToList();
            var trust = KeyPolicyDocument.Parse(shown.TrustPolicy);
            if (RoleTrustDeny.Find(role, trust, names, cluster.AccountId) is { } denied)
                found.Add(denied);
            else
                WarnOfTrust(cluster, shown);
            return found;
        }
        catch (AmazonServiceException error) when (AwsCalls.IsDenied(error))
        {
            const string permission = "iam:GetRole and iam:ListRolePolicies";
            run.Warn(
                $"{role} could not be read, so it is not known whether something on the role denies it the keys. "
                    + "Check: "
                    + AwsCommands.RolePolicies(role.Name).Needing(permission)
            );
            return [];
        }
    }

    /// <summary>A trust that was removed is put back by the command that knows the organization's id.</summary>
    private void WarnOfTrust(CrdbCluster cluster, IamRole role)
    {
        if (cluster.AccountId.Length == 0)
            return;
        var trust = TrustPolicy.Read(role, cluster.AccountId, "", run.Calls.Context.Time.GetUtcNow());
        if (!trust.NeedsNoExternalId && !trust.AcceptsOtherExternalIds)
            run.Warn(
                $"{role.Arn} does not trust account {cluster.AccountId}, which hosts '{cluster.Name}'. To let it "
                    + "assume the "
                    + $"role again, run Get-CrdbCluster {cluster.Name} | New-CrdbCmekRole -Update"
            );
    }
}
