using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>Puts the CMEK of a cluster into one line. Reads only.</summary>
internal sealed class FleetSummary(CrdbCloudClient client, CmekHealth health)
{
    /// <summary>The worst first.</summary>
    private static readonly CmekCheckStatus[] Worst =
    [
        CmekCheckStatus.Fail,
        CmekCheckStatus.Unknown,
        CmekCheckStatus.Warning,
        CmekCheckStatus.Pass,
    ];

    /// <summary>
    /// The line of a cluster. One that cannot be read is Unknown, with the reason; the others of a fleet are not held
    /// up.
    /// </summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="provider">Connects to the cluster's cloud; not called for a plan without CMEK.</param>
    /// <param name="options">What the checks compare with.</param>
    /// <param name="context">The run.</param>
    public async Task<CmekSummary> ReadAsync(
        CrdbCluster cluster,
        Func<ICmekKeyProvider> provider,
        HealthOptions options,
        OperationContext context
    )
    {
        var line = new CmekSummary { Cluster = cluster, Regions = [.. cluster.Regions.Select(r => r.Name)] };
        if (!cluster.MayHaveCmek)
            return line with { Detail = $"The plan {cluster.Plan} has no CMEK." };
        try
        {
            var checks = await health.CheckAsync(cluster, provider(), options, context);
            var (info, _) = await KeyListing.TryAsync(() => client.GetCmekAsync(cluster, context));
            return OfChecks(info is null ? line : OfState(line, info, context.Time.GetUtcNow()), checks);
        }
        catch (CmekException error)
            when (error.ErrorId is not (nameof(Errors.ApiKeyRefused) or nameof(Errors.SessionEnded)))
        {
            return line with
            {
                WorstStatus = CmekCheckStatus.Unknown,
                Unknown = 1,
                Detail = error.Message,
                Remedy = error.RecommendedAction ?? "",
            };
        }
    }

    private static CmekSummary OfState(CmekSummary line, CmekInfo info, DateTimeOffset now)
    {
        var times = info.Regions.Where(r => r.Keys.Count > 0).Select(r => r.WrappedAt()).ToList();
        var oldest = info.Status == CmekStatus.Disabled || times.Contains(null) ? null : times.Min();
        return line with
        {
            Status = info.Status,
            OldestKeySince = oldest,
            OldestKeyAgeInDays = oldest is { } since ? (int)Math.Max(0, (now - since).TotalDays) : null,
        };
    }

    private static CmekSummary OfChecks(CmekSummary line, IReadOnlyList<CmekCheck> checks)
    {
        int Count(CmekCheckStatus status) => checks.Count(c => c.Status == status);
        var status = Worst.FirstOrDefault(s => Count(s) > 0);
        var worst = status == CmekCheckStatus.Pass ? null : checks.FirstOrDefault(c => c.Status == status);
        return line with
        {
            WorstStatus = checks.Count == 0 ? CmekCheckStatus.Unknown : status,
            WorstCheck = worst?.Check ?? "",
            Detail = worst?.Detail ?? "",
            Remedy = worst?.Remedy ?? "",
            Failed = Count(CmekCheckStatus.Fail),
            Unknown = Count(CmekCheckStatus.Unknown),
            Warnings = Count(CmekCheckStatus.Warning),
        };
    }
}
