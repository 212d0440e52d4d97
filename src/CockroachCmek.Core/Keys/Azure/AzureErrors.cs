namespace CockroachCmek.Core.Keys.Azure;

/// <summary>Errors of Azure. The method name is the error id; an id that several clouds share has the same name in each.</summary>
internal static class AzureErrors
{
    private const string RunAgain = "Run the same command again: it looks for what is there before it makes anything";

    /// <summary>None of the places where credentials may be has any.</summary>
    public static CmekException AzureCredentialsMissing(string reason, Exception inner) =>
        Errors.Make(
            CmekErrorKind.Authentication,
            "Azure credentials",
            $"No Azure credentials were found: {reason}",
            "az login   (or Connect-AzAccount; Connect-CrdbCloud -AzureCredential chooses)",
            inner
        );

    /// <summary>Entra does not know the credentials, or they have expired.</summary>
    public static CmekException AzureCredentialsRefused(string message, Exception inner) =>
        Errors.Make(
            CmekErrorKind.Authentication,
            "Azure credentials",
            $"Azure does not accept the credentials: {message}",
            "az account show   (shows who is signed in, and in which tenant)",
            inner
        );

    /// <summary>The token does not tell whose it is.</summary>
    public static CmekException TenantUnknown() =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            "tenant",
            "The credentials do not tell which tenant they belong to.",
            "Connect-CrdbCloud -AzureTenantId <tenant id>   (Entra admin center, Overview)"
        );

    /// <summary>Signed in elsewhere.</summary>
    public static CmekException TenantDiffers(string wanted, string actual) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            wanted,
            $"The credentials belong to the tenant {actual}, and the tenant {wanted} was asked for. Nothing was written.",
            $"az login --tenant {wanted}   (or give the tenant that you are signed in to)"
        );

    /// <summary>The tenant that was asked for does not know whose credentials they are, or there is none.</summary>
    public static CmekException TenantDiffers(string message, Exception inner) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            "tenant",
            $"The tenant that was asked for does not know these credentials: {message}",
            "az account show   (shows who is signed in, and in which tenant)",
            inner
        );

    /// <summary>Not the id of a tenant.</summary>
    public static CmekException TenantMalformed(string text) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            text,
            $"'{text}' is no tenant id, which is a UUID.",
            "Get-CrdbCluster <name> | New-CrdbCmekRole   (its AuthPrincipal is the tenant id)"
        );

    /// <summary>ARM knows the credentials, and does not let them.</summary>
    public static CmekException ArmPermissionDenied(string target, string message, Exception? inner) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            target,
            $"Azure Resource Manager does not allow these credentials what is needed for '{target}': {message}",
            "Get-CrdbCmekKeyPolicy   (prints the assignment and the az commands for somebody who may: Owner, User Access Administrator or Key Vault Data Access Administrator)",
            inner,
            statusCode: 403
        );

    /// <summary>The vault itself does not let them, whatever ARM says.</summary>
    public static CmekException KeyVaultPermissionDenied(string target, string message, Exception? inner) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            target,
            $"The Key Vault does not allow these credentials what is needed for '{target}': {message} To own a vault is not to use its keys.",
            "az role assignment create --role \"Key Vault Crypto Officer\" --assignee <you> --scope <id of the vault>, and some minutes of patience",
            inner,
            statusCode: 403
        );

    /// <summary>Graph does not let them.</summary>
    public static CmekException GraphPermissionDenied(string target, string message, Exception inner) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            target,
            $"Microsoft Graph does not allow these credentials what is needed for '{target}': {message}",
            "New-CrdbCmekKey -PrincipalId <object id of the enterprise application>   (needs no Graph; the id stands in the Entra admin center, Enterprise applications)",
            inner,
            statusCode: 403
        );

    /// <summary>The firewall, or no way but a private endpoint.</summary>
    public static CmekException KeyVaultFirewalled(string target, string message, Exception inner) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            target,
            $"The firewall of the Key Vault does not let this machine in, while working for '{target}': {message} CockroachDB Cloud comes from outside too.",
            "az keyvault network-rule add --name <vault> --ip-address <address>   (and let CockroachDB Cloud's addresses in)",
            inner,
            statusCode: 403
        );

    /// <summary>Too many requests, after all tries.</summary>
    public static CmekException AzureThrottled(string target, string message, Exception inner) =>
        Errors.Make(
            CmekErrorKind.LimitsExceeded,
            target,
            $"Azure takes no more requests for now while working for '{target}': {message}",
            "Run the same command again, with a smaller -ThrottleLimit",
            inner,
            statusCode: 429
        );

    /// <summary>No answer, or the service's own failure, after all tries.</summary>
    public static CmekException AzureUnreachable(string target, Exception inner) =>
        Errors.Make(
            CmekErrorKind.Connection,
            target,
            $"Azure gave no usable answer while working for '{target}': {inner.GetBaseException().Message}",
            RunAgain,
            inner
        );

    /// <summary>Any other refusal.</summary>
    public static CmekException AzureRefused(string target, string code, string message, Exception inner) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            target,
            $"Azure refused ({code}) while working for '{target}': {message}",
            "Run the same command again with -Verbose, which shows every call",
            inner
        );

    /// <summary>The cluster's application is not in the tenant.</summary>
    public static CmekException ConsentMissing(string cluster, string tenant, Uri consentUrl) =>
        Errors.Make(
            CmekErrorKind.NotFound,
            cluster,
            $"The application of '{cluster}' is not in the tenant {tenant}: nobody has let it in yet. Nothing was written.",
            $"Get-CrdbCluster {cluster} | New-CrdbCmekRole   (or {consentUrl} in an administrator's browser)"
        );

    /// <summary>Nobody consented in time.</summary>
    public static CmekException ConsentNotGiven(string cluster, Uri consentUrl, TimeSpan waited) =>
        Errors.Make(
            CmekErrorKind.Timeout,
            cluster,
            $"Nobody has consented to the application of '{cluster}' within {waited}.",
            $"Open {consentUrl} as an administrator, then Get-CrdbCluster {cluster} | New-CrdbCmekRole -Wait"
        );

    /// <summary>Graph took the application, but does not show it.</summary>
    public static CmekException ApplicationNotSeen(string application, Exception? inner) =>
        Errors.Make(
            CmekErrorKind.Timeout,
            application,
            $"Microsoft Graph does not show the application {application}.",
            "Run the same command again",
            inner
        );

    /// <summary>The application is there and is not what it should be.</summary>
    internal static CmekException RoleDiffers(
        CrdbCluster cluster,
        string application,
        IReadOnlyList<string> differences
    ) =>
        Errors.Make(
            CmekErrorKind.Exists,
            application,
            $"The enterprise application {application} is not right for '{cluster.Name}': {string.Join("; ", differences)}. It was left as it is.",
            $"Get-CrdbCluster {cluster.Name} | New-CrdbCmekRole -Update   (enables it; or -ApplicationName <its name>, once you know that it is the right one)"
        );

    /// <summary>No vault was named.</summary>
    public static CmekException KeyVaultNameMissing(string cluster) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            cluster,
            $"The keys of '{cluster}' need a Key Vault: name one.",
            $"Get-CrdbCluster {cluster} | New-CrdbCmekRole | New-CrdbCmekKey -VaultName <vault>   (az keyvault list --query [].name)"
        );

    /// <summary>Not the address of a vault.</summary>
    public static CmekException KeyVaultUriMalformed(string text, string suffix) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            text,
            $"'{text}' is no address of a Key Vault, https://<name>.{suffix}/.",
            "az keyvault list --query [].properties.vaultUri"
        );

    /// <summary>Nothing answers to the name.</summary>
    public static CmekException KeyVaultNotFound(string name, string? subscription) =>
        Errors.Make(
            CmekErrorKind.NotFound,
            name,
            $"There is no Key Vault '{name}'{(subscription is null ? " in any subscription that these credentials may see" : $" in the subscription {subscription}")}, and nothing answers at its address.",
            "az keyvault list --query [].name"
        );

    /// <summary>The vault answers, but ARM does not show it.</summary>
    public static CmekException KeyVaultNotVisible(string name, string? subscription) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            name,
            $"The Key Vault '{name}' answers, but Azure Resource Manager does not show it to these credentials{(subscription is null ? "" : $" in the subscription {subscription}")}: nobody could grant access to it. Nothing was written.",
            "az role assignment create --role \"Key Vault Data Access Administrator\" --assignee <you> --scope <id of the vault>   (or -SubscriptionId <the right one>)"
        );

    /// <summary>Another tenant's vault.</summary>
    public static CmekException KeyVaultInOtherTenant(string vault, string actual, string expected) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            vault,
            $"The Key Vault {vault} belongs to the tenant {actual}, not to {expected}: the application would have to be let in there. Nothing was written.",
            $"Get-CrdbCluster <name> | New-CrdbCmekRole -TenantId {actual} | New-CrdbCmekKey -VaultName {vault.Split('.')[0]}"
        );

    /// <summary>A vault that asks for tokens of another service.</summary>
    public static CmekException KeyVaultHostSuspect(string host, string audience) =>
        Errors.Make(
            CmekErrorKind.InvalidData,
            host,
            $"'{host}' asks for a token that is for '{audience}', which it does not belong to. None was sent.",
            "Check the address: az keyvault list --query [].properties.vaultUri"
        );

    /// <summary>Several vaults were named, and none is where the region is.</summary>
    public static CmekException KeyVaultMissing(string cluster, string region, IEnumerable<string> vaults) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            region,
            $"Of the vaults that were named ({string.Join(", ", vaults)}), none is in '{region}' of '{cluster}'.",
            "New-CrdbCmekKey -VaultName <one for all regions, or one in each>"
        );

    /// <summary>Hardware needs the other tier.</summary>
    internal static CmekException HsmNotAvailable(AzureVault vault) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            vault.Name,
            $"The Key Vault {vault.Name} is of the standard tier, which keeps no keys in hardware.",
            $"New-CrdbCmekKey -ProtectionLevel Software   (or az keyvault update --name {vault.Name} --sku premium)"
        );

    /// <summary>A managed HSM has roles of its own, which this module does not know.</summary>
    public static CmekException ManagedHsmNotSupported(string text) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            text,
            $"'{text}' is in a Managed HSM, whose roles this module does not manage.",
            "New-CrdbCmekKey -VaultName <a Key Vault> -ProtectionLevel Hsm"
        );

    /// <summary>Not the identifier of a key.</summary>
    public static CmekException KeyUriMalformed(string text, string suffix) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            text,
            $"'{text}' is no identifier of a key, https://<vault>.{suffix}/keys/<name>/<version>.",
            "az keyvault key list-versions --vault-name <vault> --name <key> --query [].kid"
        );

    /// <summary>No role of this name.</summary>
    public static CmekException RoleUnknown(string name) =>
        Errors.Make(
            CmekErrorKind.NotFound,
            name,
            $"Azure has no role '{name}'.",
            "az role definition list --query \"[?contains(roleName, 'Crypto')].roleName\""
        );

    /// <summary>The role does not let CockroachDB use the key.</summary>
    public static CmekException RoleTooNarrow(string name, IReadOnlyList<string> missing) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            name,
            $"The role '{name}' is not enough for CMEK: {string.Join(", ", missing)} is not in it. Nothing was written.",
            $"New-CrdbCmekKey -RoleName \"{KeyVaultRoles.Narrowest}\""
        );

    /// <summary>The grant was made, or taken away, and ARM does not show it.</summary>
    public static CmekException GrantNotSeen(string resource) =>
        Errors.Make(
            CmekErrorKind.Timeout,
            resource,
            $"Azure took the change of {resource}, but does not show it after three minutes.",
            "Run the same command again"
        );

    /// <summary>A name that Key Vault does not take.</summary>
    internal static CmekException KeyNameMalformed(string name, string cluster) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            name,
            $"'{name}' cannot be the name of a key of '{cluster}': Key Vault takes up to 127 letters, digits and dashes.",
            "Give another -Name, or none: the default is crdb-cmek- and the last 12 digits of the cluster's id",
            id: "NameMalformed"
        );

    /// <summary>A key of the name is somebody else's.</summary>
    internal static CmekException KeyNameTaken(AzureKeyId key, string? holder) =>
        Errors.Make(
            CmekErrorKind.Exists,
            key.ToString(),
            $"{key} exists, {(holder is null ? "was not made for this cluster" : $"belongs to the cluster {holder}")}, and the application may not use it. It was left as it is.",
            "New-CrdbCmekKey -Name <another name>   (or -KeyUri <that key> -Grant to use it)"
        );

    /// <summary>The key is there, and is not what was asked for.</summary>
    internal static CmekException KeyDiffers(AzureKeyId key, IReadOnlyList<string> differences) =>
        Errors.Make(
            CmekErrorKind.Exists,
            key.ToString(),
            $"{key} exists: {string.Join("; ", differences)}. Azure cannot change that.",
            "New-CrdbCmekKey -Name <another name>   (or without the options that differ)"
        );

    /// <summary>No key of this name, or no such version.</summary>
    internal static CmekException KeyNotFound(AzureKeyId key) =>
        Errors.Make(
            CmekErrorKind.NotFound,
            key.ToString(),
            $"There is no key '{key}' that these credentials may see.",
            $"az keyvault key list-versions --vault-name {key.VaultName} --name {key.Name}"
        );

    /// <summary>Deleted, and not gone yet.</summary>
    internal static CmekException KeySoftDeleted(AzureKeyId key, DateTimeOffset? purgedOn) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            key.ToString(),
            $"{key.WithoutVersion} was deleted and can still be recovered{(purgedOn is { } date ? $", until {date:yyyy-MM-dd}" : "")}; until it is purged nobody can make another of its name.",
            $"New-CrdbCmekKey -VaultName {key.VaultName} -Recover   (or az keyvault key recover --vault-name {key.VaultName} --name {key.Name})"
        );

    /// <summary>Recovered, but not to be seen.</summary>
    internal static CmekException KeyNotRecovered(AzureKeyId key) =>
        Errors.Make(
            CmekErrorKind.Timeout,
            key.ToString(),
            $"Key Vault does not show {key} three minutes after it was told to recover it.",
            "Run the same command again"
        );

    /// <summary>Elliptic curves and symmetric keys cannot wrap as CockroachDB does.</summary>
    internal static CmekException KeyNotRsa(AzureKeyId key, string kind) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            key.ToString(),
            $"{key} is of the kind {kind}; CMEK on Azure needs an RSA key, in software (RSA) or hardware (RSA-HSM).",
            $"New-CrdbCmekKey -VaultName {key.VaultName}   (makes one)"
        );

    /// <summary>The key may not be used for what CMEK does.</summary>
    internal static CmekException KeyOperationsMissing(AzureKeyId key, IReadOnlyList<string> missing) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            key.ToString(),
            $"{key} may not be used to {string.Join(" or ", missing)}.",
            $"az keyvault key set-attributes --id {key} --ops encrypt decrypt wrapKey unwrapKey"
        );

    /// <summary>Disabled.</summary>
    internal static CmekException KeyDisabled(AzureKeyId key) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            key.ToString(),
            $"{key} is disabled.",
            $"az keyvault key set-attributes --id {key} --enabled true"
        );

    /// <summary>Too late.</summary>
    internal static CmekException KeyExpired(AzureKeyId key, DateTimeOffset end) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            key.ToString(),
            $"{key} expired on {end:yyyy-MM-dd}: nothing can be wrapped with it any more.",
            $"az keyvault key set-attributes --id {key} --expires <a later date>"
        );

    /// <summary>Too early.</summary>
    internal static CmekException KeyNotEnabled(AzureKeyId key, DateTimeOffset begin) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            key.ToString(),
            $"{key} cannot be used before {begin:u}.",
            $"az keyvault key set-attributes --id {key} --not-before <an earlier date>"
        );

    /// <summary>Neither a role nor a policy lets the application use the key.</summary>
    internal static CmekException KeyNotGranted(AzureKeyId key, string application, IReadOnlyList<string> missing) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            key.ToString(),
            $"Nothing on {key} grants {string.Join(", ", missing)} to '{application}'.",
            "New-CrdbCmekKey -KeyUri <key> -Grant   (or Get-CrdbCmekKeyPolicy, for somebody who may change it)"
        );

    /// <summary>What was removed is the application itself: its roles went with it.</summary>
    public static CmekException ApplicationGone(string application, Uri consentUrl) =>
        Errors.Make(
            CmekErrorKind.NotFound,
            application,
            $"The enterprise application {application} is not in the tenant; when it comes back, it is another object, without the old one's roles.",
            $"Get-CrdbCluster <name> | New-CrdbCmekRole | New-CrdbCmekKey -KeyUri <key> -Grant   (or {consentUrl} in an administrator's browser first)",
            id: nameof(ConsentMissing)
        );

    /// <summary>CockroachDB Cloud connects over the public network.</summary>
    public static CmekException KeyVaultPrivate(string vault) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            vault,
            $"The Key Vault {vault} can be reached through private endpoints only. CockroachDB Cloud connects from outside.",
            $"az keyvault update --name {vault} --public-network-access Enabled",
            id: nameof(KeyVaultFirewalled)
        );
}
