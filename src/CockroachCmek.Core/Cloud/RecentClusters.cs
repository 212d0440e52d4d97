using System.Collections.Concurrent;

namespace CockroachCmek.Core.Cloud;

/// <summary>
/// Clusters as the API has just shown them, so that the check of a fleet does not ask for each cluster again what one
/// list has told. For checks only: a write reads the cluster itself.
/// </summary>
internal sealed class RecentClusters
{
    /// <summary>How long a check may rely on what was read.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, Reading> _readings = new(StringComparer.OrdinalIgnoreCase);
    private readonly object _gate = new();
    private Task? _listing;

    /// <summary>Remembers a cluster that was read at this moment.</summary>
    /// <param name="isListed">It came with others, so the others are as old as it is.</param>
    public void Add(CrdbCluster cluster, bool isListed, DateTimeOffset now) =>
        _readings[cluster.Id] = new Reading(cluster, now, isListed);

    /// <summary>Forgets a cluster that is about to change.</summary>
    public void Forget(string clusterId) => _readings.TryRemove(clusterId, out _);

    /// <summary>The cluster, if it was read a moment ago.</summary>
    public CrdbCluster? Find(string clusterId, DateTimeOffset now) =>
        _readings.TryGetValue(clusterId, out var reading)
        && now - reading.At is var age
        && age >= TimeSpan.Zero
        && age <= Lifetime
            ? reading.Cluster
            : null;

    /// <summary>True for a cluster that came with others.</summary>
    public bool IsListed(string clusterId) => _readings.TryGetValue(clusterId, out var reading) && reading.IsListed;

    /// <summary>Lists again; whoever asks while a list is being read waits for that one.</summary>
    public Task ListAgainAsync(Func<Task> list)
    {
        lock (_gate)
            return _listing is { IsCompleted: false } running ? running : _listing = list();
    }

    private sealed record Reading(CrdbCluster Cluster, DateTimeOffset At, bool IsListed);
}
