using System.Text.RegularExpressions;
using CockroachCmek.Core.Cloud;

namespace CockroachCmek.Core.Cmek;

/// <summary>Checks regions that are about to be added: their names and their machines. Nothing is written.</summary>
internal sealed class NewRegions(CrdbCloudClient client)
{
    /// <summary>
    /// What the machine types of all clouds have in common: m6i.xlarge, n2-standard-4, Standard_D4s_v5. The API has no
    /// list of them.
    /// </summary>
    private static readonly Regex Form = new("^[A-Za-z0-9]+([._-][A-Za-z0-9]+)+$", RegexOptions.CultureInvariant);

    /// <summary>
    /// Refuses names that CockroachDB Cloud does not offer for the cluster's cloud. Without the list, the request
    /// decides.
    /// </summary>
    /// <exception cref="CmekException">RegionNotAvailable.</exception>
    public async Task RefuseUnknownAsync(CrdbCluster cluster, IReadOnlyList<string> added, OperationContext context)
    {
        var offered = new List<string>();
        try
        {
            await foreach (var region in client.ListAvailableRegionsAsync(cluster, context))
                offered.Add(region);
        }
        catch (CmekException error)
        {
            context.Host.Verbose($"{cluster.Name}: the names of regions are not checked: {error.Message}");
            return;
        }

        foreach (var name in offered.Count == 0 ? [] : added)
            if (!offered.Contains(name))
                throw Errors.RegionNotAvailable(
                    cluster.Name,
                    name,
                    [
                        .. offered
                            .OrderBy(o => EditDistance.Between(o, name))
                            .ThenBy(o => o, StringComparer.Ordinal)
                            .Take(3),
                    ]
                );
    }

    /// <summary>
    /// The machine type to send for each new region. None when none was asked for: a new region then gets that of the
    /// cluster, if there is one.
    /// </summary>
    /// <exception cref="CmekException">
    /// MachineTypeNeeded: the regions of the cluster have different machines. MachineTypeMalformed.
    /// </exception>
    public static IReadOnlyDictionary<string, string> Machines(
        CrdbCluster cluster,
        IReadOnlyList<string> added,
        string? asked
    )
    {
        if (asked is not null && !Form.IsMatch(asked))
            throw Errors.MachineTypeMalformed(asked);
        var present = cluster.Regions.Where(r => r.MachineType.Length > 0).ToList();
        if (asked is null && present.Select(r => r.MachineType).Distinct().Count() > 1)
            throw Errors.MachineTypeNeeded(
                cluster.Name,
                string.Join(", ", present.Select(r => $"{r.Name}: {r.MachineType}")),
                added
            );
        return asked is null ? new Dictionary<string, string>() : added.ToDictionary(r => r, _ => asked);
    }
}
