using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>
/// Regions that are to be added and are there already: they count as added if they are as they were asked for.
/// </summary>
internal sealed class PresentRegions(CrdbCluster cluster, CmekInfo cmek, ICmekKeyProvider keys)
{
    /// <summary>Refuses regions with other nodes, other machines or another key. Nothing is written.</summary>
    /// <param name="added">The regions that are not there yet.</param>
    /// <exception cref="CmekException">RegionExists; why a given key cannot be used.</exception>
    public async Task RefuseDifferencesAsync(
        RegionAdditionOptions options,
        IReadOnlyList<string> added,
        OperationContext context
    )
    {
        var problems = new List<CmekException>();
        foreach (var region in cluster.Regions.Where(r => options.Regions.Contains(r.Name)))
            if ((Difference(region, options) ?? await KeyDifferenceAsync(region, options, context)) is { } difference)
                problems.Add(Errors.RegionExists(cluster, region.Name, difference, added, options));
        Errors.ThrowCombined(cluster.Name, problems);
    }

    private static string? Difference(CrdbRegion region, RegionAdditionOptions options)
    {
        if (options.NodeCount is { } nodes && region.NodeCount != nodes)
            return $"with {region.NodeCount} nodes; this command scales nothing";
        return options.MachineType is { } asked && region.MachineType.Length > 0 && region.MachineType != asked
            ? $"with nodes of {region.MachineType}; this command changes no machine"
            : null;
    }

    /// <summary>
    /// Aliases, ids and identifiers without a version are resolved by the provider, as for a region that joins.
    /// </summary>
    private async Task<string?> KeyDifferenceAsync(
        CrdbRegion region,
        RegionAdditionOptions options,
        OperationContext context
    )
    {
        if (
            cmek.InForce().FirstOrDefault(k => k.Region == region.Name) is not { } inForce
            || options.KeyUris.Count == 0
            || options.KeyUris.Contains(inForce.KeyUri)
        )
            return null;
        try
        {
            var given = await keys.EnsureKeysAsync(
                new KeyRequest
                {
                    Cluster = cluster,
                    AuthPrincipal = inForce.AuthPrincipal,
                    Regions = [region.Name],
                    KeyUris = options.KeyUris,
                    Grant = true,
                    Like = inForce,
                },
                PlanningHost.Decline(context)
            );
            return given.All(k => k.KeyUri == inForce.KeyUri)
                ? null
                : $"with the key {inForce.KeyUri}; this command changes no key";
        }
        // One key for each region: those that are there need none.
        catch (CmekException error) when (error.ErrorId == nameof(Errors.KeyUriMissing))
        {
            return null;
        }
    }
}
