namespace CockroachCmek.Core.Keys.Azure;

// Errors about Key Vaults.
internal static partial class AzureErrors
{
    private const string ListKeyVaults = "az keyvault list --query [].name";
    private const string ListKeyVaultUris = "az keyvault list --query [].properties.vaultUri";

    /// <summary>No Key Vault was given.</summary>
    public static CmekException KeyVaultNameMissing(string cluster) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            cluster,
            $"No Key Vault was given for the keys of '{cluster}'.",
            $"Get-CrdbCluster {cluster} | New-CrdbCmekRole | New-CrdbCmekKey -KeyVaultName <Key Vault>   "
                + $"({ListKeyVaults}; or Connect-CrdbCloud -AzureKeyVaultName for the whole session)"
        );

    /// <summary>Not the address of a Key Vault.</summary>
    public static CmekException KeyVaultUriMalformed(string text, string suffix) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            text,
            $"'{text}' is not the address of a Key Vault. Expected https://<name>.{suffix}/.",
            ListKeyVaultUris
        );

    /// <summary>Neither Resource Manager nor the network knows the name.</summary>
    public static CmekException KeyVaultNotFound(string name, string? subscription) =>
        Errors.Make(
            CmekErrorKind.NotFound,
            name,
            $"There is no Key Vault '{name}' "
                + (
                    subscription is null
                        ? "in any subscription that these credentials can see"
                        : $"in subscription {subscription}"
                )
                + ", and nothing responds at its address.",
            ListKeyVaults
        );

    /// <summary>The Key Vault belongs to another tenant.</summary>
    public static CmekException KeyVaultInOtherTenant(string keyVault, string actual, string expected) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            keyVault,
            $"The Key Vault {keyVault} belongs to tenant {actual}, not to {expected}. "
                + "The application would need consent there. Nothing was written.",
            $"Get-CrdbCluster <name> | New-CrdbCmekRole -TenantId {actual} "
                + $"| New-CrdbCmekKey -KeyVaultName {keyVault.Split('.')[0]}"
        );

    /// <summary>A server at a Key Vault's address that requests a token for another service.</summary>
    public static CmekException KeyVaultHostSuspect(string host, string audience) =>
        Errors.Make(
            CmekErrorKind.InvalidData,
            host,
            $"'{host}' requested a token for '{audience}', to which it does not belong. No token was sent.",
            $"{ListKeyVaultUris}   (shows the right address)"
        );

    /// <summary>Several Key Vaults were given, and none is in the region's location.</summary>
    public static CmekException KeyVaultMissing(string cluster, string region, IEnumerable<string> keyVaults) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            region,
            $"None of the given Key Vaults ({string.Join(", ", keyVaults)}) is in region {region} of '{cluster}'.",
            "New-CrdbCmekKey -KeyVaultName <one for all regions, or one in each region>"
        );

    /// <summary>Hardware keys need the premium tier.</summary>
    public static CmekException HsmNotAvailable(AzureKeyVault keyVault) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            keyVault.Name,
            $"The Key Vault {keyVault.Name} has the standard tier, which keeps no keys in hardware.",
            $"New-CrdbCmekKey -ProtectionLevel Software   (or az keyvault update --name {keyVault.Name} --sku premium)"
        );

    /// <summary>A Managed HSM has its own roles, which this module does not manage.</summary>
    public static CmekException ManagedHsmNotSupported(string text) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            text,
            $"'{text}' is in a Managed HSM, whose roles this module does not manage.",
            "New-CrdbCmekKey -KeyVaultName <Key Vault> -ProtectionLevel Hsm"
        );
}
