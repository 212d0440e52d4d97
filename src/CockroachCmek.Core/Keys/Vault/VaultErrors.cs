namespace CockroachCmek.Core.Keys.Vault;

/// <summary>Errors of HashiCorp Vault. The method name is the error id; an id that several clouds share has the same name in each.</summary>
internal static class VaultErrors
{
    private const string ReadFirst = "Run the same command again: it looks for what is there before it makes anything";

    /// <summary>Neither a parameter nor the environment says where Vault is.</summary>
    public static CmekException VaultAddressMissing() =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            "VAULT_ADDR",
            "Where Vault is, is not known: neither -VaultAddress was given nor is VAULT_ADDR set.",
            "... -Via HashiCorpVault -VaultAddress https://<host>:8200"
        );

    /// <summary>Neither a parameter, the environment nor the token helper's file gives a token.</summary>
    public static CmekException VaultTokenMissing() =>
        Errors.Make(
            CmekErrorKind.Authentication,
            "VAULT_TOKEN",
            "No Vault token: neither -VaultToken was given, nor is VAULT_TOKEN set, nor is there a file ~/.vault-token.",
            "vault login   (or -VaultToken (Read-Host -AsSecureString 'Vault token'))"
        );

    /// <summary>A token over plain HTTP to another machine.</summary>
    public static CmekException VaultAddressInsecure(Uri address) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            address.ToString(),
            $"'{address}' is not encrypted: a Vault token goes over https only, except on this machine.",
            "... -VaultAddress https://<host>:8200",
            id: nameof(Errors.InsecureEndpoint)
        );

    /// <summary>The file of the certificate authority is not there, or is none.</summary>
    public static CmekException VaultCaUnreadable(string path, string reason, Exception? inner = null) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            path,
            $"'{path}' holds no certificate that Vault's could be checked against: {reason}",
            "... -VaultCaCertificate <PEM file>   (or VAULT_CACERT)",
            inner
        );

    /// <summary>Vault's certificate is not one that is trusted.</summary>
    public static CmekException VaultCertificateRefused(Uri address, Exception inner) =>
        Errors.Make(
            CmekErrorKind.Connection,
            address.ToString(),
            $"The certificate of Vault at {address.Authority} is not trusted: {inner.GetBaseException().Message}",
            "... -VaultCaCertificate <PEM file of the authority that signed it>",
            inner
        );

    /// <summary>No answer at all.</summary>
    public static CmekException VaultUnreachable(Uri address, string target, Exception inner) =>
        Errors.Make(
            CmekErrorKind.Connection,
            target,
            $"No usable answer from Vault at {address.Authority} while working for '{target}': {inner.GetBaseException().Message}",
            ReadFirst,
            inner
        );

    /// <summary>An answer that cannot be Vault's.</summary>
    public static CmekException VaultAnswerUnreadable(Uri address, string path, string reason) =>
        Errors.Make(
            CmekErrorKind.InvalidData,
            path,
            $"The answer of {address.Authority} about {path} is none of Vault's: {reason}.",
            "vault status   (does something else answer at this address?)"
        );

    /// <summary>Sealed: nothing can be read or written.</summary>
    public static CmekException VaultSealed(Uri address) =>
        Errors.Make(
            CmekErrorKind.Unavailable,
            address.ToString(),
            $"Vault at {address.Authority} is sealed.",
            "vault operator unseal   (on the server, by the holders of the unseal keys)",
            statusCode: 503
        );

    /// <summary>Never set up.</summary>
    public static CmekException VaultNotInitialized(Uri address) =>
        Errors.Make(
            CmekErrorKind.Unavailable,
            address.ToString(),
            $"Vault at {address.Authority} was never initialized.",
            "vault status   (is it the right address?)",
            statusCode: 501
        );

    /// <summary>A node that does not serve, and does not pass requests on.</summary>
    public static CmekException VaultStandby(Uri address, string kind, Uri? active) =>
        Errors.Make(
            CmekErrorKind.Unavailable,
            address.ToString(),
            $"Vault at {address.Authority} is {kind} and does not pass the request on. The token was not sent anywhere else.",
            $"... -VaultAddress {(active is null ? "<the active node, or the load balancer>" : active.GetLeftPart(UriPartial.Authority))}"
        );

    /// <summary>A quota of requests is used up, after all retries.</summary>
    public static CmekException VaultRateLimited(Uri address, string target) =>
        Errors.Make(
            CmekErrorKind.LimitsExceeded,
            target,
            $"Vault at {address.Authority} takes no more requests just now (a rate limit quota).",
            ReadFirst,
            statusCode: 429
        );

    /// <summary>The token is unknown, was revoked or has expired: Vault does not tell which.</summary>
    public static CmekException VaultTokenRefused(Uri address, string? space) =>
        Errors.Make(
            CmekErrorKind.Authentication,
            "Vault token",
            $"Vault at {address.Authority} does not accept the token{In(space)}: it is unknown there, was revoked, or has expired.",
            "vault token lookup; vault login",
            statusCode: 403
        );

    /// <summary>The token is good, and its policies lack something.</summary>
    public static CmekException VaultPermissionMissing(string target, IReadOnlyList<string> missing, string? space) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            target,
            $"The policies of the Vault token{In(space)} lack {string.Join(", ", missing)}, which is needed for '{target}'. Nothing was written.",
            $"vault policy write <a policy of the token> -   (with {string.Join(" and ", missing.Select(PolicyLine))})",
            statusCode: 403
        );

    /// <summary>The namespace is not there.</summary>
    public static CmekException VaultNamespaceNotFound(Uri address, string space) =>
        Errors.Make(
            CmekErrorKind.NotFound,
            space,
            $"Vault at {address.Authority} knows no namespace '{space}'.",
            "vault namespace list   (on HCP Vault the topmost is admin)",
            statusCode: 404
        );

    /// <summary>The engine is part of Vault Enterprise and HCP Vault.</summary>
    public static CmekException VaultEnterpriseNeeded(Uri address, string said) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            address.ToString(),
            $"Vault at {address.Authority} has no Key Management secrets engine{Errors.FormatServerText(said)} It is part of Vault Enterprise (with the Advanced Data Protection module) and HCP Vault.",
            "New-CrdbCmekKey without -Via HashiCorpVault   (or the address of a Vault Enterprise)"
        );

    /// <summary>Something else is mounted there.</summary>
    public static CmekException VaultMountTaken(string mount, string type) =>
        Errors.Make(
            CmekErrorKind.Exists,
            mount,
            $"'{mount}' of Vault is an engine of type {type}, not keymgmt. It was left as it is.",
            "... -VaultMount <another path>"
        );

    /// <summary>Keys cannot be there before the engine is.</summary>
    public static CmekException VaultMountMissing(string mount) =>
        Errors.Make(
            CmekErrorKind.NotFound,
            mount,
            $"Vault has no Key Management secrets engine at '{mount}'.",
            "vault secrets list   (then ... -VaultMount <path>)"
        );

    /// <summary>A KMS provider entry of the name is there, for something else.</summary>
    public static CmekException VaultEntryDiffers(string entry, IReadOnlyList<string> differences) =>
        Errors.Make(
            CmekErrorKind.Exists,
            entry,
            $"The KMS provider entry '{entry}' of Vault is not right: {string.Join("; ", differences)}. Vault cannot change that; it was left as it is.",
            $"New-CrdbCmekKey -Via HashiCorpVault -Name <another name>   (or vault delete <mount>/kms/{entry}, if nothing uses it)"
        );

    /// <summary>Vault cannot guess where the key is to go.</summary>
    /// <param name="what">What is needed, for example "the name of a key ring".</param>
    /// <param name="form">Its form.</param>
    public static CmekException VaultCollectionMissing(string cluster, string what, string form) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            cluster,
            $"Vault needs {what} for the keys of '{cluster}'.",
            $"New-CrdbCmekKey -Via HashiCorpVault -VaultKeyCollection {form}"
        );

    /// <summary>Not the shape that the provider takes.</summary>
    public static CmekException VaultCollectionMalformed(string collection, string expected) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            collection,
            $"'{collection}' is no key collection for Vault: {expected} is needed.",
            "New-CrdbCmekKey -Via HashiCorpVault -VaultKeyCollection <...>"
        );

    /// <summary>A type of key that the cloud, or CMEK on it, does not take.</summary>
    public static CmekException VaultKeyTypeRefused(
        string key,
        string type,
        string cloud,
        IReadOnlyList<string> types
    ) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            key,
            $"The Vault key '{key}' is {type}; for {cloud} it must be {string.Join(" or ", types)}. The type of a key cannot be changed.",
            "New-CrdbCmekKey -Via HashiCorpVault -Name <another name>"
        );

    /// <summary>A key can be in one KMS at a time.</summary>
    public static CmekException VaultKeyElsewhere(string key, string entry, string collection) =>
        Errors.Make(
            CmekErrorKind.Exists,
            key,
            $"The Vault key '{key}' is distributed to {collection} already, through the entry '{entry}'; Vault keeps a key in one KMS at a time.",
            "New-CrdbCmekKey -Via HashiCorpVault -Name <another name>"
        );

    /// <summary>Distributed for something else.</summary>
    public static CmekException VaultDistributionDiffers(string key, string purpose, string needed) =>
        Errors.Make(
            CmekErrorKind.Exists,
            key,
            $"The Vault key '{key}' was distributed for {purpose}; CMEK needs {needed}. Vault cannot change that.",
            "New-CrdbCmekKey -Via HashiCorpVault -Name <another name>"
        );

    /// <summary>A key of the cloud that this Vault knows nothing of.</summary>
    public static CmekException VaultKeyNotFound(string uri, string mount) =>
        Errors.Make(
            CmekErrorKind.NotFound,
            uri,
            $"No key of Vault's '{mount}' that this token may see was distributed as {uri}: it was not born there.",
            "vault list <mount>/key   (or the same command without -Via HashiCorpVault, for a key of the cloud itself)"
        );

    /// <summary>Vault has a version that its KMS has not.</summary>
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
            $"Version {latest} is the latest of the Vault key '{key}', but the KMS of the entry '{entry}' has {(distributed.Length == 0 ? "none" : $"only {distributed}")}: distributing it failed.",
            $"vault write {mount}/kms/{entry}/key/{key} purpose=<as before> protection=<as before>   (distributes what is missing, or says why it cannot; vault read {mount}/kms/{entry}/key/{key} shows both)"
        );

    /// <summary>The version in force is disabled by min_enabled_version.</summary>
    public static CmekException VaultVersionDisabled(string key, int version, int minimum, string mount) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            key,
            $"The cluster uses version {version} of the Vault key '{key}', whose min_enabled_version is {minimum}: the version in force is disabled.",
            $"vault write {mount}/key/{key} min_enabled_version=1"
        );

    /// <summary>What only a key of the cloud itself can have.</summary>
    public static CmekException VaultOptionsNotSupported(string cluster, IReadOnlyList<string> options) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            cluster,
            $"A key that is born in Vault cannot have {string.Join(", ", options)}: Vault makes the key in the KMS, one for each region on AWS.",
            "New-CrdbCmekKey -Via HashiCorpVault without these parameters"
        );

    /// <summary>502: the cloud's KMS has refused Vault.</summary>
    public static CmekException VaultCloudRefused(string target, string path, string said) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            target,
            $"The cloud's KMS refused what Vault asked of it for {path}{Errors.FormatServerText(said)} The credentials of the KMS provider entry, their permissions, or the key collection are wrong.",
            "... -VaultCloudCredential (Get-Credential)   (writes the entry again, as long as its key is not distributed)",
            statusCode: 502
        );

    /// <summary>Any other refusal.</summary>
    public static CmekException VaultRefused(int status, string target, string path, string said) =>
        Errors.Make(
            status >= 500 ? CmekErrorKind.Unavailable : CmekErrorKind.InvalidState,
            target,
            $"Vault refused {path} with HTTP {status} while working for '{target}'{Errors.FormatServerText(said)}",
            "Run the same command again with -Verbose, which shows every call",
            statusCode: status
        );

    /// <summary>A principal that cannot be the one of this cloud's keys.</summary>
    internal static CmekException PrincipalMalformed(string principal, string keyType, string problem) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            principal,
            $"'{principal}' is no principal for {keyType}: {problem}.",
            "Get-CrdbCluster <name> | New-CrdbCmekRole"
        );

    private static string In(string? space) => space is null ? "" : $" in the namespace '{space}'";

    private static string PolicyLine(string missing) =>
        missing.LastIndexOf(" (", StringComparison.Ordinal) is > 0 and var at
            ? $"path \"{missing.Substring(0, at)}\" {{ capabilities = [{string.Join(", ", missing.Substring(at + 2).TrimEnd(')').Split([" or "], StringSplitOptions.None).Select(c => $"\"{c}\""))}] }}"
            : missing;
}
