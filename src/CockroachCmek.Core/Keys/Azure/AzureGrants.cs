using System.Text.Json.Nodes;
using CockroachCmek.Core.Keys.Azure.Access;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// Reads what is granted on keys, and the roles that can be granted. Where a Key Vault uses access policies, a role
/// assignment can be created, but has no effect.
/// </summary>
internal sealed class AzureGrants(AzureClients clients, AzureCalls calls)
{
    private readonly AzureAccessReader _access = new(clients, calls);

    /// <summary>What the application is allowed to do with a key.</summary>
    /// <param name="application">The application, as people know it.</param>
    public async Task<AzureAccess> ReadAsync(
        AzureKeyVault keyVault,
        string keyName,
        string principalId,
        string application
    ) => AzureAccessEvaluator.Evaluate(await _access.ReadAsync(keyVault, keyName, principalId), application);

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
                + string.Join(", ", AzurePolicyEntry.Needed);

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
                ["keys"] = new JsonArray([.. AzurePolicyEntry.Needed.Select(p => (JsonNode)p)]),
            },
        };
}
