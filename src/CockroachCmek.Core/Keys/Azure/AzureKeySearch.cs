namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// Finds a cluster's keys in the Key Vaults that the credentials can see, by the module's tags and names: for an
/// emergency in which nothing else names them. A key that was imported carries neither and is not found.
/// </summary>
internal sealed class AzureKeySearch(AzureClients clients, AzureCalls calls, CrdbCluster cluster)
{
    private readonly AzureKeyReader _reader = new(clients, calls);

    /// <summary>A key of the cluster, and where it is.</summary>
    private sealed record Located(AzureKeyVault KeyVault, AzureKeyId Key);

    /// <summary>Every version of every key: which of them are in force is known to CockroachDB Cloud only.</summary>
    public async Task<IReadOnlyList<CmekRegionSpec>> FindAsync()
    {
        var tenantId = await calls.TenantIdAsync(clients);
        var keyVaults = (await new AzureKeyVaults(clients, calls).ListAsync()).Where(v =>
            AzureScope.Same(v.TenantId, tenantId)
        );
        var keys = (await Task.WhenAll(keyVaults.Select(FindAsync))).SelectMany(k => k).ToList();
        var specs = await Task.WhenAll(keys.Select(k => ToSpecsAsync(k, keys, tenantId)));
        return [.. specs.SelectMany(s => s)];
    }

    /// <summary>
    /// The keys of the cluster in one Key Vault. Whoever may not list keys may still be allowed to read the one with
    /// the
    /// default name. A Key Vault that cannot be read does not hide the others.
    /// </summary>
    private async Task<IReadOnlyList<Located>> FindAsync(AzureKeyVault keyVault)
    {
        var uri = clients.Cloud.KeyVaultUri(keyVault.Name);
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
                        }
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
            var found = await _reader.FollowAsync(new AzureKeyId(uri, AzureNames.Key(cluster), null), cluster);
            if (found?.BelongsTo(cluster) == true)
                return [new Located(keyVault, found.Id.WithoutVersion)];
        }
        catch (AzureException error) when (error.Status == 403)
        {
            // The warning says it.
        }

        calls.Context.Host.Warning(
            $"{cluster.Name}: the keys in Key Vault {keyVault.Name} could not be listed, so that keys of the cluster "
                + "may "
                + $"be missing. {unlisted.Message}"
        );
        return [];
    }

    private bool IsOfCluster(KeyItem key) =>
        key.Tags is { } tags && tags.TryGetValue(AzureNames.ClusterIdTag, out var id) && id == cluster.Id;

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
