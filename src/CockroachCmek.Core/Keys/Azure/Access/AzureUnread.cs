using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Azure.Access;

/// <summary>What could not be read, with the permission that it needs and a command that shows it.</summary>
internal static class AzureUnread
{
    public static UnreadPlace Application(string applicationId) =>
        new(
            $"the enterprise application {applicationId}",
            "Application.Read.All (Microsoft Graph)",
            $"az ad sp show --id {ShellQuote.PowerShell(applicationId)}"
        );

    public static UnreadPlace KeyVault(string name) =>
        new(
            $"the Key Vault {name}",
            "Microsoft.KeyVault/vaults/read",
            $"az keyvault show --name {ShellQuote.PowerShell(name)}"
        );

    public static UnreadPlace Roles(string scope) =>
        new(
            $"the role assignments on {AzureScope.Describe(scope)} and above",
            "Microsoft.Authorization/roleAssignments/read",
            $"az role assignment list --scope {ShellQuote.PowerShell(scope)} --include-inherited"
        );

    public static UnreadPlace Denials(string scope) =>
        new(
            $"the deny assignments on {AzureScope.Describe(scope)} and above",
            "Microsoft.Authorization/denyAssignments/read",
            "az rest --method get --url "
                + $"'{scope.Replace("'", "%27")}/providers/Microsoft.Authorization/denyAssignments?api-version=2022-04-01'"
        );

    public static UnreadPlace Definition(string id) =>
        new(
            $"the role {id.Split('/').Last()}",
            "Microsoft.Authorization/roleDefinitions/read",
            $"az role definition list --name {ShellQuote.PowerShell(id.Split('/').Last())}"
        );

    public static UnreadPlace Locks(string scope) =>
        new(
            $"the locks on {AzureScope.Describe(scope)}",
            "Microsoft.Authorization/locks/read",
            "az rest --method get --url "
                + $"'{scope.Replace("'", "%27")}/providers/Microsoft.Authorization/locks?api-version=2020-05-01'"
        );

    public static UnreadPlace Permissions(string scope) =>
        new(
            $"the permissions of these credentials on {AzureScope.Describe(scope)}",
            "Microsoft.Authorization/permissions/read",
            "az rest --method get --url "
                + $"'{scope.Replace("'", "%27")}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01'"
        );

    /// <param name="group">The group, or the object in an access policy that may be one.</param>
    public static UnreadPlace Membership(string group, string principalId) =>
        new(
            $"whether the application is in the group {group}",
            "GroupMember.Read.All (Microsoft Graph)",
            $"az ad group member check --group {ShellQuote.PowerShell(group)} --member-id {ShellQuote.PowerShell(principalId)}"
        );
}
