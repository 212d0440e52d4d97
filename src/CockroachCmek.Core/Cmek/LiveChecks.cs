using CockroachCmek.Core.Checks;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>The checks of a cluster's keys that read the customer's cloud.</summary>
internal static class LiveChecks
{
    /// <summary>What to check: every key in force, and each past key once.</summary>
    public static IEnumerable<KeyCheckRequest> Requests(CmekInfo info, HealthOptions options)
    {
        var inForce = info.InForce();
        foreach (var spec in inForce)
            yield return new KeyCheckRequest
            {
                Cluster = info.Cluster,
                OrganizationId = options.OrganizationId,
                Spec = spec,
                Rules = options.Rules,
                TakenUpAt = info.Regions.First(r => r.Region == spec.Region).WrappedAt(),
            };
        foreach (
            var spec in info.EveryKey()
                .Where(s => !inForce.Any(f => f.KeyUri == s.KeyUri))
                .GroupBy(s => s.KeyUri)
                .Select(g => g.First())
        )
            yield return new KeyCheckRequest
            {
                Cluster = info.Cluster,
                OrganizationId = options.OrganizationId,
                Spec = spec,
                IsPast = true,
            };
    }

    /// <summary>A cloud that cannot be reached makes its own checks Unknown and hides no others.</summary>
    public static async Task<IReadOnlyList<CmekCheck>> RunAsync(
        ICmekKeyProvider keys,
        KeyCheckRequest request,
        OperationContext context
    )
    {
        try
        {
            return OfKey(await keys.CheckKeyAsync(request, context));
        }
        catch (CmekException fault)
        {
            var results = new CheckList(request.Cluster);
            results.Unknown(CmekCheckName.KeyUsable, request.Spec.Region, fault);
            return OfKey(results.All);
        }

        IReadOnlyList<CmekCheck> OfKey(IReadOnlyList<CmekCheck> checks) =>
            [.. checks.Select(c => c with { KeyUri = request.Spec.KeyUri })];
    }
}
