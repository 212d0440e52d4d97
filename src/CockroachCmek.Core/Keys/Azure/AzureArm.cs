using System.Text.Json;
using System.Text.Json.Nodes;
using Azure.Core;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>The calls of Azure Resource Manager that CMEK needs: vaults, who may use them, and who may say so.</summary>
internal interface IAzureArm
{
    Task<IReadOnlyList<string>> ListSubscriptionsAsync(CancellationToken cancellationToken);

    /// <summary>Ids of the vaults of a subscription that the caller may see.</summary>
    Task<IReadOnlyList<string>> ListVaultsAsync(string subscriptionId, CancellationToken cancellationToken);

    Task<AzureVault> GetVaultAsync(string id, CancellationToken cancellationToken);

    /// <summary>Adds permissions to an access policy, or takes them out, without touching the rest of the vault.</summary>
    Task ChangeAccessPolicyAsync(
        string vaultId,
        bool isAddition,
        JsonObject entry,
        CancellationToken cancellationToken
    );

    /// <summary>Assignments to a principal at, above or below a scope.</summary>
    Task<IReadOnlyList<RoleAssignment>> ListRoleAssignmentsAsync(
        string scope,
        string principalId,
        CancellationToken cancellationToken
    );

    Task<RoleAssignment> GetRoleAssignmentAsync(string id, CancellationToken cancellationToken);

    Task<RoleAssignment> CreateRoleAssignmentAsync(
        string id,
        RoleAssignmentProperties properties,
        CancellationToken cancellationToken
    );

    /// <summary>Success too when there is none.</summary>
    Task DeleteRoleAssignmentAsync(string id, CancellationToken cancellationToken);

    Task<RoleDefinition> GetRoleDefinitionAsync(string id, CancellationToken cancellationToken);

    Task<IReadOnlyList<RoleDefinition>> FindRoleDefinitionsAsync(
        string scope,
        string name,
        CancellationToken cancellationToken
    );

    /// <summary>What the caller itself may do at a scope.</summary>
    Task<IReadOnlyList<RolePermissions>> ListPermissionsAsync(string scope, CancellationToken cancellationToken);
}

/// <summary>ARM's REST API. Of vaults the newest version: all older ones retire on 27 February 2027 (key-vault access-control-default.md).</summary>
internal sealed class AzureArm(Uri endpoint, AzureRest rest) : IAzureArm
{
    private const string Resources = "2021-04-01";
    private const string Subscriptions = "2022-12-01";
    private const string Vaults = "2026-02-01";
    private const string Authorization = "2022-04-01";

    public async Task<IReadOnlyList<string>> ListSubscriptionsAsync(CancellationToken cancellationToken) =>
        [
            .. (await rest.ListAsync<Subscription>(At("/subscriptions", Subscriptions), cancellationToken)).Select(s =>
                s.SubscriptionId
            ),
        ];

    public async Task<IReadOnlyList<string>> ListVaultsAsync(
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

    public async Task<AzureVault> GetVaultAsync(string id, CancellationToken cancellationToken) =>
        AzureVault.From(
            await rest.GetAsync<JsonObject>(At(id, Vaults), cancellationToken)
                ?? throw new JsonException("an empty answer is no vault")
        );

    public Task ChangeAccessPolicyAsync(
        string vaultId,
        bool isAddition,
        JsonObject entry,
        CancellationToken cancellationToken
    ) =>
        rest.SendAsync<JsonObject?>(
            RequestMethod.Put,
            At($"{vaultId}/accessPolicies/{(isAddition ? "add" : "remove")}", Vaults),
            new { properties = new { accessPolicies = new[] { entry } } },
            cancellationToken
        );

    public Task<IReadOnlyList<RoleAssignment>> ListRoleAssignmentsAsync(
        string scope,
        string principalId,
        CancellationToken cancellationToken
    ) =>
        rest.ListAsync<RoleAssignment>(
            At(
                $"{scope}/providers/Microsoft.Authorization/roleAssignments",
                Authorization,
                $"principalId eq '{principalId}'"
            ),
            cancellationToken
        );

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

/// <summary>Who has which role where. Ids are paths, compared without case.</summary>
internal sealed record RoleAssignment(string Id, string Name, RoleAssignmentProperties Properties);

/// <summary>What an assignment says. Read-only fields of the answer are left out, so that it can be sent again as it is.</summary>
internal sealed record RoleAssignmentProperties(string RoleDefinitionId, string PrincipalId)
{
    public string? PrincipalType { get; init; }

    public string? Scope { get; init; }

    public string? Description { get; init; }

    public string? Condition { get; init; }

    public string? ConditionVersion { get; init; }

    public string? DelegatedManagedIdentityResourceId { get; init; }
}

internal sealed record RoleDefinition(string Id, string Name, RoleDefinitionProperties Properties);

internal sealed record RoleDefinitionProperties(string? RoleName, IReadOnlyList<RolePermissions>? Permissions);

/// <summary>Actions with wildcards, and those that are taken out again.</summary>
internal sealed record RolePermissions(
    IReadOnlyList<string>? Actions,
    IReadOnlyList<string>? NotActions,
    IReadOnlyList<string>? DataActions,
    IReadOnlyList<string>? NotDataActions
);
