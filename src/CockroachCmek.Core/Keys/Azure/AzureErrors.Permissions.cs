namespace CockroachCmek.Core.Keys.Azure;

// Errors about what the caller is allowed to do.
internal static partial class AzureErrors
{
    /// <summary>Resource Manager accepts the credentials, but does not authorize the operation.</summary>
    public static CmekException ArmPermissionDenied(string target, string message, Exception? inner) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            target,
            $"Azure Resource Manager does not allow these credentials to do what is needed for '{target}': {message}",
            "Get-CrdbCmekKeyPolicy   (prints the assignment and the az commands for an Owner, User Access "
                + "Administrator or Key Vault Data Access Administrator)",
            inner,
            statusCode: 403
        );

    /// <summary>A read that Resource Manager does not authorize.</summary>
    public static CmekException ArmReadDenied(string target, string message, Exception inner) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            target,
            $"Azure Resource Manager does not allow these credentials to read what is needed for '{target}': {message}",
            "az role assignment create --role Reader --assignee <you> --scope <id of the Key Vault>",
            inner,
            statusCode: 403,
            id: nameof(ArmPermissionDenied)
        );

    /// <summary>The Key Vault itself refuses, whatever Resource Manager allows.</summary>
    public static CmekException KeyVaultPermissionDenied(string target, string message, Exception? inner) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            target,
            $"The Key Vault does not allow these credentials to do what is needed for '{target}': {message} "
                + "An Owner of a Key Vault is not automatically allowed to use its keys.",
            "az role assignment create --role \"Key Vault Crypto Officer\" --assignee <you> "
                + "--scope <id of the Key Vault>   (takes effect after some minutes)",
            inner,
            statusCode: 403
        );

    /// <summary>A read that the Key Vault refuses.</summary>
    public static CmekException KeyVaultReadDenied(string target, string message, Exception inner) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            target,
            $"The Key Vault does not allow these credentials to read what is needed for '{target}': {message}",
            "az role assignment create --role \"Key Vault Reader\" --assignee <you> --scope <id of the Key Vault>"
                + "   (takes effect after some minutes)",
            inner,
            statusCode: 403,
            id: nameof(KeyVaultPermissionDenied)
        );

    /// <summary>Microsoft Graph does not authorize the operation.</summary>
    public static CmekException GraphPermissionDenied(string target, string message, Exception inner) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            target,
            $"Microsoft Graph does not allow these credentials to do what is needed for '{target}': {message}",
            "New-CrdbCmekKey -PrincipalId <object id of the enterprise application>   "
                + "(does not need Graph; the id is in the Entra admin center, under Enterprise applications)",
            inner,
            statusCode: 403
        );

    /// <summary>A read that Microsoft Graph does not authorize.</summary>
    public static CmekException GraphReadDenied(string target, string message, Exception inner) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            target,
            $"Microsoft Graph does not allow these credentials to read what is needed for '{target}': {message}",
            "Ask an Entra administrator for the role Directory Readers or the Graph permission Application.Read.All",
            inner,
            statusCode: 403,
            id: nameof(GraphPermissionDenied)
        );

    /// <summary>The Key Vault's firewall, or a Key Vault that only private endpoints reach.</summary>
    public static CmekException KeyVaultFirewalled(string target, string message, Exception inner) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            target,
            $"The firewall of the Key Vault blocks this machine, while working for '{target}': {message} "
                + "CockroachDB Cloud also connects from outside.",
            "az keyvault network-rule add --name <Key Vault> --ip-address <address>   "
                + "(also for the addresses of CockroachDB Cloud)",
            inner,
            statusCode: 403
        );

    /// <summary>
    /// A Key Vault without public network access. CockroachDB Cloud connects over the public network.
    /// </summary>
    public static CmekException KeyVaultPrivate(string keyVault) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            keyVault,
            $"The Key Vault {keyVault} can be reached through private endpoints only. "
                + "CockroachDB Cloud connects over the public network.",
            $"az keyvault update --name {keyVault} --public-network-access Enabled",
            id: nameof(KeyVaultFirewalled)
        );

    /// <summary>The Key Vault responds, but Resource Manager does not show it to the caller.</summary>
    public static CmekException KeyVaultNotVisible(string name, string? subscription) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            name,
            $"The Key Vault '{name}' responds, but Azure Resource Manager does not show it to these credentials"
                + $"{(subscription is null ? "" : $" in the subscription {subscription}")}. "
                + "Access to it can be neither read nor granted.",
            "az role assignment create --role Reader --assignee <you> --scope <id of the Key Vault>   "
                + "(to grant access: Key Vault Data Access Administrator)"
                + (subscription is null ? "" : ", or Connect-CrdbCloud -AzureSubscriptionId <another subscription>")
        );
}
