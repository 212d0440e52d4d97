namespace CockroachCmek.Completion;

/// <summary>Names of clusters; ids where two clusters have one name.</summary>
public sealed class ClusterNameCompleter : ValueCompleter
{
    private protected override IEnumerable<Candidate> Candidates(CommandLineSoFar line) =>
        line
            .Known.GroupBy(cluster => cluster.Name, StringComparer.OrdinalIgnoreCase)
            .OrderBy(twins => twins.Key, StringComparer.OrdinalIgnoreCase)
            .SelectMany(twins =>
                twins
                    .OrderBy(cluster => cluster.Id, StringComparer.Ordinal)
                    .Select(cluster =>
                        twins.Count() == 1
                            ? new Candidate(cluster.Name, Describe(cluster))
                            : new Candidate(cluster.Id, $"{cluster.Name} ({cluster.Id})", Describe(cluster))
                    )
            );

    private static string Describe(CrdbCluster cluster) =>
        $"{cluster.CloudProvider} {string.Join(", ", cluster.Regions)} ({cluster.Id})";
}

/// <summary>Regions of the clusters on the command line, or of all clusters seen.</summary>
public sealed class RegionCompleter : ValueCompleter
{
    private protected override IEnumerable<Candidate> Candidates(CommandLineSoFar line) =>
        Regions(line.NamesClusters ? line.Clusters : line.Known);

    internal static IEnumerable<Candidate> Regions(IEnumerable<CrdbCluster> clusters) =>
        clusters
            .SelectMany(c => c.Regions.Select(r => (Region: r.Name, Cluster: c.Name)))
            .GroupBy(pair => pair.Region)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => new Candidate(group.Key, string.Join(", ", group.Select(pair => pair.Cluster))));
}

/// <summary>
/// Regions that the clusters on the command line do not have: those of other clusters of the same cloud first, then
/// those that the documentation of CockroachDB Cloud lists for the cloud.
/// </summary>
public sealed class NewRegionCompleter : ValueCompleter
{
    private protected override IEnumerable<Candidate> Candidates(CommandLineSoFar line)
    {
        var clouds = line.Clouds.Select(c => c.Provider).ToList();
        var present = line.Clusters.SelectMany(c => c.Regions).Select(r => r.Name).ToList();
        return RegionCompleter
            .Regions(line.Known.Where(c => clouds.Contains(c.CloudProvider)))
            .Select(region => region with { ToolTip = $"has nodes of {region.ToolTip}" })
            .Concat(
                line.Clouds.SelectMany(c => c.Suggest(line.Parameter, line.Seen()))
                    .OrderBy(s => s.Text, StringComparer.Ordinal)
                    .Select(s => new Candidate(s.Text, s.ToolTip))
            )
            .Where(region => !present.Contains(region.Text));
    }
}

/// <summary>Machine types of the nodes of clusters on the same cloud.</summary>
public sealed class MachineTypeCompleter : ValueCompleter
{
    private protected override IEnumerable<Candidate> Candidates(CommandLineSoFar line)
    {
        var clouds = line.Clouds.Select(c => c.Provider).ToList();
        return line
            .Known.Where(c => clouds.Contains(c.CloudProvider))
            .SelectMany(c => c.Regions.Select(r => (r.MachineType, Where: $"{c.Name}, {r.Name}")))
            .GroupBy(pair => pair.MachineType)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => new Candidate(group.Key, $"nodes of {group.First().Where}"));
    }
}
