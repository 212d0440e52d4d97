using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// A change that was read from a record. Whoever can write the file must not be able to change anything with it but the
/// cluster's own keys and role, nor show a text that is not what happens.
/// </summary>
internal static class AwsRecordedChange
{
    /// <summary>The change, with everything that is shown made from its content.</summary>
    /// <exception cref="CmekException">RevocationFileInvalid.</exception>
    public static CmekAccessChange Verify(
        CmekAccessChange change,
        ICustomerCloud cloud,
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionSpec> keys
    )
    {
        var parsed = AwsAccessChange.Parse(change);
        if (ProblemOf(change, parsed, cloud, cluster) is { } problem)
            throw Errors.RecordedChangeInvalid(change.Target, problem);
        // An earlier run's reason of a failure is text that nothing checks.
        var verified = change with
        {
            Method = parsed.Method,
            Action = parsed.Action,
            UndoAction = parsed.UndoAction,
            Difference = parsed.Difference,
            Fault = "",
        };
        if (keys.Count == 0)
            return verified;
        var uses = keys.Where(k => k.AuthPrincipal == parsed.Role.Text).ToList();
        if (change.KeyUri.Length > 0)
            uses = [.. uses.Where(k => IsSameKey(k.KeyUri, change.KeyUri))];
        if (uses.Count == 0)
            throw Errors.RecordedChangeInvalid(
                change.Target,
                $"'{cluster.Name}' does not use {(change.KeyUri.Length > 0 ? change.KeyUri : "a key")} "
                    + $"through {parsed.Role}"
            );
        string[] regions =
        [
            .. uses.Where(k => change.KeyUri.Length == 0 || k.KeyUri == change.KeyUri).Select(k => k.Region).Distinct(),
        ];
        // A replica in a region that the cluster does not use.
        return verified with { Regions = regions.Length > 0 ? regions : [AwsKeyArn.Parse(change.KeyUri).Region] };
    }

    private static string? ProblemOf(
        CmekAccessChange change,
        AwsAccessChange parsed,
        ICustomerCloud cloud,
        CrdbCluster cluster
    )
    {
        if (!parsed.IsOfRevocation)
            return $"this module makes no change of kind '{change.Kind}'";
        // Records of 0.2.0 do not name the method.
        if (change.Method != CmekRevocationMethod.Default && change.Method != parsed.Method)
            return $"a change of kind '{change.Kind}' does not belong to the method {change.Method}";
        if (change.State < CmekAccessChangeState.Planned || change.State > CmekAccessChangeState.Restored)
            return $"'{change.State}' is not a state of a change";
        if (cluster.Id.Length > 0 && parsed.ClusterId is { } id && !Same(id, cluster.Id))
            return $"it was made for the cluster {id}";
        if (cluster.AccountId.Length > 0 && parsed.ClusterAccount is { } account && account != cluster.AccountId)
            return $"it denies account {account}, which does not host '{cluster.Name}'";
        if (change.Regions.FirstOrDefault(r => !Regex.IsMatch(r, @"^[a-z0-9-]{1,40}\z")) is { } region)
            return $"'{region}' is not a region";
        var key = parsed.Key ?? AwsKeyArn.TryParse(change.KeyUri);
        return cloud.PrincipalProblem(parsed.Role.Text, cluster) ?? AwsPartition.Difference(cluster, parsed.Role, key);
    }

    /// <summary>The replicas of a multi-region key are one key: each has a policy of its own.</summary>
    private static bool IsSameKey(string one, string other) =>
        one == other
        || (
            AwsKeyArn.TryParse(one) is { IsMultiRegion: true } key
            && AwsKeyArn.TryParse(other) is { } sibling
            && (key.Partition, key.AccountId, key.KeyId) == (sibling.Partition, sibling.AccountId, sibling.KeyId)
        );

    private static bool Same(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
}
