using CockroachCmek.Core.Cloud;

namespace CockroachCmek.Core.Cmek;

/// <summary>How to wait.</summary>
internal sealed record WaitOptions
{
    /// <summary>Longest wait. Terraform's provider allows two hours.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromHours(2);

    /// <summary>Longest time between two polls; the first polls come sooner.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The status to wait for; null for any in which nothing is running.</summary>
    public string? Expected { get; init; }
}

/// <summary>
/// One wait: polls until the state is settled, shows progress for each region, and explains an unexpected end.
/// </summary>
internal sealed class CmekWait(
    CrdbCloudClient client,
    CrdbCluster cluster,
    WaitOptions options,
    OperationContext context
)
{
    private readonly string _activity = $"Waiting for CMEK on {cluster.Name}";
    private readonly HashSet<string> _regions = [];

    public async Task<CmekInfo> RunAsync()
    {
        try
        {
            return Expected(
                await Polling.UntilAsync(
                    cluster.Name,
                    async poll =>
                    {
                        var info = await client.GetCmekAsync(cluster, poll);
                        ThrowIfFailed(info);
                        return info;
                    },
                    IsSettled,
                    Show,
                    info => Errors.WaitTimedOut(info, options.Timeout),
                    options,
                    context
                )
            );
        }
        finally
        {
            foreach (var region in _regions)
                Say("", region, completed: true);
            Say("", null, completed: true);
        }
    }

    /// <summary>
    /// Settled means that nothing is running on the cluster, its regions and their newest keys. An unknown status
    /// counts as running.
    /// </summary>
    private bool IsSettled(CmekInfo info)
    {
        // Enabled without any region is a response that is not complete yet.
        if (info.Status == CmekStatus.Enabled && info.Regions.Count == 0)
            return false;
        return IsRest(info.Status)
            && info.Regions.All(r => IsRest(r.Status) && (r.Keys.Count == 0 || !CmekStatus.IsRunning(r.Keys[0].Status)))
            && (
                options.Expected is not CmekStatus.Enabled
                || cluster.Regions.All(c => info.Regions.Any(r => r.Region == c.Name))
                || info.Status != CmekStatus.Enabled
            );
    }

    private static bool IsRest(string status) =>
        status is CmekStatus.Enabled or CmekStatus.Disabled or CmekStatus.Revoked;

    private CmekInfo Expected(CmekInfo info) =>
        options.Expected is null || info.Status == options.Expected
            ? info
            : throw Errors.UnexpectedStatus(info, options.Expected);

    private static void ThrowIfFailed(CmekInfo info)
    {
        foreach (var region in info.Regions)
        {
            // Only the newest key counts: an old one may have failed long ago.
            var key = region
                .Keys.OrderByDescending(k => k.UpdatedAt)
                .FirstOrDefault(k => CmekStatus.IsFailed(k.Status));
            if (CmekStatus.IsFailed(region.Status))
                throw Errors.CmekOperationFailed(info, region, key ?? (region.Keys.Count > 0 ? region.Keys[0] : null));
        }

        if (CmekStatus.IsFailed(info.Status))
            throw Errors.CmekOperationFailed(
                info,
                null,
                info.Regions.SelectMany(r => r.Keys).FirstOrDefault(k => k.UserMessage.Length > 0)
            );
    }

    private void Show(CmekInfo info, TimeSpan elapsed)
    {
        Say($"{info.Status} for {elapsed:hh\\:mm\\:ss}", null);
        foreach (var region in info.Regions)
        {
            _regions.Add(region.Region);
            Say(
                string.Join(
                    ", ",
                    region
                        .Keys.Where(k => CmekStatus.IsRunning(k.Status))
                        .Select(k => $"{k.Status} {k.KeyUri}")
                        .DefaultIfEmpty(region.Status)
                ),
                region.Region
            );
        }
    }

    private void Say(string status, string? region, bool completed = false) =>
        context.Host.Progress(
            new OperationProgress
            {
                Activity = _activity,
                Status = status,
                Region = region,
                Completed = completed,
            }
        );
}
