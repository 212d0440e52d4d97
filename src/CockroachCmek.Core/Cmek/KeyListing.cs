using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>
/// The keys of a cluster in two places: those that CockroachDB Cloud names, and those that the KMS marks for it. Either
/// place may be unreadable, which is a warning.
/// </summary>
/// <param name="Info">The state of CMEK; null when CockroachDB Cloud could not be asked.</param>
/// <param name="Found">The keys in the KMS; null when it could not be searched.</param>
internal sealed record KeyListing(CmekInfo? Info, KeySearch? Found)
{
    /// <summary>Every key, those in force first, then the past ones, then those that only the KMS shows.</summary>
    public IReadOnlyList<CmekRegionSpec> Keys => [.. (Info?.EveryKey() ?? []).Concat(Found?.Keys ?? [])];

    /// <exception cref="CmekException">What went wrong, when neither place could be read.</exception>
    public static async Task<KeyListing> ReadAsync(
        CrdbCloudClient client,
        CrdbCluster cluster,
        ICmekKeyProvider keys,
        OperationContext context
    )
    {
        using var timeUp = new CancellationTokenSource(ClusterSearch.Limit);
        var reading = TryAsync(() => client.GetCmekAsync(cluster, context));
        var (found, unsearched) = await TryAsync(() => keys.FindKeysAsync(cluster, context, timeUp.Token));
        var (info, unread) = await reading;
        if (unread is not null && unsearched is not null)
            throw unread;
        if (unread is not null)
            context.Host.Warning(
                $"{cluster.Name}: CockroachDB Cloud could not be asked for the keys, so it is not known which the "
                    + $"cluster uses. {unread.Message}"
            );
        if (unsearched is not null)
            context.Host.Warning(
                $"{cluster.Name}: the KMS could not be searched, so keys that the cluster does not use are not listed. "
                    + unsearched.Message
            );
        if (found is { Missed.Count: > 0 })
            context.Host.Warning($"{cluster.Name}: keys may be missing. {string.Join(" ", found.Missed)}");
        return new KeyListing(info, found);
    }

    /// <summary>The result of a read, or why there is none.</summary>
    public static async Task<(T? Value, CmekException? Error)> TryAsync<T>(Func<Task<T>> read)
        where T : class
    {
        try
        {
            return (await read(), null);
        }
        catch (CmekException error)
        {
            return (null, error);
        }
    }
}
