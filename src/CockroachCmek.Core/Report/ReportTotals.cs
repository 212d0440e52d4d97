using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Report;

/// <summary>What is counted while clusters are added to a report.</summary>
internal sealed class ReportTotals
{
    private readonly SortedDictionary<string, long> _results = NewCount();
    private readonly SortedDictionary<string, long> _providers = NewCount();
    private readonly SortedDictionary<string, long> _statuses = NewCount();
    private readonly SortedDictionary<string, long> _checks = NewCount();
    private readonly Dictionary<string, SortedDictionary<string, long>> _coverage = [];

    /// <summary>Number of clusters.</summary>
    public int Clusters { get; private set; }

    /// <summary>Number of things that could not be read.</summary>
    public int Gaps { get; private set; }

    /// <summary>Number of checks that failed.</summary>
    public int Failed => (int)Of(_checks, nameof(CmekCheckStatus.Fail));

    /// <summary>Number of checks with a warning.</summary>
    public int Warnings => (int)Of(_checks, nameof(CmekCheckStatus.Warning));

    /// <summary>The clouds of the clusters.</summary>
    public IReadOnlyList<string> CloudProviders => [.. _providers.Keys];

    /// <summary>Number of clusters with a result.</summary>
    public long ClustersWith(ReportResult result) => Of(_results, result.ToString());

    /// <summary>Number of clusters of which a section was read so far.</summary>
    public long Covered(CmekReportSection section, ReportCoverage coverage) =>
        _coverage.TryGetValue(section.ToString(), out var counts) ? Of(counts, coverage.ToString()) : 0;

    /// <summary>Counts a cluster that could not be found, and so is not in the report.</summary>
    public void AddMissing() => Gaps++;

    /// <summary>Counts a cluster.</summary>
    public void Add(JsonObject cluster)
    {
        Clusters++;
        Gaps += cluster["gaps"]!.AsArray().Count;
        Count(_results, (string)cluster["result"]!);
        Count(_providers, (string)cluster["cloudProvider"]!);
        Count(_statuses, (string?)cluster["cmekStatus"] ?? "");
        foreach (var section in cluster["sections"]!.AsObject())
        {
            if (!_coverage.TryGetValue(section.Key, out var counts))
                _coverage[section.Key] = counts = NewCount();
            Count(counts, (string)section.Value!["coverage"]!);
        }

        if (cluster["sections"]![nameof(CmekReportSection.Health)] is { } health)
            foreach (var check in health["rows"]!.AsArray())
                Count(_checks, (string)check!["status"]!);
    }

    /// <summary>The counts as the report keeps them.</summary>
    public JsonObject Write() =>
        new()
        {
            ["clusters"] = (long)Clusters,
            ["gaps"] = (long)Gaps,
            ["clustersByResult"] = Write(_results),
            ["clustersByCloudProvider"] = Write(_providers),
            ["clustersByCmekStatus"] = Write(_statuses),
            ["checksByStatus"] = Write(_checks),
            ["coverage"] = new JsonObject([
                .. _coverage.Select(s => new KeyValuePair<string, JsonNode?>(s.Key, Write(s.Value))),
            ]),
        };

    private static JsonObject Write(SortedDictionary<string, long> counts) =>
        new([.. counts.Select(c => new KeyValuePair<string, JsonNode?>(c.Key, c.Value))]);

    private static SortedDictionary<string, long> NewCount() => new(StringComparer.Ordinal);

    private static long Of(SortedDictionary<string, long> counts, string name) =>
        counts.TryGetValue(name, out var count) ? count : 0;

    private static void Count(SortedDictionary<string, long> counts, string name) =>
        counts[name] = Of(counts, name) + 1;
}
