namespace CockroachCmek.Core.Keys.Vault;

/// <summary>
/// The part of Vault's HTTP API that the module uses: the Key Management secrets engine, its mount, and the token's
/// capabilities. HashiCorp documents the engine at /vault/api-docs/secret/key-management. Every member throws <see
/// cref="VaultException"/> for an error response, 404 included.
/// </summary>
internal interface IVaultKeyManagement : IDisposable
{
    Uri Address { get; }

    string? Namespace { get; }

    string Mount { get; }

    /// <summary>The status of sys/health, which needs no token.</summary>
    Task<VaultResponse<int>> ReadHealthAsync(CancellationToken cancellation);

    /// <summary>Everything mounted in the namespace: path without the final slash, and type.</summary>
    Task<VaultResponse<IReadOnlyDictionary<string, string>>> ReadMountsAsync(CancellationToken cancellation);

    Task<VaultResponse<bool>> EnableMountAsync(CancellationToken cancellation);

    /// <summary>The token's capabilities on each path.</summary>
    Task<VaultResponse<IReadOnlyDictionary<string, IReadOnlyList<string>>>> ReadCapabilitiesAsync(
        IReadOnlyList<string> paths,
        CancellationToken cancellation
    );

    Task<VaultResponse<IReadOnlyList<string>>> ListKeysAsync(CancellationToken cancellation);

    Task<VaultResponse<VaultKey>> ReadKeyAsync(string key, CancellationToken cancellation);

    Task<VaultResponse<bool>> CreateKeyAsync(string key, string type, CancellationToken cancellation);

    Task<VaultResponse<bool>> UpdateKeyAsync(string key, bool deletionAllowed, CancellationToken cancellation);

    Task<VaultResponse<bool>> RotateKeyAsync(string key, CancellationToken cancellation);

    Task<VaultResponse<bool>> DeleteKeyAsync(string key, CancellationToken cancellation);

    /// <summary>The entries that a key is distributed through: one, or none (404).</summary>
    Task<VaultResponse<IReadOnlyList<string>>> ListEntriesOfKeyAsync(string key, CancellationToken cancellation);

    Task<VaultResponse<VaultEntry>> ReadEntryAsync(string entry, CancellationToken cancellation);

    /// <summary>
    /// Creates a KMS provider entry, or replaces its credentials. Provider and key collection cannot be changed.
    /// </summary>
    Task<VaultResponse<bool>> WriteEntryAsync(
        string entry,
        VaultEntry content,
        IReadOnlyDictionary<string, string> credentials,
        CancellationToken cancellation
    );

    Task<VaultResponse<VaultDistribution>> ReadDistributionAsync(
        string entry,
        string key,
        CancellationToken cancellation
    );

    /// <summary>Copies all versions of a key to the KMS of an entry.</summary>
    Task<VaultResponse<bool>> DistributeKeyAsync(
        string entry,
        string key,
        string purpose,
        string protection,
        CancellationToken cancellation
    );

    /// <summary>Removes a key from the KMS. AWS schedules its deletion.</summary>
    Task<VaultResponse<bool>> RemoveKeyAsync(string entry, string key, CancellationToken cancellation);
}

/// <summary>
/// A key of Vault. Versions are numbered from 1; each has its creation time where Vault reports one.
/// </summary>
internal sealed record VaultKey(
    string Type,
    int LatestVersion,
    int MinEnabledVersion,
    bool DeletionAllowed,
    IReadOnlyDictionary<int, DateTimeOffset?> Versions
);
