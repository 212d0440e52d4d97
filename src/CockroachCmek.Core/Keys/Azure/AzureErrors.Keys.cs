namespace CockroachCmek.Core.Keys.Azure;

// Errors about keys, and about the roles on them.
internal static partial class AzureErrors
{
    /// <summary>Not a Key Identifier.</summary>
    public static CmekException KeyUriMalformed(string text, string suffix, string? reason) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            text,
            $"'{text}' is not a Key Identifier{(reason is null ? "" : $": {reason}")}. "
                + $"Expected https://<Key Vault>.{suffix}/keys/<name>/<version>.",
            "az keyvault key list-versions --vault-name <Key Vault> --name <key> --query [].kid"
        );

    /// <summary>A name that Key Vault does not accept.</summary>
    public static CmekException KeyNameMalformed(string name, string cluster) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            name,
            $"'{name}' cannot be the name of a key of '{cluster}'. "
                + "Key Vault accepts up to 127 letters, digits and hyphens.",
            "New-CrdbCmekKey -Name <another name>   (default: crdb-cmek- and the last 12 digits of the cluster's id)",
            id: "NameMalformed"
        );

    /// <summary>The name belongs to a key that was not created for this cluster.</summary>
    public static CmekException KeyNameTaken(AzureKeyId key, string? owner) =>
        Errors.Make(
            CmekErrorKind.Exists,
            key.ToString(),
            $"{key} exists, but "
                + (owner is null ? "was not created for this cluster" : $"belongs to cluster {owner}")
                + ", and the application is not allowed to use it. It was not changed.",
            "New-CrdbCmekKey -Name <another name>   (or -KeyUri <that key> -Grant to use it)"
        );

    /// <summary>The key exists, and differs from what was requested.</summary>
    public static CmekException KeyDiffers(AzureKeyId key, IReadOnlyList<string> differences) =>
        Errors.Make(
            CmekErrorKind.Exists,
            key.ToString(),
            $"{key} exists: {string.Join("; ", differences)}. Azure cannot change that.",
            "New-CrdbCmekKey -Name <another name>   (or leave out the parameters that differ)"
        );

    /// <summary>No key of this name, or no such version.</summary>
    public static CmekException KeyNotFound(AzureKeyId key) =>
        Errors.Make(
            CmekErrorKind.NotFound,
            key.ToString(),
            $"There is no key '{key}' that these credentials can see.",
            $"az keyvault key list-versions --vault-name {key.KeyVaultName} --name {key.Name}"
        );

    /// <summary>Deleted, and still recoverable.</summary>
    public static CmekException KeySoftDeleted(AzureKeyId key, DateTimeOffset? purgedOn) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            key.ToString(),
            $"{key.WithoutVersion} was deleted and can be recovered"
                + $"{(purgedOn is { } date ? $" until {date:yyyy-MM-dd}" : "")}. "
                + "Until it is purged, no other key can have its name.",
            $"New-CrdbCmekKey -KeyVaultName {key.KeyVaultName} -Recover   "
                + $"(or az keyvault key recover --vault-name {key.KeyVaultName} --name {key.Name})"
        );

    /// <summary>Recovered, but not visible.</summary>
    public static CmekException KeyNotRecovered(AzureKeyId key) =>
        Errors.Make(
            CmekErrorKind.Timeout,
            key.ToString(),
            $"Key Vault accepted the recovery of {key}, but does not show the key after three minutes.",
            RunAgain
        );

    /// <summary>Elliptic curves and symmetric keys cannot wrap the way CockroachDB does.</summary>
    public static CmekException KeyNotRsa(AzureKeyId key, string kind) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            key.ToString(),
            $"{key} is of type {kind}. CMEK on Azure needs an RSA key, in software (RSA) or hardware (RSA-HSM).",
            $"New-CrdbCmekKey -KeyVaultName {key.KeyVaultName}   (creates one)"
        );

    /// <summary>The key does not permit the operations that CMEK needs.</summary>
    public static CmekException KeyOperationsMissing(AzureKeyId key, IReadOnlyList<string> missing) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            key.ToString(),
            $"{key} does not permit {string.Join(" and ", missing)}.",
            $"az keyvault key set-attributes --id {key} --ops encrypt decrypt wrapKey unwrapKey"
        );

    /// <summary>Disabled.</summary>
    public static CmekException KeyDisabled(AzureKeyId key) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            key.ToString(),
            $"{key} is disabled.",
            $"az keyvault key set-attributes --id {key} --enabled true"
        );

    /// <summary>After its expiry date.</summary>
    public static CmekException KeyExpired(AzureKeyId key, DateTimeOffset end) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            key.ToString(),
            $"{key} expired on {end:yyyy-MM-dd} and can no longer wrap.",
            $"az keyvault key set-attributes --id {key} --expires <a later date>"
        );

    /// <summary>Before its activation date.</summary>
    public static CmekException KeyNotEnabled(AzureKeyId key, DateTimeOffset begin) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            key.ToString(),
            $"{key} cannot be used before {begin:u}.",
            $"az keyvault key set-attributes --id {key} --not-before <an earlier date>"
        );

    /// <summary>No role of this name.</summary>
    public static CmekException RoleUnknown(string name) =>
        Errors.Make(
            CmekErrorKind.NotFound,
            name,
            $"Azure has no role '{name}'.",
            "az role definition list --query \"[?contains(roleName, 'Crypto')].roleName\""
        );

    /// <summary>The role does not allow CockroachDB to use the key.</summary>
    public static CmekException RoleTooNarrow(string name, IReadOnlyList<string> missing) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            name,
            $"The role '{name}' lacks what CMEK needs: {string.Join(", ", missing)}. Nothing was written.",
            $"New-CrdbCmekKey -RoleName \"{KeyVaultRoles.Narrowest}\""
        );

    /// <summary>Resource Manager accepted a grant or its removal, but does not show it.</summary>
    public static CmekException GrantNotSeen(string resource) =>
        Errors.Make(
            CmekErrorKind.Timeout,
            resource,
            $"Azure accepted the change of {resource}, but does not show it after three minutes.",
            RunAgain
        );
}
