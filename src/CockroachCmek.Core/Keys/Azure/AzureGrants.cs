using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>Grants on keys: role assignments, and access policies on vaults that go by them, where an assignment succeeds and does nothing.</summary>
internal sealed class AzureGrants(AzureClients clients, AzureCalls calls)
{
    /// <summary>A fresh application is unknown to ARM for a while (role-assignments-rest; the principal's type is sent, which makes it rare).</summary>
    private static readonly TimeSpan Propagation = TimeSpan.FromMinutes(3);

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

    public async Task<GrantedAccess> ReadAsync(AzureVault vault, string keyName, string principalId)
    {
        if (!vault.UsesRoles)
            return new GrantedAccess(vault, keyName, principalId, []);
        var assignments = (
            await calls.ReadAsync("ARM", "ListRoleAssignments", vault.Id, c =>
                clients.Arm.ListRoleAssignmentsAsync(vault.Id, principalId, c)
            )
        )
            .Where(a => Same(a.Properties.PrincipalId, principalId) && IsWithin(vault.KeyScope(keyName), ScopeOf(a)))
            .ToList();
        var definitions = new Dictionary<string, RoleDefinition>(StringComparer.OrdinalIgnoreCase);
        foreach (
            var id in assignments.Select(a => a.Properties.RoleDefinitionId).Distinct(StringComparer.OrdinalIgnoreCase)
        )
            definitions[id] = KeyVaultRoles.Find(id)
                ?? await calls.ReadAsync("ARM", "GetRoleDefinition", id, c =>
                    clients.Arm.GetRoleDefinitionAsync(id, c)
                );
        // Other roles, on the vault itself for example, are no access to keys.
        return new GrantedAccess(
            vault,
            keyName,
            principalId,
            [
                .. assignments
                    .Select(a => new RoleOnKey(a, definitions[a.Properties.RoleDefinitionId]))
                    .Where(r => KeyVaultRoles.Needed.Any(r.Definition.Covers)),
            ]
        );
    }

    /// <summary>The role of a name, and that it is enough.</summary>
    /// <exception cref="CmekException">RoleUnknown, RoleTooNarrow.</exception>
    public async Task<RoleDefinition> RoleAsync(AzureVault vault, string? name)
    {
        var role = KeyVaultRoles.Find(name ?? KeyVaultRoles.Default)
            ?? (
                await calls.ReadAsync("ARM", "FindRoleDefinitions", name!, c =>
                    clients.Arm.FindRoleDefinitionsAsync(vault.Id, name!, c)
                )
                    is [var found, ..]
                    ? found
                    : null
            )
            ?? throw AzureErrors.RoleUnknown(name!);
        return role.MissingIn() is { Count: > 0 } missing
            ? throw AzureErrors.RoleTooNarrow(role.Properties.RoleName ?? role.Name, missing)
            : role;
    }

    /// <summary>The question before a grant.</summary>
    public static string Describe(AzureVault vault, RoleDefinition role, string principal) =>
        vault.UsesRoles
            ? $"Assign {role.Properties.RoleName} on the vault to {principal}"
            : $"Add {principal} to the vault's access policies, with keys {string.Join(", ", GrantedAccess.NeededPermissions)}";

    /// <summary>The whole grant, as the module makes it.</summary>
    public static (string Target, RoleAssignmentProperties? Assignment, JsonObject? Policy) Standard(
        AzureVault vault,
        RoleDefinition role,
        string principalId
    )
    {
        if (!vault.UsesRoles)
            return (vault.Id, null, PolicyEntry(vault.TenantId, principalId));
        var definitionId = DefinitionId(vault, role);
        return (
            AzureNames.AssignmentId(vault.Id, role.Name, principalId),
            new RoleAssignmentProperties(definitionId, principalId) { PrincipalType = "ServicePrincipal" },
            null
        );
    }

    public async Task GrantAsync(AzureVault vault, RoleDefinition role, string principalId)
    {
        var (target, assignment, policy) = Standard(vault, role, principalId);
        if (assignment is not null)
            await AssignAsync(target, assignment);
        else
            await AddPolicyAsync(vault.Id, policy!);
    }

    /// <summary>Makes an assignment. Where the same one is there under another id, that is it.</summary>
    public async Task AssignAsync(string id, RoleAssignmentProperties properties)
    {
        var scope = ScopeOf(id);
        for (var round = 1; ; round++)
        {
            try
            {
                await calls.RetryUntilPropagatedAsync(
                    () =>
                        calls.WriteAsync("ARM", "CreateRoleAssignment", id, c =>
                            clients.Arm.CreateRoleAssignmentAsync(id, properties with { Scope = null }, c)
                        ),
                    fault => fault is AzureFault { Code: "PrincipalNotFound" },
                    Propagation,
                    Pause
                );
                return;
            }
            catch (AzureFault fault) when (fault.Status == 409 && fault.Code == "RoleAssignmentExists")
            {
                if (await IsAssignedAsync(scope, properties))
                    return;
                throw;
            }
            catch (Exception fault) when (calls.IsResponseLost(fault))
            {
                calls.Context.Log.Verbose(
                    $"The answer to CreateRoleAssignment {id} was lost; looking whether it happened."
                );
                if (await IsAssignedAsync(scope, properties))
                    return;
                if (round == 3)
                    throw;
            }
        }
    }

