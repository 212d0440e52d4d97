namespace CockroachCmek.Core.Keys.Vault;

/// <summary>
/// What is needed of Vault's HTTP API: the Key Management secrets engine, its mount, and what a token may do. HashiCorp's API pages of the engine (secret/key-management)
/// say what each does. Every member throws <see cref="VaultFault"/> for what Vault answers with an error; 404 among them.
/// </summary>
internal interface IVaultKeyManagement : IDisposable
{
    Uri Address { get; }

    string? Namespace { get; }

    string Mount { get; }

    /// <summary>Needs no token, and answers with its own statuses.</summary>
    Task<VaultAnswer<VaultHealth>> ReadHealthAsync(CancellationToken cancellation);

    /// <summary>Path without the slash to type, of everything mounted in the namespace.</summary>
    Task<VaultAnswer<IReadOnlyDictionary<string, string>>> ReadMountsAsync(CancellationToken cancellation);

    Task<VaultAnswer<bool>> EnableMountAsync(CancellationToken cancellation);

    /// <summary>What the token may do on paths.</summary>
    Task<VaultAnswer<IReadOnlyDictionary<string, IReadOnlyList<string>>>> ReadCapabilitiesAsync(
        IReadOnlyList<string> paths,
        CancellationToken cancellation
    );

    Task<VaultAnswer<IReadOnlyList<string>>> ListKeysAsync(CancellationToken cancellation);

    Task<VaultAnswer<VaultKey>> ReadKeyAsync(string key, CancellationToken cancellation);

    Task<VaultAnswer<bool>> CreateKeyAsync(string key, string type, CancellationToken cancellation);

    Task<VaultAnswer<bool>> UpdateKeyAsync(string key, bool deletionAllowed, CancellationToken cancellation);

    Task<VaultAnswer<bool>> RotateKeyAsync(string key, CancellationToken cancellation);

    Task<VaultAnswer<bool>> DeleteKeyAsync(string key, CancellationToken cancellation);

    /// <summary>The entries that a key is distributed through: one, or none (404).</summary>
    Task<VaultAnswer<IReadOnlyList<string>>> ListEntriesOfKeyAsync(string key, CancellationToken cancellation);

    Task<VaultAnswer<VaultEntry>> ReadEntryAsync(string entry, CancellationToken cancellation);

    /// <summary>Makes a KMS provider entry, or gives one other credentials: provider and collection stay what they were.</summary>
    Task<VaultAnswer<bool>> WriteEntryAsync(
        string entry,
        VaultEntry content,
        IReadOnlyDictionary<string, string> credentials,
        CancellationToken cancellation
    );

    Task<VaultAnswer<VaultDistribution>> ReadDistributionAsync(
        string entry,
        string key,
        CancellationToken cancellation
    );

    /// <summary>Puts all versions of a key into the KMS of an entry.</summary>
    Task<VaultAnswer<bool>> DistributeKeyAsync(
        string entry,
        string key,
        string purpose,
        string protection,
        CancellationToken cancellation
    );

    /// <summary>Takes a key out of the KMS: on AWS its deletion is scheduled.</summary>
    Task<VaultAnswer<bool>> RemoveKeyAsync(string entry, string key, CancellationToken cancellation);
}

/// <summary>An answer, with what Vault had to say beside it.</summary>
internal sealed record VaultAnswer<T>(T Data, IReadOnlyList<string> Warnings, string? RequestId) : IVaultAnswer;

internal interface IVaultAnswer
{
    IReadOnlyList<string> Warnings { get; }

    string? RequestId { get; }
}

/// <summary>State of a node, by the status that sys/health answers with.</summary>
internal sealed record VaultHealth(int Status, string? Version);

/// <summary>A key of Vault. Versions are numbered from 1.</summary>
internal sealed record VaultKey(
    string Type,
    int LatestVersion,
    int MinEnabledVersion,
    bool DeletionAllowed,
    IReadOnlyDictionary<int, DateTimeOffset?> Versions
);

/// <summary>What Vault answered instead of success. Neither token nor credentials are in it: the client takes them out.</summary>
internal sealed class VaultFault(int status, string method, string path, IReadOnlyList<string> errors)
    : Exception($"{method} {path}: HTTP {status}{(errors.Count > 0 ? $", {string.Join("; ", errors)}" : "")}")
{
    public int Status => status;

    public string Method => method;

    /// <summary>Below /v1/.</summary>
    public string Path => path;

    /// <summary>Empty where it was not Vault that answered, and for what is not there.</summary>
    public IReadOnlyList<string> Errors => errors;

    public string Said => string.Join("; ", errors);

    /// <summary>Where the active node is, if a standby says so.</summary>
    public Uri? Location { get; init; }

    /// <summary>The request was not processed because there are too many.</summary>
    public bool IsThrottled { get; init; }

    public bool Mentions(string text) => errors.Any(e => e.IndexOf(text, StringComparison.OrdinalIgnoreCase) >= 0);
}
