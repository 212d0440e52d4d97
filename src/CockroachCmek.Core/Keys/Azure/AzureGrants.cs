using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// Reads what is granted on keys: role assignments, or access policies on Key Vaults that use them. There an assignment
/// can be created, but has no effect.
/// </summary>
internal sealed class AzureGrants(AzureClients clients, AzureCalls calls)
{
    /// <summary>What the application is allowed to do with a key.</summary>
    public async Task<GrantedAccess> ReadAsync(AzureKeyVault keyVault, string keyName, string principalId)
    {
        if (!keyVault.UsesRoles)
            return new GrantedAccess(keyVault, keyName, principalId, []);
        var listed = await calls.ReadAsync("ARM", "ListRoleAssignments", keyVault.Id, c =>
            clients.Arm.ListRoleAssignmentsAsync(keyVault.Id, principalId, c)
        );
        var definitions = new Dictionary<string, RoleDefinition>(StringComparer.OrdinalIgnoreCase);
        var roles = new List<RoleOnKey>();
        foreach (var assignment in listed)
        {
            if (
                !AzureScope.Same(assignment.Properties.PrincipalId, principalId)
                || !AzureScope.IsWithin(keyVault.KeyScope(keyName), AzureScope.Of(assignment))
            )
                continue;
            var id = assignment.Properties.RoleDefinitionId;
            if (!definitions.TryGetValue(id, out var definition))
                definitions.Add(id, definition = await ReadDefinitionAsync(id));
            // Other roles, for example on the Key Vault itself, give no access to keys.
            if (KeyVaultRoles.Needed.Any(definition.Covers))
                roles.Add(new RoleOnKey(assignment, definition));
        }

        return new GrantedAccess(keyVault, keyName, principalId, roles);
    }

    /// <summary>The role with a name, which must allow what CMEK needs.</summary>
    /// <param name="name">Null for the default role.</param>
    /// <exception cref="CmekException">RoleUnknown, RoleTooNarrow.</exception>
    public async Task<RoleDefinition> RequireRoleAsync(AzureKeyVault keyVault, string? name)
    {
        name ??= KeyVaultRoles.Default;
        var role = KeyVaultRoles.Find(name) ?? await FindDefinitionAsync(keyVault, name);
        if (role is null)
            throw AzureErrors.RoleUnknown(name);
        return role.MissingActions() is { Count: > 0 } missing
            ? throw AzureErrors.RoleTooNarrow(role.Properties.RoleName ?? role.Name, missing)
            : role;
    }

    private async Task<RoleDefinition> ReadDefinitionAsync(string id) =>
        KeyVaultRoles.Find(id)
        ?? await calls.ReadAsync("ARM", "GetRoleDefinition", id, c => clients.Arm.GetRoleDefinitionAsync(id, c));

    private async Task<RoleDefinition?> FindDefinitionAsync(AzureKeyVault keyVault, string name)
    {
        var found = await calls.ReadAsync("ARM", "FindRoleDefinitions", name, c =>
            clients.Arm.FindRoleDefinitionsAsync(keyVault.Id, name, c)
        );
        return found is [var role, ..] ? role : null;
    }
}

/// <summary>
/// The grant that the module makes: a role assignment on the Key Vault, or an entry in its access policies. Exactly one
/// of the two is set.
/// </summary>
/// <param name="Target">The id of the assignment, or of the Key Vault.</param>
internal sealed record StandardGrant(string Target, RoleAssignmentProperties? Assignment, JsonObject? PolicyEntry)
{
    public static StandardGrant For(AzureKeyVault keyVault, RoleDefinition role, string principalId) =>
        keyVault.UsesRoles
            ? new StandardGrant(
                AzureNames.RoleAssignment(keyVault.Id, role.Name, principalId),
                new RoleAssignmentProperties(DefinitionId(keyVault, role), principalId)
                {
                    PrincipalType = "ServicePrincipal",
                },
                null
            )
            : new StandardGrant(keyVault.Id, null, CreatePolicyEntry(keyVault.TenantId, principalId));

    /// <summary>The grant in words, for the question before it is made.</summary>
    public static string Describe(AzureKeyVault keyVault, RoleDefinition role, string principal) =>
        keyVault.UsesRoles
            ? $"Assign {role.Properties.RoleName} on the Key Vault to {principal}"
            : $"Add {principal} to the access policies of the Key Vault, with the key permissions "
                + string.Join(", ", GrantedAccess.NeededPermissions);

    /// <summary>
    /// Built-in definitions are the same everywhere, but an assignment names the one in its own subscription.
    /// </summary>
    private static string DefinitionId(AzureKeyVault keyVault, RoleDefinition role) =>
        role.Id.StartsWith("/subscriptions/", StringComparison.OrdinalIgnoreCase)
            ? role.Id
            : $"{AzureScope.SubscriptionOf(keyVault.Id)}/providers/Microsoft.Authorization/roleDefinitions/{role.Name}";

    private static JsonObject CreatePolicyEntry(string tenantId, string principalId) =>
        new()
        {
            ["tenantId"] = tenantId,
            ["objectId"] = principalId,
            ["permissions"] = new JsonObject
            {
                ["keys"] = new JsonArray([.. GrantedAccess.NeededPermissions.Select(p => (JsonNode)p)]),
            },
        };
}
