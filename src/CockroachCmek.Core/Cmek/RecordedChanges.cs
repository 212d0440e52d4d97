using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>
/// The changes of a record, verified. Whoever can write the file must not be able to change anything else with it, or
/// show a text that is not what happens.
/// </summary>
internal static class RecordedChanges
{
    /// <summary>
    /// The changes that may be in force, each verified against the cluster's keys. A run that was killed may have made
    /// a
    /// change that its record still calls planned, so those count; undoing a change that was never made does nothing.
    /// </summary>
    /// <exception cref="CmekException">RevocationFileInvalid.</exception>
    public static IReadOnlyList<CmekAccessChange> Verify(
        CmekRevocation record,
        CrdbCluster cluster,
        RevocationKeys found,
        CustomerCloudTable clouds
    )
    {
        if (cluster.Id.Length > 0 && record.ClusterId != cluster.Id)
            throw Errors.RevocationFileInvalid(
                record.Path ?? record.ClusterName,
                $"it is the record of {record.ClusterName} ({record.ClusterId}), not of {cluster.Name} ({cluster.Id})"
            );
        var keys = found.IsFromRecord ? [] : found.Every;
        return
        [
            .. record
                .Changes.Where(c =>
                    c.State != CmekAccessChangeState.Restored && c.Kind != RevocationPlan.UnreadableKind
                )
                .Select(c => c with { Regions = RegionsNow(c, record, keys) })
                .Select(c => clouds.Of(cluster).VerifyChange(c, cluster, keys) with { RequestIds = c.RequestIds }),
        ];
    }

    /// <summary>
    /// The regions of a change, in the cluster's names. A record whose keys only the KMS showed has the KMS's name for
    /// the place of a key, which can be another than the cluster's region that uses it.
    /// </summary>
    private static IReadOnlyList<string> RegionsNow(
        CmekAccessChange change,
        CmekRevocation record,
        IReadOnlyList<CmekRegionSpec> keys
    )
    {
        return
        [
            .. change
                .Regions.SelectMany(region =>
                    keys.Any(k => k.Region == region) ? [region] : UsersOf(region).DefaultIfEmpty(region)
                )
                .Distinct(),
        ];

        IEnumerable<string> UsersOf(string place) =>
            record
                .Keys.Concat(record.PastKeys)
                .Where(k => k.Region == place && IsAbout(k))
                .SelectMany(k => keys.Where(IsSame(k)))
                .Select(k => k.Region);

        bool IsAbout(CmekRegionSpec key) =>
            key.AuthPrincipal == change.AuthPrincipal
            && (
                change.KeyUri.Length == 0
                || string.Equals(key.KeyUri, change.KeyUri, StringComparison.OrdinalIgnoreCase)
            );
    }

    /// <summary>
    /// The keys that a record names. Records of earlier versions name them in their changes only, and a change of an
    /// identity names none.
    /// </summary>
    /// <returns>The keys in force, as far as that is recorded, and every key; both empty when none is named.</returns>
    /// <exception cref="CmekException">RevocationFileInvalid: a key or identity of another cloud.</exception>
    public static (IReadOnlyList<CmekRegionSpec> InForce, IReadOnlyList<CmekRegionSpec> Every) KeysOf(
        CmekRevocation record,
        CrdbCluster cluster,
        CustomerCloudTable clouds
    )
    {
        if (record.Keys.Count > 0)
        {
            CmekRegionSpec[] inForce = [.. record.Keys.Select(Checked)];
            return (inForce, [.. inForce, .. record.PastKeys.Select(Checked)]);
        }

        CmekRegionSpec[] named =
        [
            .. record
                .Changes.Where(c => c.KeyUri.Length > 0)
                .SelectMany(c => c.Regions.Select(r => CmekRegionSpec.Create(r, "", c.KeyUri, c.AuthPrincipal)))
                .Select(Checked)
                .Distinct(),
        ];
        return (named, named);

        CmekRegionSpec Checked(CmekRegionSpec key)
        {
            var cloud = clouds.Of(cluster);
            var problem =
                cloud.ParseKeyUri(key.KeyUri) is not { KeyType: not null }
                    ? $"'{key.KeyUri}' is not a key of {cloud.DisplayName}"
                : cloud.PrincipalProblem(key.AuthPrincipal, cluster) is { } reason
                    ? $"'{key.AuthPrincipal}' cannot be the cluster's identity: {reason}"
                : null;
            return problem is null
                ? CmekRegionSpec.Create(key.Region, cloud.KeyType, key.KeyUri, key.AuthPrincipal)
                : throw Errors.RevocationFileInvalid(record.Path ?? record.ClusterName, problem);
        }
    }

    /// <summary>
    /// The keys of a state that are not among those of a revocation: those in force that were not in force then, and
    /// those that it does not know. Null when there is none.
    /// </summary>
    public static RevocationKeys? KeysBeside(
        this CmekRevocation revocation,
        IReadOnlyList<CmekRegionSpec> inForce,
        IReadOnlyList<CmekRegionSpec> every
    )
    {
        CmekRegionSpec[] moved = [.. inForce.Where(k => !revocation.Keys.Any(IsSame(k)))];
        CmekRegionSpec[] others =
        [
            .. every.Where(k => !moved.Contains(k) && !revocation.Keys.Concat(revocation.PastKeys).Any(IsSame(k))),
        ];
        return moved.Length + others.Length == 0
            ? null
            : new RevocationKeys { InForce = moved, Every = [.. moved, .. others] };
    }

    private static Func<CmekRegionSpec, bool> IsSame(CmekRegionSpec key) =>
        known =>
            known.AuthPrincipal == key.AuthPrincipal
            && string.Equals(known.KeyUri, key.KeyUri, StringComparison.OrdinalIgnoreCase);
}
