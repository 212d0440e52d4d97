using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>
/// The keys of a cluster: those that it uses or has used, as CockroachDB Cloud lists them, and those in the KMS that
/// are marked for it. Reads only.
/// </summary>
internal sealed class KeyInventory(CrdbCloudClient client)
{
    /// <summary>
    /// Reads the keys: those in force first, then the past ones, then those that the cluster does not use.
    /// </summary>
    /// <exception cref="CmekException">What went wrong, when neither place could be read.</exception>
    public async Task<IReadOnlyList<CmekKey>> ReadAsync(
        CrdbCluster cluster,
        ICmekKeyProvider keys,
        OperationContext context
    )
    {
        using var timeUp = new CancellationTokenSource(ClusterSearch.Limit);
        var reading = TryAsync(() => client.GetCmekAsync(cluster, context));
        var (search, unsearched) = await TryAsync(() => keys.FindKeysAsync(cluster, context, timeUp.Token));
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
        if (search is { Missed.Count: > 0 })
            context.Host.Warning($"{cluster.Name}: keys may be missing. {string.Join(" ", search.Missed)}");

        var used = info is null ? [] : UsesOf(info);
        var others = (search?.Keys ?? [])
            .Where(f => !used.Any(u => IsSame(u.Spec.KeyUri, f.KeyUri, keys.Cloud)))
            .Select(f => (Spec: f, Use: info is null ? CmekKeyUse.Unknown : CmekKeyUse.NotUsed, Since: Never));
        return await Task.WhenAll(
            used.Concat(others).Select(k => DescribeAsync(cluster, k.Spec, k.Use, k.Since, keys, context))
        );
    }

    private static DateTimeOffset? Never => null;

    /// <summary>A newer version of a key that is used is no other key: what deletes it deletes the key.</summary>
    private static bool IsSame(string one, string other, ICustomerCloud cloud) =>
        string.Equals(ResourceOf(one, cloud), ResourceOf(other, cloud), StringComparison.OrdinalIgnoreCase);

    private static string ResourceOf(string uri, ICustomerCloud cloud) => cloud.ParseKeyUri(uri)?.Resource ?? uri;

    /// <summary>The keys that CockroachDB Cloud lists, each once for a region.</summary>
    private static IReadOnlyList<(CmekRegionSpec Spec, CmekKeyUse Use, DateTimeOffset? Since)> UsesOf(CmekInfo info)
    {
        var inForce = info.InForce();
        return
        [
            .. info.EveryKey()
                .Select(spec =>
                {
                    // A key of which the region has used several versions is listed for each.
                    var uses = info
                        .Regions.Where(r => r.Region == spec.Region)
                        .SelectMany(r => r.Keys)
                        .Where(k => k.KeyUri == spec.KeyUri)
                        .ToList();
                    var use = inForce.Contains(spec) ? UseOf(uses[0].Status) : CmekKeyUse.Past;
                    return (spec, use, uses.Min(k => k.CreatedAt));
                }),
        ];
    }

    /// <summary>A key with which CMEK could not be enabled may be in use on some nodes.</summary>
    private static CmekKeyUse UseOf(string status) =>
        status is CmekStatus.EnableFailed or CmekStatus.Disabled ? CmekKeyUse.Unknown : CmekKeyUse.InForce;

    private static async Task<CmekKey> DescribeAsync(
        CrdbCluster cluster,
        CmekRegionSpec spec,
        CmekKeyUse use,
        DateTimeOffset? since,
        ICmekKeyProvider keys,
        OperationContext context
    )
    {
        var (origin, unread) = await TryAsync(() => keys.ReadOriginAsync(spec, context));
        if (unread is not null)
            context.Host.Warning($"{cluster.Name}: the key of {spec.Region} could not be read. {unread.Message}");
        return new CmekKey
        {
            Cluster = cluster,
            Region = spec.Region,
            KeyType = spec.KeyType,
            KeyUri = spec.KeyUri,
            AuthPrincipal = spec.AuthPrincipal,
            IsMultiRegion = keys.Cloud.ParseKeyUri(spec.KeyUri)?.IsMultiRegion ?? false,
            Origin = origin?.Kind ?? CmekKeyOrigin.Unknown,
            ExpiresAt = origin?.ExpiresAt,
            Use = use,
            UsedSince = since,
        };
    }

    private static async Task<(T? Value, CmekException? Error)> TryAsync<T>(Func<Task<T>> read)
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
