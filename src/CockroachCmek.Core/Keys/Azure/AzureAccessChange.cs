using System.Text.Json;
using System.Text.Json.Nodes;
using CockroachCmek.Core.Keys.Azure.Access;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>The changes of access that the module makes on Azure, as a revocation records them.</summary>
internal static class AzureAccessChange
{
    /// <summary>Kind: a role assignment is deleted.</summary>
    public const string RoleAssignment = nameof(RoleAssignment);

    /// <summary>Kind: an entry is removed from the access policies of a Key Vault.</summary>
    public const string AccessPolicy = nameof(AccessPolicy);

    /// <summary>Kind: a version of a key is disabled.</summary>
    public const string KeyVersionState = nameof(KeyVersionState);

    /// <summary>Kind: the enterprise application was removed by somebody else. The module never does that.</summary>
    public const string ServicePrincipal = nameof(ServicePrincipal);

    /// <summary>Deletes a role assignment.</summary>
    public static CmekAccessChange OfRole(
        AzureKeyReading reading,
        AssignedRole role,
        IReadOnlyList<CmekRegionSpec> uses
    ) => OfRole(reading, role.Assignment, role.RoleName, role.Scope, uses);

    /// <summary>Removes the application's entry from the access policies of a Key Vault.</summary>
    public static CmekAccessChange OfPolicy(
        AzureKeyReading access,
        JsonObject entry,
        IReadOnlyList<CmekRegionSpec> uses
    ) =>
        Of(uses) with
        {
            Kind = AccessPolicy,
            Target = access.KeyVault.Id,
            Action = $"Remove {access.PrincipalId} from the access policies of {access.KeyVault.Name}",
            Document = entry.ToJsonString(AzureRest.Json),
        };

    /// <summary>
    /// A grant that does not exist any more, as the module itself would make it: it counts as removed.
    /// </summary>
    public static CmekAccessChange OfMissingGrant(AzureKeyReading access, IReadOnlyList<CmekRegionSpec> uses)
    {
        var keyVault = access.KeyVault;
        var grant = StandardGrant.For(keyVault, KeyVaultRoles.Find(KeyVaultRoles.Default)!, access.PrincipalId);
        var change = grant.Assignment is { } properties
            ? OfRole(
                access,
                new RoleAssignment(grant.Target, grant.Target.Split('/').Last(), properties),
                KeyVaultRoles.Default,
                keyVault.Id,
                uses
            )
            : OfPolicy(access, grant.PolicyEntry!, uses);
        return change with { State = CmekAccessChangeState.Done };
    }

    /// <summary>
    /// Disables a version of a key. Key Vault still wraps and verifies with a disabled version; what ends is
    /// unwrapping.
    /// </summary>
    public static CmekAccessChange OfState(FoundKey key, IReadOnlyList<CmekRegionSpec> uses) =>
        Of(uses) with
        {
            KeyUri = uses[0].KeyUri,
            Kind = KeyVersionState,
            Target = key.Id.ToString(),
            Action = $"Disable {key.Id}, so that nobody can unwrap with it",
            Document = """{"attributes":{"enabled":true}}""",
            State = key.Bundle.Attributes.Enabled ? CmekAccessChangeState.Planned : CmekAccessChangeState.Done,
        };

    /// <summary>The enterprise application is gone, and all its access with it.</summary>
    public static CmekAccessChange OfRemovedApplication(
        CrdbCluster cluster,
        string applicationId,
        IReadOnlyList<CmekRegionSpec> uses
    ) =>
        Of(uses) with
        {
            KeyUri = "",
            Kind = ServicePrincipal,
            Target = applicationId,
            Action = $"Remove the enterprise application {applicationId} of {cluster.Name} from the tenant",
            Document = new JsonObject
            {
                ["appId"] = applicationId,
                ["displayName"] = AzureNames.Application(cluster),
            }.ToJsonString(),
            State = CmekAccessChangeState.Done,
        };

    /// <summary>Combines changes of the same resource, whatever number of regions and keys depend on it.</summary>
    public static IReadOnlyList<CmekAccessChange> Combine(IEnumerable<CmekAccessChange> changes) =>
        [.. changes.GroupBy(c => c.Target, StringComparer.OrdinalIgnoreCase).Select(g => Combine([.. g]))];

    /// <summary>What a change of a role assignment or an access policy removed.</summary>
    /// <exception cref="CmekException">RevocationFileInvalid.</exception>
    public static T ReadDocument<T>(CmekAccessChange change)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(change.Document, AzureRest.Json)
                ?? throw Errors.RevocationFileInvalid(change.Target, "it does not contain what was changed");
        }
        catch (JsonException error)
        {
            throw Errors.RevocationFileInvalid(change.Target, "what was changed is not valid JSON", error);
        }
    }

    private static CmekAccessChange OfRole(
        AzureKeyReading access,
        RoleAssignment assignment,
        string roleName,
        string scope,
        IReadOnlyList<CmekRegionSpec> uses
    ) =>
        Of(uses) with
        {
            Kind = RoleAssignment,
            Target = assignment.Id,
            Action = $"Remove the assignment of {roleName} on {scope} to {access.PrincipalId}",
            Document = JsonSerializer.Serialize(
                assignment with
                {
                    Properties = assignment.Properties with { CreatedOn = null },
                },
                AzureRest.Json
            ),
        };

    private static CmekAccessChange Of(IReadOnlyList<CmekRegionSpec> uses) =>
        new()
        {
            Regions = [.. uses.Select(u => u.Region).Distinct()],
            KeyUri = uses.Select(u => u.KeyUri).Distinct().Count() == 1 ? uses[0].KeyUri : "",
            AuthPrincipal = uses[0].AuthPrincipal,
        };

    private static CmekAccessChange Combine(IReadOnlyList<CmekAccessChange> same) =>
        same[0] with
        {
            Regions = [.. same.SelectMany(c => c.Regions).Distinct()],
            KeyUri = same.Select(c => c.KeyUri).Distinct().Count() == 1 ? same[0].KeyUri : "",
            State = same.Any(c => c.State == CmekAccessChangeState.Planned)
                ? CmekAccessChangeState.Planned
                : same[0].State,
        };
}
