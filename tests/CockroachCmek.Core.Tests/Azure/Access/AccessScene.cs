using System.Text.Json;
using System.Text.Json.Nodes;
using CockroachCmek.Core.Keys.Azure;
using CockroachCmek.Core.Keys.Azure.Access;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Azure.Access;

/// <summary>A Key Vault, a key, the cluster's application, and what is granted on them.</summary>
internal sealed class AccessScene
{
    public const string Application = "5a1b7d0e-2c3f-4a4b-9c5d-6e7f8a9b0c1d";
    public const string Group = "11112222-3333-4444-5555-666677778888";
    public const string Officer = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603";
    public const string Narrow = "e147488a-f6f5-4113-8e2d-b22465e65bf6";
    public const string KeyName = "crdb-cmek";
    public const string Tenant = "99990000-aaaa-bbbb-cccc-ddddeeeeffff";

    public const string Subscription = "/subscriptions/0f0e0d0c-0b0a-0908-0706-050403020100";
    public const string ResourceGroup = $"{Subscription}/resourceGroups/crdb(prod)";
    public const string KeyVaultId = $"{ResourceGroup}/providers/Microsoft.KeyVault/vaults/kv-crdb";
    public const string ManagementGroup = "/providers/Microsoft.Management/managementGroups/corp";

    public FakeArm Arm { get; } = new();

    public RecordingLog Log { get; } = new();

    public bool UsesRoles { get; init; } = true;

    public JsonArray AccessPolicies { get; init; } = [];

    public AzureKeyVault KeyVault =>
        AzureKeyVault.From(
            new JsonObject
            {
                ["id"] = KeyVaultId,
                ["name"] = "kv-crdb",
                ["location"] = "westeurope",
                ["properties"] = new JsonObject
                {
                    ["tenantId"] = Tenant,
                    ["vaultUri"] = "https://kv-crdb.vault.azure.net/",
                    ["enableRbacAuthorization"] = UsesRoles,
                    ["accessPolicies"] = AccessPolicies.DeepClone(),
                },
            }
        );

    /// <summary>Assigns a role.</summary>
    public AccessScene Assign(
        string role,
        string principalId = Application,
        string scope = KeyVaultId,
        string? type = "ServicePrincipal",
        string? condition = null
    )
    {
        var name = Guid.NewGuid().ToString();
        Arm.Assignments.Add(
            new RoleAssignment(
                $"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}",
                name,
                new RoleAssignmentProperties(DefinitionId(role), principalId)
                {
                    PrincipalType = type,
                    Scope = scope,
                    Condition = condition,
                    ConditionVersion = condition is null ? null : "2.0",
                    CreatedOn = new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero),
                }
            )
        );
        return this;
    }

    /// <summary>Defines a role.</summary>
    public AccessScene Define(string role, RolePermissions permissions)
    {
        var id = DefinitionId(role);
        Arm.Definitions[role] = new RoleDefinition(id, role, new RoleDefinitionProperties(role, [permissions]));
        return this;
    }

    /// <summary>Denies data actions.</summary>
    public AccessScene Deny(
        string dataAction,
        DenyPrincipal principal,
        string scope = ResourceGroup,
        params DenyPrincipal[] excluded
    )
    {
        Arm.Denials.Add(
            new DenyAssignment(
                $"{scope}/providers/Microsoft.Authorization/denyAssignments/{Guid.NewGuid()}",
                "d",
                new DenyAssignmentProperties
                {
                    DenyAssignmentName = "managed",
                    Scope = scope,
                    Permissions = [new RolePermissions(null, null, [dataAction], [])],
                    Principals = [principal],
                    ExcludePrincipals = excluded,
                }
            )
        );
        return this;
    }

    public Task<AzureKeyReading> ReadAsync(bool ofEverybody = false) =>
        new AzureAccessReader(Arm, Arm, Calls).ReadAsync(KeyVault, KeyName, Application, ofEverybody);

    public async Task<AzureAccess> EvaluateAsync() =>
        AzureAccessEvaluator.Evaluate(await ReadAsync(), "CockroachDB Cloud - x");

    public AzureCalls Calls => new(new OperationContext(Log, TimeProvider.System, CancellationToken.None));

    public static DenyPrincipal Everybody { get; } = new(Guid.Empty.ToString(), "SystemDefined");

    public static string DefinitionId(string role) =>
        $"{Subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}";
}
