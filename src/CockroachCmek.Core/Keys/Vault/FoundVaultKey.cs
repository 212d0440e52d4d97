namespace CockroachCmek.Core.Keys.Vault;

/// <summary>A key as it was found in Vault.</summary>
/// <param name="Copy">Its copy in a KMS; null when it is not distributed.</param>
internal sealed record FoundVaultKey(string Name, VaultKey Key, KmsCopy? Copy)
{
    /// <summary>1 for a cluster's first key, 2 for the key that replaced it.</summary>
    public int Generation => VaultNames.Parse(Name).Generation;

    /// <summary>
    /// True for a replacement that was not yet recorded as in force. It can still be deleted, and New-CrdbCmekKey
    /// does not return it.
    /// </summary>
    public bool IsPending => Generation > 1 && Key.DeletionAllowed;

    /// <summary>True when the KMS has Vault's latest version.</summary>
    public bool HasLatestInKms => Copy is not null && Copy.Distribution.Versions.ContainsKey(Key.LatestVersion);

    /// <summary>Numbers of the versions that the KMS has; empty for none.</summary>
    public string VersionsInKms =>
        string.Join(", ", Copy?.Distribution.Versions.Keys.OrderBy(v => v) ?? Enumerable.Empty<int>());

    /// <summary>True when Vault has a version that is newer than the one a region uses.</summary>
    /// <param name="target">The cloud.</param>
    /// <param name="uri">The key URI that the region uses.</param>
    /// <param name="wrappedAt">When the region last wrapped with the key; null when that is not known.</param>
    public bool HasNewerVersion(IVaultTarget target, string uri, DateTimeOffset? wrappedAt) =>
        target.HasUriForEachVersion
            ? Copy is not null && target.VersionOf(uri, Copy.Entry, Copy.Distribution) < Key.LatestVersion
            : Key.Versions.TryGetValue(Key.LatestVersion, out var created) && created > wrappedAt;
}

/// <summary>The copy of a Vault key in a KMS: through which entry, and what the KMS calls it.</summary>
internal sealed record KmsCopy(string EntryName, VaultEntry Entry, VaultDistribution Distribution);
