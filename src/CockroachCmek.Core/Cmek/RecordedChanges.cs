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
                .Select(c => clouds.Of(cluster).VerifyChange(c, cluster, keys)),
        ];
    }
}