    /// <summary>Takes an assignment away, and reads that it is gone.</summary>
    public async Task UnassignAsync(string id)
    {
        await SettledAsync(
            "DeleteRoleAssignment",
            id,
            c => clients.Arm.DeleteRoleAssignmentAsync(id, c),
            async () =>
                await calls.FindAsync("ARM", "GetRoleAssignment", id, c => clients.Arm.GetRoleAssignmentAsync(id, c))
                    is null
        );
    }

    /// <summary>Adds an entry to a vault's access policies, and reads that it is there.</summary>
    public Task AddPolicyAsync(string vaultId, JsonObject entry) => ChangePolicyAsync(vaultId, isAddition: true, entry);

    /// <summary>Takes an entry out, and reads that it is gone.</summary>
    public Task RemovePolicyAsync(string vaultId, JsonObject entry) =>
        ChangePolicyAsync(vaultId, isAddition: false, entry);

    private Task ChangePolicyAsync(string vaultId, bool isAddition, JsonObject entry) =>
        SettledAsync(
            isAddition ? "AddAccessPolicy" : "RemoveAccessPolicy",
            vaultId,
            c => clients.Arm.ChangeAccessPolicyAsync(vaultId, isAddition, (JsonObject)entry.DeepClone(), c),
            async () =>
            {
                var there = (
                    await calls.ReadAsync("ARM", "GetVault", vaultId, c => clients.Arm.GetVaultAsync(vaultId, c))
                ).PolicyOf((string)entry["objectId"]!);
                return isAddition
                    ? there is not null && Includes(there, entry)
                    : there is null || !Overlaps(there, entry);
            }
        );

    /// <summary>Writes until the cloud shows it: ARM answers 409 while something else changes the same resource, and an answer may be lost.</summary>
    private async Task SettledAsync(
        string verb,
        string resource,
        Func<CancellationToken, Task> write,
        Func<Task<bool>> isSo
    )
    {
        for (var round = 1; ; round++)
        {
            try
            {
                await calls.RetryUntilPropagatedAsync(
                    async () =>
                    {
                        await calls.SendAsync("ARM", verb, resource, write);
                        return true;
                    },
                    fault => fault is AzureFault { Status: 409 or 412 },
                    Propagation,
                    Pause
                );
                break;
            }
            catch (Exception fault) when (calls.IsResponseLost(fault))
            {
                if (await isSo())
                    return;
                if (round == 3)
                    throw;
            }
        }

        await calls.PollUntilAsync(isSo, Propagation, Pause, () => AzureErrors.GrantNotSeen(resource));
    }

    private async Task<bool> IsAssignedAsync(string scope, RoleAssignmentProperties wanted) =>
        (
            await calls.ReadAsync("ARM", "ListRoleAssignments", scope, c =>
                clients.Arm.ListRoleAssignmentsAsync(scope, wanted.PrincipalId, c)
            )
        ).Any(a =>
            Same(ScopeOf(a), scope)
            && Same(a.Properties.PrincipalId, wanted.PrincipalId)
            && Same(a.Properties.RoleDefinitionId.Split('/').Last(), wanted.RoleDefinitionId.Split('/').Last())
        );

    private static bool Includes(JsonObject there, JsonObject entry) => Flat(entry).All(p => Flat(there).Contains(p));

    private static bool Overlaps(JsonObject there, JsonObject entry) => Flat(entry).Any(p => Flat(there).Contains(p));

    private static HashSet<string> Flat(JsonObject entry) =>
        [
            .. (entry["permissions"] as JsonObject ?? []).SelectMany(kind =>
                (kind.Value as JsonArray ?? []).Select(p => $"{kind.Key} {(string?)p}".ToLowerInvariant())
            ),
        ];

    private static JsonObject PolicyEntry(string tenantId, string principalId) =>
        new()
        {
            ["tenantId"] = tenantId,
            ["objectId"] = principalId,
            ["permissions"] = new JsonObject
            {
                ["keys"] = new JsonArray([.. GrantedAccess.NeededPermissions.Select(p => (JsonNode)p)]),
            },
        };

    /// <summary>Definitions are the same everywhere, and addressed within the subscription.</summary>
    private static string DefinitionId(AzureVault vault, RoleDefinition role) =>
        role.Id.StartsWith("/subscriptions/", StringComparison.OrdinalIgnoreCase)
            ? role.Id
            : $"{string.Join("/", vault.Id.Split('/').Take(3))}/providers/Microsoft.Authorization/roleDefinitions/{role.Name}";

    /// <summary>Where an assignment holds: as it says, or as its id does.</summary>
    internal static string ScopeOf(RoleAssignment assignment) => assignment.Properties.Scope ?? ScopeOf(assignment.Id);

    internal static string ScopeOf(string assignmentId)
    {
        var end = assignmentId.IndexOf(
            "/providers/Microsoft.Authorization/roleAssignments/",
            StringComparison.OrdinalIgnoreCase
        );
        return end < 0 ? "/" : assignmentId.Substring(0, end);
    }

    /// <summary>True when a resource is the scope, or lies below it. What a management group holds is above every resource that the list shows with it.</summary>
    internal static bool IsWithin(string resource, string scope) =>
        scope is "/" or ""
        || scope.StartsWith("/providers/Microsoft.Management/managementGroups/", StringComparison.OrdinalIgnoreCase)
        || Same(resource, scope)
        || resource.StartsWith(scope.TrimEnd('/') + "/", StringComparison.OrdinalIgnoreCase);

    private static bool Same(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
}
