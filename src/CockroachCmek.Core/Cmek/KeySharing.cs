using CockroachCmek.Core.Checks;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>
/// KeyShared: whether a key or its identity serves other clusters. The marks of this module tell it for one cluster,
/// and the clusters of the same run tell it of each other. No request is made for a cluster that is not checked.
/// </summary>
internal sealed class KeySharing
{
    private readonly object _gate = new();
    private readonly Dictionary<string, List<Use>> _uses = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads the marks of the keys in force, and remembers who uses what.</summary>
    public async Task<IReadOnlyList<CmekCheck>> CheckAsync(
        CmekInfo info,
        ICmekKeyProvider keys,
        OperationContext context
    )
    {
        var specs = info.InForce();
        Remember(info.Cluster, specs, keys.Cloud);
        var read = await Task.WhenAll(
            specs.GroupBy(s => (s.KeyUri, s.AuthPrincipal)).Select(g => MarksAsync(info.Cluster, [.. g], keys, context))
        );
        return [.. read.SelectMany(r => r)];
    }

    /// <summary>After the run: a warning for each cluster that shares a key or an identity with another of the run.</summary>
    public IReadOnlyList<CmekCheck> Shared()
    {
        lock (_gate)
            return
            [
                .. _uses
                    .Where(u => u.Value.Select(v => v.ClusterId).Distinct().Count() > 1)
                    .SelectMany(u => u.Value.Select(use => (Use: use, All: u.Value)))
                    .GroupBy(u => u.Use)
                    .Select(u => Warning(u.Key, u.First().All))
                    .OrderBy(c => c.ClusterName, StringComparer.OrdinalIgnoreCase)
                    .ThenBy(c => c.Region, StringComparer.Ordinal),
            ];
    }

    private void Remember(CrdbCluster cluster, IReadOnlyList<CmekRegionSpec> specs, ICustomerCloud cloud)
    {
        lock (_gate)
            foreach (var spec in specs)
            {
                var use = new Use(cluster.Id, cluster.Name, spec.Region, spec.KeyUri);
                foreach (var what in new[] { spec.KeyUri, cloud.IdentityOf(cluster, spec.AuthPrincipal) }.Distinct())
                {
                    if (!_uses.TryGetValue(what, out var list))
                        _uses[what] = list = [];
                    list.Add(use);
                }
            }
    }

    private static CmekCheck Warning(Use use, List<Use> all)
    {
        var others = all.Where(o => o.ClusterId != use.ClusterId).Select(o => o.ClusterName).Distinct().ToList();
        const int shown = 5;
        var results = new CheckList(new CrdbCluster { Id = use.ClusterId, Name = use.ClusterName });
        results.Warn(
            CmekCheckName.KeyShared,
            "KeySharedWithClusters",
            use.Region,
            $"{use.KeyUri}, or the identity that uses it, also serves {string.Join(", ", others.Take(shown))}"
                + $"{(others.Count > shown ? $" and {others.Count - shown} more" : "")}. What is revoked for one "
                + "cluster is lost for the other.",
            $"Get-CrdbCluster {ShellQuote.PowerShell(use.ClusterName)} | New-CrdbCmekRole | New-CrdbCmekKey | "
                + "New-CrdbCmekManifest | Invoke-CrdbCmekRotation -Wait"
        );
        return results.All[0] with { KeyUri = use.KeyUri };
    }

    private static async Task<IReadOnlyList<CmekCheck>> MarksAsync(
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionSpec> uses,
        ICmekKeyProvider keys,
        OperationContext context
    )
    {
        var (key, region) = (uses[0].KeyUri, uses[0].Region);
        var results = new CheckList(cluster);
        var review = $"Get-CrdbCmekAccess {ShellQuote.PowerShell(cluster.Name)}";
        try
        {
            var marks = await keys.ReadMarksAsync(uses[0], context);
            if (marks.Found.FirstOrDefault(m => !m.IsOf(cluster)) is { } other)
                results.Warn(
                    CmekCheckName.KeyShared,
                    "KeyMarkedForAnother",
                    region,
                    $"{key}, or the identity that uses it, is marked for the cluster {other}. What is revoked for one "
                        + "cluster is lost for the other.",
                    review
                );
            else if (marks.Unread.Count > 0)
                results.Unknown(
                    CmekCheckName.KeyShared,
                    "KeyMarksUnread",
                    region,
                    $"Whether {key} and its identity are marked for another cluster is not known, because these could "
                        + $"not be read: {string.Join(", ", marks.Unread)}.",
                    marks.Unread[0].Command
                );
            else
                results.Pass(
                    CmekCheckName.KeyShared,
                    region,
                    marks.Found.Count == 0
                        ? $"{key} and its identity are not marked for another cluster, nor for this one."
                        : $"{key} and its identity are marked for no other cluster."
                );
        }
        catch (CmekException error)
        {
            results.Unknown(CmekCheckName.KeyShared, region, error);
        }

        return [.. uses.Select(u => results.All[0] with { Region = u.Region, KeyUri = u.KeyUri })];
    }

    /// <summary>A region that uses a key. Names only: a fleet has many.</summary>
    private sealed record Use(string ClusterId, string ClusterName, string Region, string KeyUri);
}
