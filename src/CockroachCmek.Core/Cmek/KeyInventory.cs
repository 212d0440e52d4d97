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
        var listing = await KeyListing.ReadAsync(client, cluster, keys, context);
        var info = listing.Info;
        var used = info is null ? [] : UsesOf(info);
        var others = (listing.Found?.Keys ?? [])
            .Where(f => !used.Any(u => IsSame(u.Spec.KeyUri, f.KeyUri, keys.Cloud)))
            .Select(f => (Spec: f, Use: info is null ? CmekKeyUse.Unknown : CmekKeyUse.NotUsed, Since: Never));
        var grants = new GrantReadings(cluster, keys, context);
        return await Task.WhenAll(
            used.Concat(others)
                .Select(async k =>
                    await DescribeAsync(cluster, k.Spec, keys, grants, context) with
                    {
                        Use = k.Use,
                        UsedSince = k.Since,
                    }
                )
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
        ICmekKeyProvider keys,
        GrantReadings grants,
        OperationContext context
    )
    {
        var access = grants.ReadAsync(spec);
        var (found, unread) = await KeyListing.TryAsync(() => keys.DescribeKeyAsync(spec, context));
        if (unread is not null)
            context.Host.Warning($"{cluster.Name}: the key of {spec.Region} could not be read. {unread.Message}");
        var key = found ?? KeyDescription.Unread;
        return new CmekKey
        {
            Cluster = cluster,
            Region = spec.Region,
            KeyType = spec.KeyType,
            KeyUri = spec.KeyUri,
            AuthPrincipal = spec.AuthPrincipal,
            Name = key.Name,
            Location = key.Location,
            State = key.State,
            IsMultiRegion = keys.Cloud.ParseKeyUri(spec.KeyUri)?.IsMultiRegion ?? false,
            IsPrimary = key.IsPrimary,
            Origin = key.Origin.Kind,
            CreatedAt = key.CreatedAt,
            ExpiresAt = key.ExpiresAt ?? key.Origin.ExpiresAt,
            Access = await access,
        };
    }
}
