namespace CockroachCmek;

/// <summary>
/// A cluster in one line: its state of CMEK, the age of its keys, and the worst result of its checks.
/// </summary>
public sealed record CmekSummary
{
    /// <summary>The cluster.</summary>
    public CrdbCluster Cluster { get; internal init; } = new();

    /// <summary>UUID of the cluster.</summary>
    public string ClusterId => Cluster.Id;

    /// <summary>Name of the cluster.</summary>
    public string ClusterName => Cluster.Name;

    /// <summary>AWS, GCP or AZURE.</summary>
    public string CloudProvider => Cluster.CloudProvider;

    /// <summary>BASIC, STANDARD or ADVANCED; empty when the API does not report the plan.</summary>
    public string Plan => Cluster.Plan;

    /// <summary>The cluster's regions.</summary>
    public IReadOnlyList<string> Regions
    {
        get;
        internal init => field = value.AsCmekList();
    } = CmekList<string>.None;

    /// <summary>
    /// Status of CMEK (see <see cref="CmekStatus"/>); empty when it could not be read, or the plan has no CMEK.
    /// </summary>
    public string Status { get; internal init; } = "";

    /// <summary>
    /// Since when the region that wrapped longest ago has used its key, UTC; null without CMEK, or when the API does
    /// not
    /// report it of every region.
    /// </summary>
    public DateTimeOffset? OldestKeySince { get; internal init; }

    /// <summary>The same in days; null when it is not known.</summary>
    public int? OldestKeyAgeInDays { get; internal init; }

    /// <summary>
    /// The worst result: Fail, then Unknown, then Warning, then Pass. Null for a plan that has no CMEK.
    /// </summary>
    public CmekCheckStatus? WorstStatus { get; internal init; }

    /// <summary>Name of the first check with that result; empty when every check passes.</summary>
    public string WorstCheck { get; internal init; } = "";

    /// <summary>What that check found; of a cluster that could not be checked, why.</summary>
    public string Detail { get; internal init; } = "";

    /// <summary>What to do about it, for people; empty when nothing is wrong.</summary>
    public string Remedy { get; internal init; } = "";

    /// <summary>The command of <see cref="Remedy"/> alone; empty when the remedy is no command.</summary>
    public string NextCommand => NextCommands.Of(Remedy);

    /// <summary>Number of checks that fail.</summary>
    public int Failed { get; internal init; }

    /// <summary>Number of checks whose result could not be determined.</summary>
    public int Unknown { get; internal init; }

    /// <summary>Number of checks that warn.</summary>
    public int Warnings { get; internal init; }

    /// <inheritdoc/>
    public override string ToString() => $"{ClusterName}: {Status}, {WorstStatus}";
}
