using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>Finds the other clusters that use the keys of a cluster.</summary>
internal sealed class SharedKeys(CrdbCloudClient client)
{
    /// <summary>Names the clusters that would lose a key too, and refuses unless -AllowSharedKey was given.</summary>
    /// <exception cref="CmekException">KeyShared.</exception>
    public async Task RefuseAsync(
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionSpec> keys,
        RevocationOptions options,
        OperationContext context
    )
    {
        var others = new List<CrdbCluster>();
        await foreach (var other in client.ListClustersAsync(false, context))
            if (
                other.Id != cluster.Id
                && other.CloudProvider == cluster.CloudProvider
                && other.Plan is "ADVANCED" or "DEDICATED" or ""
            )
                others.Add(other);
        using var requests = new SemaphoreSlim(8);
        var sharing = (
            await Task.WhenAll(
                others.Select(async other =>
                {
                    await requests.WaitAsync(context.CancellationToken);
                    try
                    {
                        var theirs = (await client.GetCmekAsync(other, context)).EveryKey();
                        return theirs.Any(t => keys.Any(k => Loses(options.Method, k, t))) ? other.Name : null;
                    }
                    catch (CmekException error) when (error.Kind == CmekErrorKind.PermissionDenied)
                    {
                        context.Host.Warning(
                            $"{other.Name}: this API key is not allowed to read its CMEK, so it is unknown whether it "
                                + "uses the same keys."
                        );
                        return null;
                    }
                    finally
                    {
                        requests.Release();
                    }
                })
            )
        ).OfType<string>().ToList();
        if (sharing.Count == 0)
            return;
        if (!options.AllowSharedKey)
            throw Errors.KeyShared(cluster.Name, sharing);
        context.Host.Warning(
            $"{string.Join(", ", sharing)} {(sharing.Count == 1 ? "uses" : "use")} a key of {cluster.Name}, "
                + "and will lose it too."
        );
    }

    /// <summary>
    /// Whether another cluster loses its key too: a disabled key is lost for all, a denied or untrusted identity only
    /// for the clusters that use it.
    /// </summary>
    private static bool Loses(CmekRevocationMethod method, CmekRegionSpec mine, CmekRegionSpec theirs) =>
        method switch
        {
            CmekRevocationMethod.DisableKey => SameKey(mine.KeyUri, theirs.KeyUri),
            CmekRevocationMethod.RemoveTrust => mine.AuthPrincipal == theirs.AuthPrincipal,
            _ => mine.AuthPrincipal == theirs.AuthPrincipal && SameKey(mine.KeyUri, theirs.KeyUri),
        };

    private static bool SameKey(string one, string other) =>
        string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
}
