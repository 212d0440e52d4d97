namespace CockroachCmek.Core.Keys.Vault;

/// <summary>A key of Vault as it is found, and where it is distributed to; null where it is not.</summary>
internal sealed record FoundVaultKey(string Name, VaultKey Key, VaultPlace? Place)
{
    public int Number => VaultNames.Generation(Name).Number;

    /// <summary>Made to take another key's place, and not in force yet, as far as was settled: until then it may be deleted.</summary>
    public bool IsUnsettled => Number > 1 && Key.DeletionAllowed;

    /// <summary>True when the KMS has every version that there is.</summary>
    public bool IsWhole => Place is not null && Place.Distribution.Versions.ContainsKey(Key.LatestVersion);
}

/// <summary>Where a key is distributed to.</summary>
internal sealed record VaultPlace(string EntryName, VaultEntry Entry, VaultDistribution Distribution);

/// <summary>Reads of Vault.</summary>
internal sealed class VaultKeyReader(IVaultKeyManagement client, VaultCalls calls)
{
    private const int SideBySide = 8;

    public IVaultKeyManagement Client => client;

    /// <summary>Whether the engine is mounted; what may not be read is taken to be there, and says by itself when it is not.</summary>
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
        catch (VaultException fault) when (fault.Status == 403)
        {
            // A token for keys alone may not list mounts. That the token is good will show.
            return true;
        }
    }

    /// <summary>Names of all keys.</summary>
    public async Task<IReadOnlyList<string>> NamesAsync() =>
        await calls.FindAsync("list", "key", client.ListKeysAsync) ?? [];

    public async Task<FoundVaultKey?> FindAsync(string name)
    {
        if (await calls.FindAsync("read", $"key/{name}", c => client.ReadKeyAsync(name, c)) is not { } key)
            return null;
        var entries = await calls.FindAsync("list", $"key/{name}/kms", c => client.ListEntriesOfKeyAsync(name, c))
            ?? [];
        if (entries.Count == 0)
            return new FoundVaultKey(name, key, null);
        var entry = EntryAsync(entries[0]);
        var distribution = DistributionAsync(entries[0], name);
        await Task.WhenAll(entry, distribution);
        return new FoundVaultKey(
            name,
            key,
            await entry is { } e && await distribution is { } d ? new VaultPlace(entries[0], e, d) : null
        );
    }

    public Task<VaultEntry?> EntryAsync(string entry) =>
        calls.FindAsync("read", $"kms/{entry}", c => client.ReadEntryAsync(entry, c));

    public Task<VaultDistribution?> DistributionAsync(string entry, string key) =>
        calls.FindAsync("read", $"kms/{entry}/key/{key}", c => client.ReadDistributionAsync(entry, key, c));

    public Task<VaultKey?> KeyAsync(string name) =>
        calls.FindAsync("read", $"key/{name}", c => client.ReadKeyAsync(name, c));

    /// <summary>
    /// The key of a place that is in force: the newest that was settled, else the first. A key that was made to take another's place is not the cluster's before a rotation says so.
    /// </summary>
    public async Task<FoundVaultKey?> FindSettledAsync(string first, IEnumerable<string> names)
    {
        var numbers = names
            .Select(n => VaultNames.Generation(n))
            .Where(g => g.Base == first)
            .Select(g => g.Number)
            .Distinct()
            .OrderByDescending(n => n)
            .ToList();
        var found = await Task.WhenAll(numbers.Select(n => FindAsync(VaultNames.Generation(first, n))));
        return found.FirstOrDefault(k => k is { Number: > 1, IsUnsettled: false, Place: not null })
            ?? found.FirstOrDefault(k => k is { Number: 1 });
    }

    /// <summary>The keys behind URIs of the target, in their order; null for one that this Vault does not know. Keys named after the cluster are looked at first: a Vault may hold many others.</summary>
    public async Task<IReadOnlyList<FoundVaultKey?>> FindByUriAsync(
        CrdbCluster cluster,
        IVaultTarget target,
        IReadOnlyList<string> uris
    )
    {
        var found = new FoundVaultKey?[uris.Count];
        var likely = VaultNames.Key(cluster, null, null);
        foreach (
            var names in (await NamesAsync())
                .GroupBy(n => n.StartsWith(likely, StringComparison.Ordinal))
                .OrderByDescending(g => g.Key)
        )
        {
            if (found.All(f => f is not null))
                break;
            using var places = new SemaphoreSlim(SideBySide);
            var keys = await Task.WhenAll(
                names.Select(async name =>
                {
                    await places.WaitAsync(calls.Context.CancellationToken);
                    try
                    {
                        return await FindAsync(name);
                    }
                    finally
                    {
                        places.Release();
                    }
                })
            );
            for (var i = 0; i < found.Length; i++)
                found[i] ??= keys.FirstOrDefault(k =>
                    k?.Place is { } place && target.VersionOf(uris[i], place.Entry, place.Distribution) is not null
                );
        }

        return found;
    }
}
