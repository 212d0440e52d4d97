namespace CockroachCmek.Core.Keys.Vault;

/// <summary>Reads keys, entries and distributions in Vault.</summary>
internal sealed class VaultKeyReader(IVaultKeyManagement client, VaultCalls calls)
{
    private const int MaxParallelReads = 8;

    public IVaultKeyManagement Client => client;

    /// <summary>
    /// True when the secrets engine is mounted. A token that is not allowed to list mounts counts as yes: the first
    /// read of the engine fails if it is not.
    /// </summary>
    /// <exception cref="CmekException">VaultMountTaken.</exception>
    public async Task<bool> IsMountedAsync()
    {
        try
        {
            var mounts = (await calls.ReadAsync("sys", "read", "mounts", client.ReadMountsAsync)).Data;
            if (!mounts.TryGetValue(client.Mount, out var type))
                return false;
            return type == "keymgmt" ? true : throw VaultErrors.VaultMountTaken(client.Mount, type);
        }
        catch (VaultException error) when (error.Status == 403)
        {
            return true;
        }
    }

    /// <summary>Names of all keys.</summary>
    public async Task<IReadOnlyList<string>> ListNamesAsync() =>
        await calls.FindAsync("list", "key", client.ListKeysAsync) ?? [];

    /// <summary>A key with its copy in a KMS; null when it does not exist.</summary>
    public async Task<FoundVaultKey?> FindAsync(string name)
    {
        if (await FindKeyAsync(name) is not { } key)
            return null;
        var entries = await calls.FindAsync("list", $"key/{name}/kms", c => client.ListEntriesOfKeyAsync(name, c));
        return new FoundVaultKey(name, key, entries is [var entry, ..] ? await FindCopyAsync(entry, name) : null);
    }

    public Task<VaultKey?> FindKeyAsync(string name) =>
        calls.FindAsync("read", $"key/{name}", c => client.ReadKeyAsync(name, c));

    public Task<VaultEntry?> FindEntryAsync(string entry) =>
        calls.FindAsync("read", $"kms/{entry}", c => client.ReadEntryAsync(entry, c));

    public Task<VaultDistribution?> FindDistributionAsync(string entry, string key) =>
        calls.FindAsync("read", $"kms/{entry}/key/{key}", c => client.ReadDistributionAsync(entry, key, c));

    /// <summary>
    /// The key that a cluster uses: the newest replacement that is distributed and recorded as in force, else the
    /// first key.
    /// </summary>
    /// <param name="first">Name of the first key.</param>
    /// <param name="names">Names of all keys.</param>
    public async Task<FoundVaultKey?> FindInForceAsync(string first, IEnumerable<string> names)
    {
        var generations = names
            .Select(VaultNames.Parse)
            .Where(n => n.First == first)
            .Select(n => n.Generation)
            .Distinct()
            .OrderByDescending(n => n);
        var found = await Task.WhenAll(generations.Select(n => FindAsync(VaultNames.OfGeneration(first, n))));
        return found.FirstOrDefault(k => k is { Generation: > 1, IsPending: false, Copy: not null })
            ?? found.FirstOrDefault(k => k is { Generation: 1 });
    }

    /// <summary>
    /// The keys behind URIs, in their order; null for a URI that this Vault does not know. Keys named after the
    /// cluster are read first, because a Vault may hold many others.
    /// </summary>
    public async Task<IReadOnlyList<FoundVaultKey?>> FindByUriAsync(
        CrdbCluster cluster,
        IVaultTarget target,
        IReadOnlyList<string> uris
    )
    {
        var found = new FoundVaultKey?[uris.Count];
        var prefix = VaultNames.FirstKey(cluster, null, null);
        var groups = (await ListNamesAsync())
            .GroupBy(n => n.StartsWith(prefix, StringComparison.Ordinal))
            .OrderByDescending(g => g.Key);
        foreach (var names in groups)
        {
            if (found.All(f => f is not null))
                break;
            var keys = await FindAllAsync(names);
            for (var i = 0; i < found.Length; i++)
                found[i] ??= keys.FirstOrDefault(k =>
                    k?.Copy is { } copy && target.VersionOf(uris[i], copy.Entry, copy.Distribution) is not null
                );
        }

        return found;
    }

    private async Task<FoundVaultKey?[]> FindAllAsync(IEnumerable<string> names)
    {
        using var limit = new SemaphoreSlim(MaxParallelReads);
        return await Task.WhenAll(
            names.Select(async name =>
            {
                await limit.WaitAsync(calls.Context.CancellationToken);
                try
                {
                    return await FindAsync(name);
                }
                finally
                {
                    limit.Release();
                }
            })
        );
    }

    private async Task<KmsCopy?> FindCopyAsync(string entryName, string key)
    {
        var entry = FindEntryAsync(entryName);
        var distribution = FindDistributionAsync(entryName, key);
        await Task.WhenAll(entry, distribution);
        return await entry is { } e && await distribution is { } d ? new KmsCopy(entryName, e, d) : null;
    }
}
