using CockroachCmek.Core.Http;

namespace CockroachCmek.Core.Keys;

/// <summary>
/// A cloud as HashiCorp Vault's Key Management secrets engine sees it: the provider's name, the key types that suit
/// CMEK, what a key collection is, and what the cloud calls a version of a key.
/// </summary>
internal interface IVaultTarget
{
    /// <summary>Vault's name of the provider, for example awskms.</summary>
    string Provider { get; }

    /// <summary>Vault's names of the key types that CMEK can use there. The first is the default.</summary>
    IReadOnlyList<string> KeyTypes { get; }

    /// <summary>The purposes that a key is distributed for, as Vault's parameter lists them.</summary>
    string Purpose { get; }

    /// <summary>The purposes that CockroachDB cannot do without.</summary>
    IReadOnlyList<string> NeededPurposes { get; }

    /// <summary>
    /// Parameters of New-CrdbCmekKey -Via HashiCorpVault that apply, beside those that every cloud supports.
    /// </summary>
    IReadOnlyCollection<string> KeyOptions { get; }

    /// <summary>
    /// True when a key collection is a region, so that each region has its own key. Elsewhere one key serves all.
    /// </summary>
    bool HasKeyForEachRegion { get; }

    /// <summary>
    /// True when each version of a key has its own URI. Elsewhere creation times tell which version is in use.
    /// </summary>
    bool HasUriForEachVersion { get; }

    /// <summary>How the names of two key collections are compared.</summary>
    StringComparer CollectionComparer { get; }

    /// <summary>The key collection for a region's key.</summary>
    /// <exception cref="CmekException">VaultCollectionMissing, VaultCollectionMalformed.</exception>
    VaultCollection CollectionFor(CrdbCluster cluster, CloudOptions options, string region);

    /// <summary>The key collection of a key in use.</summary>
    VaultCollection CollectionOf(VaultEntry entry, string keyUri);

    /// <summary>
    /// True when the credentials are for this cloud. In a fleet on several clouds they may be for another one.
    /// </summary>
    bool HasCredentials(VaultCloudCredentials? given);

    /// <summary>
    /// The credential fields of a KMS provider entry; none where Vault is to use its own environment.
    /// </summary>
    IReadOnlyDictionary<string, string> CredentialFields(
        VaultCloudCredentials? given,
        VaultCollection collection,
        string authPrincipal
    );

    /// <summary>
    /// The cloud's URI of a version of a distributed key. On AWS the key id: Vault does not know the account.
    /// </summary>
    string KeyUri(VaultDistribution distribution, VaultCollection collection, int version);

    /// <summary>The URI that a key will have, as far as it is known before the key exists.</summary>
    string PlannedKeyUri(VaultCollection collection, string key, string authPrincipal);

    /// <summary>The version of a distributed key that a URI names; null when the URI is another key's.</summary>
    int? VersionOf(string keyUri, VaultEntry entry, VaultDistribution distribution);
}

/// <summary>Finds what has to exist in a cloud before Vault can distribute a key to it.</summary>
internal interface IVaultLocationProvider
{
    /// <summary>Reads what exists. Writes nothing and asks nothing.</summary>
    Task<IVaultLocation> FindVaultLocationAsync(KeyRequest request, OperationContext context);
}

/// <summary>Where Vault is to put a key, and what is missing there.</summary>
internal interface IVaultLocation
{
    /// <summary>The key collection.</summary>
    string KeyCollection { get; }

    /// <summary>How the key is protected there. Default: Vault's own, hardware.</summary>
    CmekProtectionLevel? ProtectionLevel { get; }

    /// <summary>Asks before creating what is missing; true when nothing was declined.</summary>
    Task<bool> ConfirmAsync(OperationContext context);

    /// <summary>Creates what is missing.</summary>
    /// <returns>
    /// True when access was granted moments ago, so that the cloud may still refuse Vault for a while.
    /// </returns>
    Task<bool> CreateAsync(OperationContext context);
}

/// <summary>A key collection: a region, a key ring, or a Key Vault with the host suffix of its cloud.</summary>
internal sealed record VaultCollection(string Name, string Host);

/// <summary>A KMS provider entry, as far as Vault shows it: credentials are never returned.</summary>
internal sealed record VaultEntry(string Provider, string KeyCollection);

/// <summary>A Vault key in a KMS: its name there, and what each version is called there.</summary>
internal sealed record VaultDistribution(
    string Name,
    IReadOnlyList<string> Purposes,
    string Protection,
    IReadOnlyDictionary<int, string> Versions
);

/// <summary>The credentials of a KMS provider entry. Vault stores them and never returns them.</summary>
internal sealed record VaultCloudCredentials
{
    /// <summary>AWS: access key id. Azure: client id. Not used on Google Cloud.</summary>
    public string? UserName { get; init; }

    /// <summary>AWS: secret access key. Azure: client secret. Not used on Google Cloud.</summary>
    public Secret? Password { get; init; }

    /// <summary>Google Cloud: path of the service account's key file on the Vault server.</summary>
    public string? ServiceAccountFile { get; init; }
}
