using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Azure.Core;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// The calls of Azure Resource Manager that CMEK needs: Key Vaults, and who has which access to them.
/// </summary>
internal interface IAzureArm
{
    Task<IReadOnlyList<string>> ListSubscriptionsAsync(CancellationToken cancellationToken);

    /// <summary>Ids of the Key Vaults of a subscription that the caller can see.</summary>
    Task<IReadOnlyList<string>> ListKeyVaultsAsync(string subscriptionId, CancellationToken cancellationToken);

    Task<AzureKeyVault> GetKeyVaultAsync(string id, CancellationToken cancellationToken);

    /// <summary>
    /// Adds permissions to an access policy or removes them, and leaves the rest of the Key Vault as it is.
    /// </summary>
    Task ChangeAccessPolicyAsync(
        string keyVaultId,
        bool isAddition,
        JsonObject entry,
        CancellationToken cancellationToken
    );

    /// <summary>Role assignments at, above or below a scope, as far as a filter admits them.</summary>
    Task<IReadOnlyList<RoleAssignment>> ListRoleAssignmentsAsync(
        string scope,
        string filter,
        CancellationToken cancellationToken
    );

    /// <summary>Deny assignments at, above or below a scope.</summary>
    Task<IReadOnlyList<DenyAssignment>> ListDenyAssignmentsAsync(string scope, CancellationToken cancellationToken);

    /// <summary>Locks at or below a scope. Those above it are listed only at their own scope.</summary>
    Task<IReadOnlyList<AzureLock>> ListLocksAsync(string scope, CancellationToken cancellationToken);

    Task<RoleAssignment> GetRoleAssignmentAsync(string id, CancellationToken cancellationToken);

    Task<RoleAssignment> CreateRoleAssignmentAsync(
        string id,
        RoleAssignmentProperties properties,
        CancellationToken cancellationToken
    );

    /// <summary>Also succeeds when the assignment does not exist.</summary>
    Task DeleteRoleAssignmentAsync(string id, CancellationToken cancellationToken);

    Task<RoleDefinition> GetRoleDefinitionAsync(string id, CancellationToken cancellationToken);

    Task<IReadOnlyList<RoleDefinition>> FindRoleDefinitionsAsync(
        string scope,
        string name,
        CancellationToken cancellationToken
    );

    /// <summary>What the caller is allowed to do at a scope.</summary>
    Task<IReadOnlyList<RolePermissions>> ListPermissionsAsync(string scope, CancellationToken cancellationToken);
}

/// <summary>
/// Resource Manager's REST API. Key Vaults use the newest version: all older ones retire on 27 February 2027 (key-vault
/// access-control-default.md).
/// </summary>
internal sealed class AzureArm(Uri endpoint, AzureRest rest) : IAzureArm
{
    private const string Resources = "2021-04-01";
    private const string Subscriptions = "2022-12-01";
    private const string KeyVaults = "2026-02-01";
    private const string Authorization = "2022-04-01";
    private const string Locks = "2020-05-01";

    public async Task<IReadOnlyList<string>> ListSubscriptionsAsync(CancellationToken cancellationToken) =>
        [
            .. (await rest.ListAsync<Subscription>(At("/subscriptions", Subscriptions), cancellationToken)).Select(s =>
                s.SubscriptionId
            ),
        ];

    public async Task<IReadOnlyList<string>> ListKeyVaultsAsync(
        string subscriptionId,
        CancellationToken cancellationToken
    ) =>
        [
            .. (
                await rest.ListAsync<Resource>(
                    At(
                        $"/subscriptions/{subscriptionId}/resources",
                        Resources,
                        "resourceType eq 'Microsoft.KeyVault/vaults'"
                    ),
                    cancellationToken
                )
            ).Select(v => v.Id),
        ];

    public async Task<AzureKeyVault> GetKeyVaultAsync(string id, CancellationToken cancellationToken) =>
        AzureKeyVault.From(
            await rest.GetAsync<JsonObject>(At(id, KeyVaults), cancellationToken)
                ?? throw new JsonException("the response is empty, not a Key Vault")
        );

    public Task ChangeAccessPolicyAsync(
        string keyVaultId,
        bool isAddition,
        JsonObject entry,
        CancellationToken cancellationToken
    ) =>
        rest.SendAsync<JsonObject?>(
            RequestMethod.Put,
            At($"{keyVaultId}/accessPolicies/{(isAddition ? "add" : "remove")}", KeyVaults),
            new { properties = new { accessPolicies = new[] { entry } } },
            cancellationToken
        );

    public Task<IReadOnlyList<RoleAssignment>> ListRoleAssignmentsAsync(
        string scope,
        string filter,
        CancellationToken cancellationToken
    ) =>
        rest.ListAsync<RoleAssignment>(
            At($"{scope}/providers/Microsoft.Authorization/roleAssignments", Authorization, filter),
            cancellationToken
        );

    public Task<IReadOnlyList<DenyAssignment>> ListDenyAssignmentsAsync(
        string scope,
        CancellationToken cancellationToken
    ) =>
        rest.ListAsync<DenyAssignment>(
            At($"{scope}/providers/Microsoft.Authorization/denyAssignments", Authorization),
            cancellationToken
        );

