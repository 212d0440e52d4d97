using System.Collections.Concurrent;

namespace CockroachCmek.Core.Cloud;

/// <summary>
/// Finds the cluster that a person means. Remembers clusters for completion only; every answer comes from the API.
/// </summary>
/// <param name="client">The API.</param>
/// <param name="isOffline">Nothing is sent: a cluster is what its name or id says.</param>
internal sealed class ClusterResolver(CrdbCloudClient client, bool isOffline = false)
{
    /// <summary>No request is sent again after this time, in an emergency.</summary>
    private static readonly TimeSpan Urgency = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, CrdbCluster> _known = new();

    /// <summary>Every cluster that this session has seen.</summary>
    public IReadOnlyCollection<CrdbCluster> KnownClusters => [.. _known.Values];

    /// <summary>The cluster that is meant.</summary>
    /// <exception cref="CmekException">ClusterNotFound, AmbiguousCluster.</exception>
    public async Task<CrdbCluster> ResolveAsync(CrdbClusterIdentity identity, OperationContext context)
    {
        if (identity.Cluster is { } given && (isOffline || !given.IsReference))
            return Remember(given);
        if (isOffline)
            return Named(identity, command: null);
        if (identity.Id is { } id)
            return Remember(await client.GetClusterAsync(id, context));

        var all = new List<CrdbCluster>();
        await foreach (var cluster in FindAsync(_ => true, includeInactive: false, context))
            all.Add(cluster);
        var matches = all.Where(c => string.Equals(c.Name, identity.Text, StringComparison.OrdinalIgnoreCase)).ToList();
        // Twelve hexadecimal digits may be a name; otherwise they are the end of an id.
        if (matches.Count == 0 && identity.LastDigits is { } digits)
            matches = [.. all.Where(c => c.Id.EndsWith(digits, StringComparison.OrdinalIgnoreCase))];
        return matches.Count switch
        {
            1 => matches[0],
            0 => throw Errors.ClusterNotFound(identity.Text, NearNames(identity.Text, all)),
            _ => throw Errors.AmbiguousCluster(identity.Text, matches),
        };
    }

    /// <summary>
    /// The cluster that is meant, in an emergency: CockroachDB Cloud is given a few seconds to respond.
    /// </summary>
    /// <param name="kmsOnly">Without its response, a cluster is what its name or id says.</param>
    /// <param name="command">The command that is to go on, for the error.</param>
    /// <exception cref="CmekException">ClusterNotFound, AmbiguousCluster, ClusterNotRead.</exception>
    public async Task<CrdbCluster> ResolveUrgentlyAsync(
        CrdbClusterIdentity identity,
        bool kmsOnly,
        string command,
        OperationContext context
    )
    {
        var patience = context.Patience;
        try
        {
            return await ResolveAsync(
                identity,
                context with
                {
                    Patience = patience with { Total = patience.Total < Urgency ? patience.Total : Urgency },
                }
            );
        }
        catch (CmekException error)
            when (error.ErrorId is not (nameof(Errors.ClusterNotFound) or nameof(Errors.AmbiguousCluster)))
        {
            if (IsPattern(identity))
                throw Errors.PatternNotResolved(identity.Text, command, error);
            if (!kmsOnly)
                throw Errors.ClusterNotRead(identity.Text, command, error);
            context.Host.Warning(
                $"{identity}: CockroachDB Cloud could not be asked for the cluster. {error.Message} Its keys are looked "
                    + "for in your clouds."
            );
            return identity.Cluster ?? Named(identity, command);
        }
    }

    /// <summary>Clusters as the pages arrive.</summary>
    public async IAsyncEnumerable<CrdbCluster> FindAsync(
        Func<CrdbCluster, bool> predicate,
        bool includeInactive,
        OperationContext context
    )
    {
        await foreach (var cluster in client.ListClustersAsync(includeInactive, context))
            if (predicate(Remember(cluster)))
                yield return cluster;
    }

    /// <summary>What an identity itself tells of the cluster.</summary>
    /// <exception cref="CmekException">PatternNotResolved.</exception>
    private static CrdbCluster Named(CrdbClusterIdentity identity, string? command) =>
        IsPattern(identity)
            ? throw Errors.PatternNotResolved(identity.Text, command)
            : new() { Id = identity.Id ?? "", Name = identity.Id ?? identity.Text };

    /// <summary>A name with wildcards; a console URL may have a question mark.</summary>
    private static bool IsPattern(CrdbClusterIdentity identity) =>
        identity is { Cluster: null, Id: null } && identity.Text.IndexOfAny(['*', '?', '[']) >= 0;

    private CrdbCluster Remember(CrdbCluster cluster) => _known[cluster.Id] = cluster;

    private static List<string> NearNames(string text, IEnumerable<CrdbCluster> all) =>
        [
            .. all.Select(c => c.Name)
                .Select(name =>
                    (Name: name, Distance: EditDistance.Between(name.ToLowerInvariant(), text.ToLowerInvariant()))
                )
                .Where(pair => pair.Distance <= 3 || pair.Name.IndexOf(text, StringComparison.OrdinalIgnoreCase) >= 0)
                .OrderBy(pair => pair.Distance)
                .Take(3)
                .Select(pair => pair.Name),
        ];
}
