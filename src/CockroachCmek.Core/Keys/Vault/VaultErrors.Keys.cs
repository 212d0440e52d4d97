namespace CockroachCmek.Core.Keys.Vault;

/// <content>Keys, KMS provider entries and distributions that do not fit.</content>
internal static partial class VaultErrors
{
    private const string UseAnotherName = "New-CrdbCmekKey -Via HashiCorpVault -Name <another name>";

    /// <summary>The identity cannot be the one that uses this cloud's keys.</summary>
    public static CmekException PrincipalMalformed(string principal, string keyType, string problem) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            principal,
            $"'{principal}' is not an identity for keys of type {keyType}: {problem}.",
            "Get-CrdbCluster <name> | New-CrdbCmekRole"
        );

    /// <summary>Parameters that apply only to keys generated in the cloud.</summary>
    public static CmekException VaultOptionsNotSupported(string cluster, IReadOnlyList<string> options) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            cluster,
            $"{string.Join(", ", options)} cannot be used for keys that are generated in Vault.",
            "New-CrdbCmekKey -Via HashiCorpVault   (without these parameters)"
        );

    /// <summary>The key collection was not given, and has no default.</summary>
    /// <param name="what">What is needed, for example "the name of a key ring".</param>
    /// <param name="form">Its form.</param>
    public static CmekException VaultCollectionMissing(string cluster, string what, string form) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            cluster,
            $"Vault needs {what} for the keys of '{cluster}'.",
            $"New-CrdbCmekKey -Via HashiCorpVault -VaultKeyCollection {form}"
        );

    /// <summary>The key collection does not have the form that the cloud needs.</summary>
    public static CmekException VaultCollectionMalformed(string collection, string expected) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            collection,
            $"'{collection}' is not a key collection for Vault. Expected {expected}.",
            "New-CrdbCmekKey -Via HashiCorpVault -VaultKeyCollection <key collection>"
        );

    /// <summary>A KMS provider entry of the name exists, with another provider or key collection.</summary>
    public static CmekException VaultEntryDiffers(string entry, IReadOnlyList<string> differences, string mount) =>
        Errors.Make(
            CmekErrorKind.Exists,
            entry,
            $"The KMS provider entry '{entry}' in Vault differs: {string.Join("; ", differences)}. "
                + "Vault cannot change that. The entry was not changed.",
            $"{UseAnotherName:raw}   (or vault delete {mount}/kms/{entry}, if nothing uses it)"
        );

    /// <summary>The cloud, or CMEK on it, does not support the key's type.</summary>
    /// <param name="purpose">What the key is for: "CMEK on AWS".</param>
    public static CmekException VaultKeyTypeRefused(
        string key,
        string type,
        string purpose,
        IReadOnlyList<string> types
    ) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            key,
            $"The Vault key '{key}' has the type {type}; {purpose} needs {string.Join(" or ", types)}. "
                + "The type of a key cannot be changed.",
            UseAnotherName
        );

    /// <summary>The key is distributed to another key collection. Vault keeps a key in one KMS at a time.</summary>
    public static CmekException VaultKeyElsewhere(string key, string entry, string collection) =>
        Errors.Make(
            CmekErrorKind.Exists,
            key,
            $"The Vault key '{key}' is already distributed to {collection}, through the entry '{entry}'. "
                + "Vault keeps a key in one KMS at a time.",
            UseAnotherName
        );

    /// <summary>The key was distributed without a purpose that CMEK needs.</summary>
    public static CmekException VaultDistributionDiffers(string key, string purpose, string needed) =>
        Errors.Make(
            CmekErrorKind.Exists,
            key,
            $"The Vault key '{key}' was distributed for {purpose}; CMEK needs {needed}. Vault cannot change that.",
            UseAnotherName
        );

    /// <summary>The key of this name serves another cluster.</summary>
    public static CmekException VaultKeyTaken(string name, string uri, string owner) =>
        Errors.Make(
            CmekErrorKind.Exists,
            name,
            $"The Vault key '{name}' was distributed as {uri} for the cluster {owner}, and is not granted to this "
                + "cluster's identity. It was not changed.",
            $"{UseAnotherName}   (or -KeyUri {uri} -Grant to share it)"
        );

    /// <summary>A key of the cloud that was not distributed by this Vault.</summary>
    public static CmekException VaultKeyNotFound(string uri, string mount) =>
        Errors.Make(
            CmekErrorKind.NotFound,
            uri,
            $"No key in Vault's '{mount}' that this token can read was distributed as {uri}.",
            $"vault list {mount}/key   "
                + $"(or the same command without -Via HashiCorpVault, for a key generated in the cloud)"
        );

    /// <summary>Vault has a version that the KMS lacks.</summary>
    /// <param name="distributed">The versions that the KMS has; empty for none.</param>
    public static CmekException VaultVersionMismatch(
        string key,
        int latest,
        string distributed,
        string entry,
        string mount
    ) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            key,
            $"Version {latest} is the latest of the Vault key '{key}', but the KMS of the entry '{entry}' has "
                + $"{(distributed.Length == 0 ? "none" : $"only {distributed}")}. Distributing it failed.",
            $"vault write {mount}/kms/{entry}/key/{key} purpose=<as before> protection=<as before>   "
                + $"(distributes the missing version; vault read {mount}/kms/{entry}/key/{key} shows both values)"
        );

    /// <summary>The version in force is disabled by min_enabled_version.</summary>
    public static CmekException VaultVersionDisabled(string key, int version, int minimum, string mount) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            key,
            $"The cluster uses version {version} of the Vault key '{key}', which is disabled: "
                + $"min_enabled_version is {minimum}.",
            $"vault write {mount}/key/{key} min_enabled_version=1"
        );
}
