using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>
/// Whether the keys that a file names are the cluster's: a manifest or a record can be given under the name of another
/// cluster. Keys and identities that this module made are marked for their cluster. Read beside the work.
/// </summary>
internal sealed class KeyOwnership
{
    /// <summary>How long, in real time, the first change waits at most for the marks.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    private readonly CrdbCluster _cluster;
    private readonly Task<ClusterMarks?>[] _reads;
    private readonly IReadOnlyList<CmekRegionSpec> _keys;

    private KeyOwnership(
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionSpec> specs,
        ICmekKeyProvider keys,
        OperationContext context
    )
    {
        _cluster = cluster;
        _keys = specs;
        _reads = [.. specs.Select(s => ReadAsync(s, keys, context))];
    }

    /// <summary>Starts to read the marks of the keys that only a file names.</summary>
    public static KeyOwnership Start(
        CrdbCluster cluster,
        RevocationKeys found,
        RevocationOptions options,
        ICmekKeyProvider keys,
        OperationContext context
    )
    {
        IReadOnlyList<CmekRegionSpec> named =
            options.Source is CmekManifest manifest ? manifest.RegionSpecs
            : found.IsFromRecord ? found.Every
            : [];
        // CockroachDB Cloud itself says what is in force.
        var doubtful = found.IsFromCloud ? named.Except(found.InForce) : named;
        return new(
            cluster,
            [.. doubtful.GroupBy(s => (s.KeyUri, s.AuthPrincipal)).Select(s => s.First())],
            keys,
            context
        );
    }

    /// <summary>
    /// Refuses keys that are marked for other clusters only. A key that several clusters share is marked for one: then
    /// -AllowSharedKey says that it is meant.
    /// </summary>
    /// <exception cref="CmekException">KeysOfAnotherCluster.</exception>
    public async Task RefuseAsync(bool allowShared, OperationContext context)
    {
        if (_reads.Length == 0)
            return;
        await Task.WhenAny(Task.WhenAll(_reads), Task.Delay(Longest, context.CancellationToken));
        var foreign = new List<(string Key, ClusterMark Owner)>();
        var isAnyRead = false;
        for (var i = 0; i < _reads.Length; i++)
            if (_reads[i].IsCompleted && await _reads[i] is { IsAnyRead: true, Found: var marks })
            {
                isAnyRead = true;
                if (marks.Count > 0 && !marks.Any(m => m.IsOf(_cluster)))
                    foreign.Add((_keys[i].KeyUri, marks[0]));
            }

        if (foreign.Count > 0 && !allowShared)
            throw Errors.KeysOfAnotherCluster(_cluster.Name, foreign);
        if (foreign.Count > 0)
            context.Host.Warning(
                $"{_cluster.Name}: {Errors.DescribeForeign(foreign)}. They are taken, because -AllowSharedKey was "
                    + "given."
            );
        else if (!isAnyRead)
            context.Host.Warning(
                $"{_cluster.Name}: neither the keys nor the identities that the file names could be read, so it is NOT "
                    + "known whether they belong to this cluster or to another."
            );
    }

    private static async Task<ClusterMarks?> ReadAsync(
        CmekRegionSpec spec,
        ICmekKeyProvider keys,
        OperationContext context
    )
    {
        try
        {
            return await keys.ReadMarksAsync(spec, context);
        }
        catch (CmekException error)
        {
            context.Host.Verbose($"The marks of {spec.KeyUri} could not be read. {error.Message}");
            return null;
        }
    }
}
