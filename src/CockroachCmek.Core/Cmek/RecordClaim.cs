namespace CockroachCmek.Core.Cmek;

/// <summary>
/// Which cluster's record a file holds. Where a pipeline of several clusters names one file, the first cluster gets it.
/// </summary>
internal sealed class RecordClaim
{
    private string? _owner;

    /// <summary>True for the first cluster, each time.</summary>
    public bool TryTake(CrdbCluster cluster)
    {
        var name = cluster.Id.Length > 0 ? cluster.Id : cluster.Name;
        return Interlocked.CompareExchange(ref _owner, name, null) is not { } owner || owner == name;
    }
}
