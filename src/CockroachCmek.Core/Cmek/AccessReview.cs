using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>Who can do what with the keys of a cluster. Reads only.</summary>
internal sealed class AccessReview(CrdbCloudClient client)
{
    /// <summary>Reviews every current and past key of a cluster.</summary>
    /// <param name="manifest">A manifest whose keys are reviewed instead, for example before CMEK is enabled.</param>
    /// <returns>The lines of each key that could be read, and an error for each that could not.</returns>
    public async Task<(IReadOnlyList<CmekAccess> Lines, IReadOnlyList<CmekException> Errors)> ReviewAsync(
        CrdbCluster cluster,
        CmekManifest? manifest,
        ICmekKeyProvider keys,
        OperationContext context
    )
    {
        var inForce = manifest?.RegionSpecs;
        IReadOnlyList<CmekRegionSpec> every;
        if (inForce is not null)
            every = inForce;
        else
        {
            var info = await client.GetCmekForCheckAsync(cluster, context);
            inForce = info.InForce();
            every = info.EveryKey();
            if (every.Count == 0)
                context.Host.Warning(
                    $"{cluster.Name}: CMEK is {info.Status}. The cluster's data is encrypted with keys of Cockroach "
                        + "Labs; there is no key of yours to review."
                );
        }

        var errors = new List<CmekException>();
        var reviews = await Task.WhenAll(
            every
                .GroupBy(s => (s.KeyUri, s.AuthPrincipal))
                .Select(uses => ReviewKeyAsync(cluster, [.. uses], keys, errors, context))
        );
        return (
            [
                .. reviews
                    .SelectMany(r => r)
                    .Select(r => r with { IsPast = !inForce.Any(s => s.Region == r.Region && s.KeyUri == r.KeyUri) }),
            ],
            errors
        );
    }

    /// <summary>A key is read once, however many regions use it.</summary>
    private static async Task<IReadOnlyList<CmekAccess>> ReviewKeyAsync(
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionSpec> uses,
        ICmekKeyProvider keys,
        List<CmekException> errors,
        OperationContext context
    )
    {
        try
        {
            var request = new KeyAccessRequest { Cluster = cluster, Spec = uses[0] };
            var lines = await keys.ReviewAccessAsync(request, context);
            return
            [
                .. uses.SelectMany(use =>
                    lines.Select(line =>
                        line with
                        {
                            ClusterId = cluster.Id,
                            ClusterName = cluster.Name,
                            Region = use.Region,
                            KeyUri = use.KeyUri,
                        }
                    )
                ),
            ];
        }
        catch (CmekException error)
        {
            lock (errors)
                errors.Add(error);
            return [];
        }
    }
}
