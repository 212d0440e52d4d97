using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys.Azure.Access;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// Checks before the first write whether the caller is allowed to make the planned changes. Resource Manager and the
/// Key Vault decide separately: whoever can assign roles cannot create keys for that reason, nor the reverse.
/// </summary>
internal sealed class AzurePermissions(AzureClients clients, AzureCalls calls)
{
    private const string AssignRoles = "Microsoft.Authorization/roleAssignments/write";
    private const string RemoveRoles = "Microsoft.Authorization/roleAssignments/delete";
    private const string ChangePolicies = "Microsoft.KeyVault/vaults/accessPolicies/write";

    /// <summary>
    /// The roles that the caller is not allowed to take away where they stand, and the scopes at which the caller's
    /// permissions cannot be read: the writes will show them.
    /// </summary>
    public async Task<(IReadOnlyList<AssignedRole> Kept, IReadOnlyList<UnreadPlace> Unread)> FindKeptAsync(
        IReadOnlyList<AssignedRole> roles
    )
    {
        var kept = new List<AssignedRole>();
        var unread = new List<UnreadPlace>();
        foreach (var scope in roles.GroupBy(r => r.Scope, StringComparer.OrdinalIgnoreCase))
            if (await FindPermissionsAsync(scope.Key) is not { } permissions)
                unread.Add(AzureUnread.Permissions(scope.Key));
            else if (!permissions.Any(p => p.Allows(RemoveRoles)))
                kept.AddRange(scope);
        return (kept, unread);
    }

    /// <summary>Whether the caller may change access policies; null when that cannot be read.</summary>
    public async Task<bool?> MayChangePoliciesAsync(AzureKeyVault keyVault) =>
        (await FindPermissionsAsync(keyVault.Id))?.Any(p => p.Allows(ChangePolicies));

    public static CmekException PoliciesDenied(AzureKeyVault keyVault) =>
        AzureErrors.ArmPermissionDenied(keyVault.Name, $"{ChangePolicies} on {keyVault.Id}.", null);

    /// <summary>
    /// Whether the caller may disable keys; null when that cannot be read. Access policies may apply through a group,
    /// so that only roles tell.
    /// </summary>
    public async Task<bool?> MayDisableAsync(AzureKeyVault keyVault) =>
        keyVault.UsesRoles
            ? (await FindPermissionsAsync(keyVault.Id))?.Any(p => p.AllowsData(KeyVaultRoles.Update))
            : null;

    /// <summary>
    /// What the caller is not allowed to do. Empty when permissions cannot be read: the writes will show it.
    /// </summary>
    /// <param name="createsKey">A key is about to be created.</param>
    /// <param name="grants">Access is about to be granted.</param>
    public async Task<IReadOnlyList<CmekException>> FindMissingAsync(
        AzureKeyVault keyVault,
        bool createsKey,
        bool grants
    )
    {
        if (!createsKey && !grants)
            return [];
        if (await FindPermissionsAsync(keyVault.Id) is not { } permissions)
            return [];

        var missing = new List<CmekException>();
        var grant = keyVault.UsesRoles ? AssignRoles : ChangePolicies;
        if (grants && !permissions.Any(p => p.Allows(grant)))
            missing.Add(AzureErrors.ArmPermissionDenied(keyVault.Name, $"{grant} on {keyVault.Id}.", null));
        // Access policies may apply through a group, which only Graph could show.
        if (createsKey && keyVault.UsesRoles && !permissions.Any(p => p.AllowsData(KeyVaultRoles.Create)))
            missing.Add(AzureErrors.KeyVaultPermissionDenied(keyVault.Name, $"{KeyVaultRoles.Create}.", null));
        if (grants)
        {
            // A CanNotDelete lock lets grants be added (MicrosoftDocs/azure-docs#110791).
            var (locks, _) = await new AzureLocks(clients, calls).ReadAsync(keyVault.Id);
            if (locks.Where(l => l.IsReadOnly).ToList() is { Count: > 0 } readOnly)
                missing.Add(AzureErrors.ScopeLocked($"The access to Key Vault {keyVault.Name}", readOnly, null));
        }

        return missing;
    }

    /// <summary>What the caller is allowed to do at a scope; null when that cannot be read.</summary>
    private async Task<IReadOnlyList<RolePermissions>?> FindPermissionsAsync(string scope)
    {
        try
        {
            return await calls.ReadAsync("ARM", "ListPermissions", scope, c =>
                clients.Arm.ListPermissionsAsync(scope, c)
            );
        }
        catch (AzureException error) when (error.Status is 403 or 404)
        {
            calls.Context.Host.Verbose(
                $"The permissions of these credentials on {AzureScope.Describe(scope)} cannot be read ({error.Code}); "
                    + "the writes will show them."
            );
            return null;
        }
    }
}
