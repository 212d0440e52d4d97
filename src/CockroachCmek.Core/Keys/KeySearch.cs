namespace CockroachCmek.Core.Keys;

/// <summary>What one cloud's KMS shows of a cluster's keys, by this module's tags, labels and names.</summary>
internal sealed record KeySearch
{
    private const int LastDigits = 12;

    /// <summary>The clusters whose keys were found. A name can mean several.</summary>
    public IReadOnlyList<ClusterKeys> Clusters { get; init; } = [];

    /// <summary>Where was searched, for people: the account, project or subscription, and the regions.</summary>
    public required string Searched { get; init; }

    /// <summary>Places that could not be searched, each with the reason as a sentence.</summary>
    public IReadOnlyList<string> Missed { get; init; } = [];

    /// <summary>Every key that was found.</summary>
    public IReadOnlyList<CmekRegionSpec> Keys => [.. Clusters.SelectMany(c => c.Keys)];

    /// <summary>
    /// True when the marks on a key name the cluster: its id or, where that is not known, its name or the last twelve
    /// digits of its id.
    /// </summary>
    /// <param name="cluster">The cluster; its id is empty when only what a person typed is known.</param>
    /// <param name="id">The id on the key; null for none.</param>
    /// <param name="name">The name on the key; null for none.</param>
    /// <param name="toMark">How a name is written on a key; null for as it is.</param>
    public static bool Means(CrdbCluster cluster, string? id, string? name, Func<string, string>? toMark = null)
    {
        if (string.IsNullOrEmpty(id))
            return false;
        if (cluster.Id.Length > 0)
            return string.Equals(cluster.Id, id, StringComparison.OrdinalIgnoreCase);
        var typed = cluster.Name;
        return typed.Length > 0
            && (
                string.Equals(toMark?.Invoke(typed) ?? typed, name, StringComparison.OrdinalIgnoreCase)
                || (typed.Length == LastDigits && id!.EndsWith(typed, StringComparison.OrdinalIgnoreCase))
            );
    }
}

/// <summary>The keys of one cluster in one cloud's KMS.</summary>
/// <param name="Id">UUID of the cluster, as its keys say.</param>
/// <param name="Name">Name of the cluster, as its keys say; empty when they do not.</param>
/// <param name="Keys">The keys.</param>
internal sealed record ClusterKeys(string Id, string Name, IReadOnlyList<CmekRegionSpec> Keys);
