using System.Collections.Concurrent;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// Finds a cluster's keys in the Key Vaults that the credentials can see, by the module's tags and names: for an
/// emergency in which nothing else names them. A key that was imported carries neither and is not found.
/// </summary>
/// <param name="timeUp">Canceled when no further Key Vault is to be read.</param>
internal sealed class AzureKeySearch(
    AzureClients clients,
    AzureCalls calls,
    CrdbCluster cluster,
    CancellationToken timeUp
)
{
    private readonly AzureKeyReader _reader = new(clients, calls);
    private readonly ConcurrentQueue<string> _missed = new();

    /// <summary>A key of a cluster, and where it is.</summary>
    private sealed record Located(AzureKeyVault KeyVault, AzureKeyId Key, string ClusterId, string ClusterName);

    /// <summary>Every version of every key: which of them are in force is known to CockroachDB Cloud only.</summary>
    public async Task<KeySearch> FindAsync()
    {
        var tenantId = await calls.TenantIdAsync(clients);
        var keyVaults = (
            await new AzureKeyVaults(clients, calls).ListAsync(
                (place, error) => _missed.Enqueue($"{place}: {error.Message}")
            )
        )
            .Where(v => AzureScope.Same(v.TenantId, tenantId))
            .ToList();
        var keys = (await Task.WhenAll(keyVaults.Select(FindAsync))).SelectMany(k => k).ToList();
        var clusters = new List<ClusterKeys>();
        foreach (var owner in keys.GroupBy(k => k.ClusterId))
        {
            var all = owner.ToList();
            var specs = await Task.WhenAll(all.Select(k => ToSpecsAsync(k, all, tenantId)));
            clusters.Add(
                new ClusterKeys(
                    owner.Key,
                    all.Select(k => k.ClusterName).FirstOrDefault(n => n.Length > 0) ?? "",
                    [.. specs.SelectMany(s => s)]
                )
            );
        }

        return new KeySearch
        {
            Clusters = clusters,
            Searched =
                $"tenant {tenantId}, "
                + (clients.SubscriptionId is { } one ? $"subscription {one}" : "every visible subscription")
                + (
                    keyVaults.Count == 0
                        ? ", where no Key Vault is visible"
                        : $", Key Vaults {string.Join(", ", keyVaults.Select(v => v.Name))}"
                ),
            Missed = [.. _missed],
        };
    }

    /// <summary>
    /// The keys of the cluster in one Key Vault. Whoever may not list keys may still be allowed to read the one with
    /// the
    /// default name. A Key Vault that cannot be read does not hide the others.
    /// </summary>
    private async Task<IReadOnlyList<Located>> FindAsync(AzureKeyVault keyVault)
    {
        var uri = clients.Cloud.KeyVaultUri(keyVault.Name);
        if (timeUp.IsCancellationRequested)
            return Miss(keyVault, "it was not read, because the time for the search was up.");
        try
        {
            var listed = await calls.ReadAsync("Key Vault", "ListKeys", uri.Host, c => clients.Keys(uri).ListAsync(c));
            return
            [
                .. listed
                    .Where(IsOfCluster)
                    .Select(k => new Located(
                        keyVault,
                        AzureKeyId.Parse(k.Kid, clients.Cloud).WithoutVersion with
                        {
                            KeyVault = uri,
                        },
                        OwnerOf(k) ?? "",
                        TagOf(k, AzureNames.ClusterNameTag) ?? ""
                    )),
            ];
        }
        catch (Exception error)
            when (!calls.Context.CancellationToken.IsCancellationRequested
                && AzureCalls.TranslateRead(error, uri.Host) is { } translated
            )
        {
            return await FindByNameAsync(keyVault, uri, translated);
        }
    }

    private async Task<IReadOnlyList<Located>> FindByNameAsync(AzureKeyVault keyVault, Uri uri, CmekException unlisted)
    {
        try
        {
            // The default name is made of the id.
            var found =
                cluster.Id.Length > 0
                    ? await _reader.FollowAsync(new AzureKeyId(uri, AzureNames.Key(cluster), null), cluster)
                    : null;
            if (found?.BelongsTo(cluster) == true)
                return
                [
                    new Located(
                        keyVault,
                        found.Id.WithoutVersion,
                        cluster.Id,
                        found.Tag(AzureNames.ClusterNameTag) ?? ""
                    ),
                ];
        }
        catch (AzureException error) when (error.Status == 403)
        {
            // Missed says it.
        }

        return Miss(keyVault, unlisted.Message);
    }

    private IReadOnlyList<Located> Miss(AzureKeyVault keyVault, string reason)
    {
        _missed.Enqueue($"Key Vault {keyVault.Name}: {reason}");
        return [];
    }

    private bool IsOfCluster(KeyItem key) =>
        KeySearch.Means(cluster, OwnerOf(key), TagOf(key, AzureNames.ClusterNameTag));

    private static string? OwnerOf(KeyItem key) =>
        TagOf(key, AzureNames.ClusterIdTag) ?? TagOf(key, AzureNames.VaultClusterTag);

    private static string? TagOf(KeyItem key, string name) =>
        key.Tags is { } tags && tags.TryGetValue(name, out var value) ? value : null;

    private async Task<IReadOnlyList<CmekRegionSpec>> ToSpecsAsync(Located key, List<Located> all, string tenantId)
    {
        var versions = await _reader.ListVersionsAsync(key.Key);
        return
        [
            .. RegionsOf(key, all)
                .SelectMany(region =>
                    versions.Select(v =>
                        CmekRegionSpec.Create(
                            region,
                            AzureCustomerCloud.KeyTypeName,
                            (v.Id with { KeyVault = key.Key.KeyVault }).ToString(),
                            tenantId
                        )
                    )
                ),
        ];
    }

    /// <summary>
    /// The regions that a key serves: the only Key Vault serves all, another the region that it is in. A cluster of
    /// which only the id is known has no regions, so that the location of the Key Vault stands for them.
    /// </summary>
    private IReadOnlyList<string> RegionsOf(Located key, List<Located> all)
    {
        if (cluster.Regions.Count == 0)
            return [key.KeyVault.Location];
        var regions = cluster.Regions.Select(r => r.Name).ToList();
        var near = regions.Where(key.KeyVault.IsIn).ToList();
        return all.Select(k => k.KeyVault.Id).Distinct().Count() == 1 || near.Count == 0 ? regions : near;
    }
}
