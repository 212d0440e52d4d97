using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>
/// Finds a cluster of which a person typed only the name, UUID or console URL, with its keys, in the KMS of every cloud.
/// Nothing is sent to CockroachDB Cloud. The clouds are searched side by side, and none waits for another for long.
/// </summary>
/// <param name="connect">The provider of a cloud, with the session's credentials.</param>
internal sealed class ClusterSearch(CustomerCloudTable clouds, Func<ICustomerCloud, ICmekKeyProvider> connect)
{
    /// <summary>How long, in real time, a cloud is waited for after its time is up.</summary>
    private static readonly TimeSpan TimeToEnd = TimeSpan.FromSeconds(30);

    private sealed record Outcome(ICustomerCloud Cloud, KeySearch? Search, string? Problem)
    {
        public IReadOnlyList<ClusterKeys> Found => [.. (Search?.Clusters ?? []).Where(c => c.Keys.Count > 0)];
    }

    /// <summary>How long, in real time, the clouds that have not responded are waited for, once one shows keys.</summary>
    public TimeSpan TimeForOthers { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>The same for a name, which another cluster can have too.</summary>
    public TimeSpan TimeForNamesakes { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long, in real time, a KMS is searched.</summary>
    public static TimeSpan Limit { get; } = TimeSpan.FromMinutes(2);

    /// <summary>The cluster, as its keys describe it, and the keys.</summary>
    /// <param name="cluster">What is known of it: an id or a name.</param>
    /// <param name="command">The command that needs the keys, for errors.</param>
    /// <exception cref="CmekException">ClusterKeysNotFound, AmbiguousClusterKeys.</exception>
    public async Task<(CrdbCluster Cluster, RevocationKeys Keys)> FindAsync(
        CrdbCluster cluster,
        string command,
        OperationContext context
    )
    {
        context.Host.Progress(
            new OperationProgress
            {
                Activity = $"Finding the keys of {cluster.Name}",
                Status = $"Searching {string.Join(", ", clouds.All.Select(c => c.DisplayName))}",
            }
        );
        var outcomes = await SearchAsync(cluster, context);
        var found = outcomes.SelectMany(o => o.Found.Select(f => (o.Cloud, Keys: f))).ToList();
        if (found.Count > 1)
            throw Errors.AmbiguousClusterKeys(
                cluster.Name,
                [.. found.Select(f => (f.Keys.Name, f.Keys.Id, f.Cloud.DisplayName))],
                command
            );
        if (found.Count == 0)
            throw Errors.ClusterKeysNotFound(
                cluster.Name,
                [.. outcomes.Where(o => o.Search is not null).Select(DescribeSearched)],
                [.. outcomes.SelectMany(DescribeMissed)],
                command
            );
        var (cloud, keys) = found[0];
        var named = cluster with
        {
            Id = keys.Id,
            Name = keys.Name.Length > 0 ? keys.Name : cluster.Name,
            CloudProvider = cloud.Provider,
            Regions = [.. keys.Keys.Select(k => k.Region).Distinct().Select(r => new CrdbRegion { Name = r })],
        };
        Tell(cluster, named, cloud, keys, outcomes, context);
        return (named, RevocationKeys.OfKms(keys.Keys));
    }

    /// <summary>Searches all clouds until their time is up, or one shows keys and the others had theirs.</summary>
    private async Task<IReadOnlyList<Outcome>> SearchAsync(CrdbCluster cluster, OperationContext context)
    {
        var timeUp = new CancellationTokenSource(Limit);
        var stop = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        var own = context with { CancellationToken = stop.Token };
        var searches = clouds
            .All.Select(c =>
                (Cloud: c, Work: Task.Run(() => TrySearchAsync(c, cluster, own, timeUp.Token), stop.Token))
            )
            .ToList();
        var all = Task.WhenAll(searches.Select(s => s.Work));
        try
        {
            return await TakeAsync(cluster, searches, all, own);
        }
        finally
        {
            // What is still being read is given up. It uses nothing that is disposed here, and may end at any moment:
            // nothing is disposed before the search has ended.
            stop.Cancel();
            _ = all.ContinueWith(
                ended =>
                {
                    _ = ended.Exception;
                    stop.Dispose();
                    timeUp.Dispose();
                },
                TaskScheduler.Default
            );
        }
    }

    /// <summary>What the searches have found when they need not be waited for any more.</summary>
    private async Task<IReadOnlyList<Outcome>> TakeAsync(
        CrdbCluster cluster,
        IReadOnlyList<(ICustomerCloud Cloud, Task<Outcome> Work)> searches,
        Task all,
        OperationContext context
    )
    {
        var end = Task.Delay(Limit + TimeToEnd, context.CancellationToken);
        Task? others = null;
        while (!all.IsCompleted && !end.IsCompleted && others?.IsCompleted != true)
        {
            if (others is null && await HasFoundAsync(searches.Select(s => s.Work)))
                others = Task.Delay(
                    cluster.Id.Length > 0 ? TimeForOthers : TimeForNamesakes,
                    context.CancellationToken
                );
            var running = searches.Where(s => !s.Work.IsCompleted).Select(s => (Task)s.Work);
            await Task.WhenAny([all, end, .. running, .. others is null ? Array.Empty<Task>() : [others]]);
        }

        context.CancellationToken.ThrowIfCancellationRequested();
        return await Task.WhenAll(
            searches.Select(s =>
                s.Work.IsCompleted ? s.Work : Task.FromResult(new Outcome(s.Cloud, null, "It did not respond in time."))
            )
        );
    }

    private static async Task<bool> HasFoundAsync(IEnumerable<Task<Outcome>> searches)
    {
        foreach (var search in searches.Where(s => s.Status == TaskStatus.RanToCompletion))
            if ((await search).Found.Count > 0)
                return true;
        return false;
    }

    /// <summary>Searches one cloud. Its fault ends no other search.</summary>
    private async Task<Outcome> TrySearchAsync(
        ICustomerCloud cloud,
        CrdbCluster cluster,
        OperationContext context,
        CancellationToken timeUp
    )
    {
        try
        {
            return new Outcome(cloud, await connect(cloud).FindKeysAsync(cluster, context, timeUp), null);
        }
        catch (CmekException error)
        {
            return new Outcome(cloud, null, error.Message);
        }
    }

    private static string DescribeSearched(Outcome outcome) =>
        $"{outcome.Cloud.DisplayName} ({outcome.Search!.Searched})";

    private static IEnumerable<string> DescribeMissed(Outcome outcome) =>
        outcome.Problem is { } problem
            ? [$"{outcome.Cloud.DisplayName} ({problem.TrimEnd('.', ' ')})"]
            : outcome.Search!.Missed.Select(m => $"{outcome.Cloud.DisplayName}, {m.TrimEnd('.', ' ')}");

    /// <summary>Says which cluster it is, what may be missing, and where a namesake could be.</summary>
    private static void Tell(
        CrdbCluster typed,
        CrdbCluster found,
        ICustomerCloud cloud,
        ClusterKeys keys,
        IReadOnlyList<Outcome> outcomes,
        OperationContext context
    )
    {
        var count = keys.Keys.Select(k => k.KeyUri).Distinct().Count();
        context.Host.Warning(
            $"{found.Name}: {count} {(count == 1 ? "key" : "keys")} of cluster {found.Id} found in {cloud.DisplayName} by "
                + "this module's tags, labels and names. Keys that it did not create are not among them, and which are "
                + "in force is not known."
        );
        var here = outcomes.Single(o => o.Cloud == cloud);
        if (here.Search!.Missed.Count > 0)
            context.Host.Warning($"{found.Name}: keys may be missing. {string.Join(" ", here.Search.Missed)}");
        var missed = outcomes.Where(o => o != here).SelectMany(DescribeMissed).ToList();
        if (missed.Count == 0)
            return;
        var elsewhere = $"{found.Name}: these could not be searched: {string.Join("; ", missed)}.";
        if (typed.Id.Length > 0)
            context.Host.Verbose(elsewhere);
        else
            context.Host.Warning($"{elsewhere} A cluster of the same name whose keys are there would not be noticed.");
    }
}
