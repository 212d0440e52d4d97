using CockroachCmek.Core.Http;

namespace CockroachCmek.Core.Keys;

/// <summary>
/// A cloud as HashiCorp Vault's Key Management secrets engine sees it: the provider's name, the key types that suit
/// CMEK, what a
/// key collection is, and what a version of a key is called in the cloud.
/// </summary>
internal interface IVaultTarget
{
    /// <summary>Vault's name of the provider, for example awskms.</summary>
    string Provider { get; }

    /// <summary>Vault's names of the key types that CMEK can use there; the first is the default.</summary>
    IReadOnlyList<string> KeyTypes { get; }

    /// <summary>The purposes that a key is distributed with, as Vault's parameter has them.</summary>
    string Purpose { get; }

    /// <summary>The purposes that CockroachDB cannot do without.</summary>
    IReadOnlyList<string> NeededPurposes { get; }

    /// <summary>
    /// Parameters of New-CrdbCmekKey -Via HashiCorpVault that apply, beside those that every cloud supports.
    /// </summary>
    IReadOnlyCollection<string> KeyOptions { get; }

    /// <summary>
    /// True when a key collection is a region, so that each region has a key of its own. Elsewhere one key serves all.
    /// </summary>
    bool HasKeyForEachRegion { get; }

    /// <summary>
    /// True when each version of a key has a URI of its own. Elsewhere the times tell which version is in use.
    /// </summary>
    bool HasUriForEachVersion { get; }

    /// <summary>True when a distributed key is always kept in hardware.</summary>
    bool IsAlwaysHsm { get; }

    /// <summary>Where the key for a region goes.</summary>
    /// <exception cref="CmekException">VaultCollectionMissing, VaultCollectionMalformed.</exception>
    VaultCollection CollectionFor(CrdbCluster cluster, string? given, string region);

    /// <summary>Where a key in use is.</summary>
    VaultCollection CollectionOf(VaultEntry entry, string keyUri);

    /// <summary>True when the credentials are for this cloud: in a mixed fleet they may be for another.</summary>
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
    /// What the cloud calls a version of a distributed key. On AWS its id: Vault does not know the account.
    /// </summary>
    string KeyUri(VaultDistribution distribution, VaultCollection collection, int version);

    /// <summary>Where a key that does not exist yet will be found, as far as that is known.</summary>
    string PlannedKeyUri(VaultCollection collection, string key, string authPrincipal);

    /// <summary>The version of a distributed key that a URI means; null when it means another key.</summary>
    int? VersionOf(string keyUri, VaultEntry entry, VaultDistribution distribution);
}

/// <summary>Finds what has to exist in a cloud before Vault can distribute a key to it.</summary>
internal interface IVaultLocationProvider
{
    /// <summary>Reads what is there. Writes nothing and asks nothing.</summary>
    Task<IVaultLocation> FindVaultLocationAsync(KeyRequest request, OperationContext context);
}

/// <summary>Where Vault is to put a key, and what is missing there.</summary>
internal interface IVaultLocation
{
    /// <summary>The key collection.</summary>
    string KeyCollection { get; }

    /// <summary>How the key is kept there; null for Vault's default, hardware.</summary>
    CmekProtectionLevel? ProtectionLevel { get; }

    /// <summary>Asks for everything that is missing; true when nothing was declined.</summary>
    Task<bool> ConfirmAsync(OperationContext context);

    /// <summary>Creates what is missing.</summary>
    /// <returns>True when access was granted moments ago, so that Vault may be refused for a while.</returns>
    Task<bool> CreateAsync(OperationContext context);
}

/// <summary>A key collection: a region, a key ring, or a Key Vault with the host name of its cloud.</summary>
internal sealed record VaultCollection(string Name, string Host);

/// <summary>A KMS provider entry, as far as Vault shows it: credentials never come back.</summary>
internal sealed record VaultEntry(string Provider, string KeyCollection);

/// <summary>A key in a KMS: its name there, and what each version is called there.</summary>
internal sealed record VaultDistribution(
    string Name,
    IReadOnlyList<string> Purposes,
    string Protection,
    IReadOnlyDictionary<int, string> Versions
);

/// <summary>The credentials of a KMS provider entry. Vault stores them and never shows them again.</summary>
internal sealed record VaultCloudCredentials
{
    /// <summary>AWS: access key id. Azure: client id. Not used on Google Cloud.</summary>
    public string? UserName { get; init; }

    /// <summary>AWS: secret access key. Azure: client secret. Not used on Google Cloud.</summary>
    public Secret? Password { get; init; }

    /// <summary>Google Cloud: path of the service account's file on the Vault server.</summary>
    public string? ServiceAccountFile { get; init; }

    /// <summary>Azure: the tenant; null for the one that the cluster's key is used through.</summary>
    public string? TenantId { get; init; }
}
