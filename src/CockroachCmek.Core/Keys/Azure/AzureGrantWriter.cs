using System.Text.Json.Nodes;
using CockroachCmek.Core.Keys.Azure.Access;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>Grants access to keys and removes it. Every write is read back.</summary>
internal sealed class AzureGrantWriter(AzureClients clients, AzureCalls calls)
{
    /// <summary>
    /// How long Resource Manager may not know a new application (role-assignments-rest). The principal's type is sent,
    /// which makes that rare.
    /// </summary>
    private static readonly TimeSpan Propagation = TimeSpan.FromMinutes(3);

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

    /// <summary>Makes the module's own grant.</summary>
    public Task GrantAsync(AzureKeyVault keyVault, RoleDefinition role, string principalId)
    {
        var grant = StandardGrant.For(keyVault, role, principalId);
        return grant.Assignment is { } assignment
            ? AssignAsync(grant.Target, assignment)
            : AddPolicyAsync(grant.Target, grant.PolicyEntry!);
    }

    /// <summary>Creates a role assignment. The same assignment under another id counts as done.</summary>
    public Task AssignAsync(string id, RoleAssignmentProperties properties) =>
        NameLocksAsync(AzureScope.Of(id), () => SendAssignmentAsync(id, properties));

    private Task SendAssignmentAsync(string id, RoleAssignmentProperties properties) =>
        calls.SettleAsync(
            $"CreateRoleAssignment {id}",
            () =>
                calls.RetryUntilPropagatedAsync(
                    () =>
                        calls.WriteAsync("ARM", "CreateRoleAssignment", id, c =>
                            clients.Arm.CreateRoleAssignmentAsync(id, properties.Sendable, c)
                        ),
                    error => error is AzureException { Code: "PrincipalNotFound" },
                    Propagation,
                    Pause
                ),
            () => IsAssignedAsync(AzureScope.Of(id), properties),
            new Settling { IsDone = error => error is AzureException { Status: 409, Code: "RoleAssignmentExists" } }
        );

    /// <summary>Deletes a role assignment.</summary>
    public Task UnassignAsync(string id) =>
        ChangeAsync(
            "DeleteRoleAssignment",
            id,
            c => clients.Arm.DeleteRoleAssignmentAsync(id, c),
            async () => await FindAssignmentAsync(id) is null
        );

    /// <summary>Adds an entry to the access policies of a Key Vault.</summary>
    public Task AddPolicyAsync(string keyVaultId, JsonObject entry) =>
        ChangeAsync(
            "AddAccessPolicy",
            keyVaultId,
            c => clients.Arm.ChangeAccessPolicyAsync(keyVaultId, isAddition: true, (JsonObject)entry.DeepClone(), c),
            async () =>
                await FindPolicyAsync(keyVaultId, entry) is { } found
                && Permissions(entry).IsSubsetOf(Permissions(found))
        );

    /// <summary>Removes an entry from the access policies of a Key Vault.</summary>
    public Task RemovePolicyAsync(string keyVaultId, JsonObject entry) =>
        ChangeAsync(
            "RemoveAccessPolicy",
            keyVaultId,
            c => clients.Arm.ChangeAccessPolicyAsync(keyVaultId, isAddition: false, (JsonObject)entry.DeepClone(), c),
            async () =>
                await FindPolicyAsync(keyVaultId, entry) is not { } found
                || !Permissions(entry).Overlaps(Permissions(found))
        );

    /// <summary>Names the locks that refuse a change; Resource Manager names only what they are on.</summary>
    /// <exception cref="CmekException">ScopeLocked.</exception>
    private async Task NameLocksAsync(string scope, Func<Task> write)
    {
        try
        {
            await write();
        }
        catch (AzureException error) when (error.IsLocked)
        {
            var (locks, _) = await new AzureLocks(clients, calls).ReadAsync(scope);
            throw locks.Count > 0
                ? AzureErrors.ScopeLocked($"The access on {AzureScope.Describe(scope)}", locks, error)
                : AzureErrors.ScopeLocked(scope, error.Message, error);
        }
    }

    /// <summary>
    /// Writes until Resource Manager shows the change. It responds 409 or 412 while something else changes the same
    /// resource.
    /// </summary>
    private async Task ChangeAsync(
        string verb,
        string resource,
        Func<CancellationToken, Task> write,
        Func<Task<bool>> isDone
    )
    {
        await NameLocksAsync(AzureScope.IsAuthorization(resource) ? AzureScope.Of(resource) : resource, () =>
            calls.SettleAsync(
                $"{verb} {resource}",
                () =>
                    calls.RetryUntilPropagatedAsync(
                        async () =>
                        {
                            await calls.SendAsync("ARM", verb, resource, write);
                            return true;
                        },
                        error => error is AzureException { Status: 409 or 412, IsLocked: false },
                        Propagation,
                        Pause
                    ),
                isDone
            )
        );
        await calls.PollUntilAsync(isDone, Propagation, Pause, () => AzureErrors.GrantNotSeen(resource));
    }

    private Task<RoleAssignment?> FindAssignmentAsync(string id) =>
        calls.FindAsync("ARM", "GetRoleAssignment", id, c => clients.Arm.GetRoleAssignmentAsync(id, c));

    private async Task<bool> IsAssignedAsync(string scope, RoleAssignmentProperties wanted)
    {
        var assignments = await calls.ReadAsync("ARM", "ListRoleAssignments", scope, c =>
            clients.Arm.ListRoleAssignmentsAsync(scope, $"principalId eq '{wanted.PrincipalId}'", c)
        );
        return assignments.Any(a =>
            AzureScope.Same(AzureScope.Of(a), scope)
            && AzureScope.Same(a.Properties.PrincipalId, wanted.PrincipalId)
            && AzureScope.Same(RoleName(a.Properties), RoleName(wanted))
        );
    }

    /// <summary>The policy of an entry's principal, as the Key Vault has it now.</summary>
    private async Task<JsonObject?> FindPolicyAsync(string keyVaultId, JsonObject entry)
    {
        var keyVault = await calls.ReadAsync("ARM", "GetKeyVault", keyVaultId, c =>
            clients.Arm.GetKeyVaultAsync(keyVaultId, c)
        );
        return keyVault.PolicyOf((string)entry["objectId"]!);
    }

    /// <summary>The name of a definition is the same in every subscription; its id is not.</summary>
    private static string RoleName(RoleAssignmentProperties properties) =>
        properties.RoleDefinitionId.Split('/').Last();

    /// <summary>The permissions of an entry, as "keys get".</summary>
    private static HashSet<string> Permissions(JsonObject entry) =>
        [
            .. (entry["permissions"] as JsonObject ?? []).SelectMany(kind =>
                (kind.Value as JsonArray ?? []).Select(p => $"{kind.Key} {(string?)p}".ToLowerInvariant())
            ),
        ];
}
