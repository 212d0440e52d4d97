using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Manifest;

/// <summary>
/// Groups keys by cluster, and returns a manifest as soon as every region of a cluster has a key. Not thread-safe.
/// </summary>
internal sealed class ManifestBuilder(CustomerCloudTable clouds)
{
    private sealed record Row(string Region, string KeyUri, string AuthPrincipal, CmekKey? Key, bool IsPlanned);

    private readonly Dictionary<string, (CrdbCluster Cluster, List<Row> Rows, bool Complete)> _clusters = [];

    /// <summary>Adds a key for a region; returns the manifest when it was the last one missing.</summary>
    /// <exception cref="CmekException">RegionUnknown, RegionTwice, KeyUriMalformed.</exception>
    public CmekManifest? Add(
        CrdbCluster cluster,
        string region,
        string keyUri,
        string authPrincipal,
        CmekKey? key,
        bool isPlanned = false
    )
    {
        if (!_clusters.TryGetValue(cluster.Id, out var entry))
            entry = (cluster, [], false);
        if (!cluster.Regions.Any(r => r.Name == region))
            throw Errors.RegionUnknown(cluster.Name, region, cluster.Regions.Select(r => r.Name));
        if (entry.Rows.Any(r => r.Region == region))
            throw Errors.RegionTwice(cluster.Name, region);
        entry.Rows.Add(new Row(region, keyUri, authPrincipal, key, isPlanned || key is { IsPlanned: true }));
        entry.Complete = Missing(cluster, entry.Rows).Count == 0;
        _clusters[cluster.Id] = entry;
        return entry.Complete ? Manifest(cluster, entry.Rows) : null;
    }

    /// <summary>An error for every cluster that still lacks a key.</summary>
    public IReadOnlyList<CmekException> Complete() =>
        [
            .. _clusters
                .Values.Where(c => !c.Complete)
                .Select(c => Errors.ManifestIncomplete(c.Cluster.Name, Missing(c.Cluster, c.Rows))),
        ];

    private static List<string> Missing(CrdbCluster cluster, List<Row> rows) =>
        [.. cluster.Regions.Select(r => r.Name).Where(name => !rows.Any(row => row.Region == name))];

    private CmekManifest Manifest(CrdbCluster cluster, List<Row> rows) =>
        new()
        {
            Cluster = cluster,
            RegionSpecs =
            [
                .. cluster.Regions.Select(region => Spec(cluster, rows.Single(row => row.Region == region.Name))),
            ],
            IsPlanned = rows.Any(row => row.IsPlanned),
            // A key that exists may come from a run that was interrupted moments ago.
            IsFresh = rows.Any(row => row.Key is not null),
        };

    private CmekRegionSpec Spec(CrdbCluster cluster, Row row) =>
        CmekRegionSpec.Create(
            row.Region,
            row.Key?.KeyType ?? clouds.ParseKeyUri(row.KeyUri).KeyType ?? clouds.Find(cluster)?.KeyType ?? "",
            row.KeyUri,
            row.AuthPrincipal
        );
}