    public Task<IReadOnlyList<AzureLock>> ListLocksAsync(string scope, CancellationToken cancellationToken) =>
        rest.ListAsync<AzureLock>(At($"{scope}/providers/Microsoft.Authorization/locks", Locks), cancellationToken);

    public Task<RoleAssignment> GetRoleAssignmentAsync(string id, CancellationToken cancellationToken) =>
        rest.GetAsync<RoleAssignment>(At(id, Authorization), cancellationToken);

    public Task<RoleAssignment> CreateRoleAssignmentAsync(
        string id,
        RoleAssignmentProperties properties,
        CancellationToken cancellationToken
    ) =>
        rest.SendAsync<RoleAssignment>(RequestMethod.Put, At(id, Authorization), new { properties }, cancellationToken);

    public Task DeleteRoleAssignmentAsync(string id, CancellationToken cancellationToken) =>
        rest.SendAsync<JsonObject?>(RequestMethod.Delete, At(id, Authorization), null, cancellationToken);

    public Task<RoleDefinition> GetRoleDefinitionAsync(string id, CancellationToken cancellationToken) =>
        rest.GetAsync<RoleDefinition>(At(id, Authorization), cancellationToken);

    public Task<IReadOnlyList<RoleDefinition>> FindRoleDefinitionsAsync(
        string scope,
        string name,
        CancellationToken cancellationToken
    ) =>
        rest.ListAsync<RoleDefinition>(
            At(
                $"{scope}/providers/Microsoft.Authorization/roleDefinitions",
                Authorization,
                $"roleName eq '{name.Replace("'", "''")}'"
            ),
            cancellationToken
        );

    public Task<IReadOnlyList<RolePermissions>> ListPermissionsAsync(
        string scope,
        CancellationToken cancellationToken
    ) =>
        rest.ListAsync<RolePermissions>(
            At($"{scope}/providers/Microsoft.Authorization/permissions", Authorization),
            cancellationToken
        );

    private Uri At(string path, string version, string? filter = null) =>
        new(
            endpoint,
            $"{path}?{(filter is null ? "" : $"$filter={Uri.EscapeDataString(filter)}&")}api-version={version}"
        );

    private sealed record Subscription(string SubscriptionId);

    private sealed record Resource(string Id);
}

/// <summary>A principal's role at a scope. Ids are paths, compared without case.</summary>
internal sealed record RoleAssignment(string Id, string Name, RoleAssignmentProperties Properties);

/// <summary>The content of an assignment.</summary>
internal sealed record RoleAssignmentProperties(string RoleDefinitionId, string PrincipalId)
{
    public string? PrincipalType { get; init; }

    public string? Scope { get; init; }

    public string? Description { get; init; }

    public string? Condition { get; init; }

    public string? ConditionVersion { get; init; }

    public string? DelegatedManagedIdentityResourceId { get; init; }

    /// <summary>When it was made. Read-only, like <see cref="Scope"/>.</summary>
    public DateTimeOffset? CreatedOn { get; init; }

    /// <summary>The same without read-only fields, so that it can be sent again unchanged.</summary>
    [JsonIgnore]
    public RoleAssignmentProperties Sendable => this with { Scope = null, CreatedOn = null };
}

/// <summary>
/// Takes data actions away from principals, whatever roles they have. Azure makes them for managed applications and
/// deployment stacks; nobody can create one directly.
/// </summary>
internal sealed record DenyAssignment(string Id, string Name, DenyAssignmentProperties Properties);

internal sealed record DenyAssignmentProperties
{
    public string? DenyAssignmentName { get; init; }

    public string? Scope { get; init; }

    public IReadOnlyList<RolePermissions>? Permissions { get; init; }

    public bool DoNotApplyToChildScopes { get; init; }

    public IReadOnlyList<DenyPrincipal>? Principals { get; init; }

    public IReadOnlyList<DenyPrincipal>? ExcludePrincipals { get; init; }

    public string? Condition { get; init; }
}

/// <summary>A principal of a deny assignment.</summary>
internal sealed record DenyPrincipal(string Id, string? Type)
{
    /// <summary>The id that stands for everybody (role-based-access-control, deny-assignments.md).</summary>
    public bool IsEverybody => Guid.TryParse(Id, out var id) && id == Guid.Empty;

    public bool IsGroup => string.Equals(Type, "Group", StringComparison.OrdinalIgnoreCase);
}

/// <summary>A management lock.</summary>
internal sealed record AzureLock(string Id, string Name, AzureLockProperties Properties)
{
    public string Scope => AzureScope.Of(Id);

    /// <summary>True when nothing under it can be changed; false when nothing under it can be deleted.</summary>
    public bool IsReadOnly => string.Equals(Properties.Level, "ReadOnly", StringComparison.OrdinalIgnoreCase);
}

internal sealed record AzureLockProperties(string? Level, string? Notes);

internal sealed record RoleDefinition(string Id, string Name, RoleDefinitionProperties Properties);

internal sealed record RoleDefinitionProperties(string? RoleName, IReadOnlyList<RolePermissions>? Permissions);

/// <summary>Allowed actions, which may contain wildcards, and exceptions from them.</summary>
internal sealed record RolePermissions(
    IReadOnlyList<string>? Actions,
    IReadOnlyList<string>? NotActions,
    IReadOnlyList<string>? DataActions,
    IReadOnlyList<string>? NotDataActions
);
