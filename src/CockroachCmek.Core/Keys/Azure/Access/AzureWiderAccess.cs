using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Azure.Access;

/// <summary>
/// Access beyond what CMEK needs: of the cluster's application, of anybody whom the tenant does not know, and of others
/// who may use the key by a grant on it or on its Key Vault. Who may do so by a grant above the Key Vault, or only
/// administers it, is the access review's to show.
/// </summary>
internal static class AzureWiderAccess
{
    public static IEnumerable<WiderAccess> Find(AzureKeyReading reading, string principal) =>
        OfRoles(reading, principal).Concat(reading.KeyVault.UsesRoles ? [] : OfPolicies(reading, principal));

    private static IEnumerable<WiderAccess> OfRoles(AzureKeyReading reading, string principal)
    {
        foreach (var role in reading.Roles)
        {
            if (role.Definition is not { } definition || role.IsHeld == Truth.Maybe && !role.IsForeign)
                continue;
            var place = AzureScope.Describe(role.Scope);
            if (role.IsHeld != Truth.Yes)
            {
                if (
                    role.IsForeign
                        ? definition.RightsIn(reading.KeyVault) != CmekAccessRights.None
                        : Uses(reading, role)
                )
                    yield return new WiderAccess(Other(role), role.RoleName, place, role.IsConditional);
                continue;
            }

            if (definition.ExcessIn(reading.KeyVault) is { Count: > 0 } excess)
                yield return new WiderAccess(
                    principal,
                    $"{role.RoleName}, which also allows {string.Join(", ", excess)}",
                    place,
                    role.IsConditional
                );
            if (
                reading.KeyVault.UsesRoles
                && !AzureScope.IsWithin(role.Scope, reading.KeyVault.Id)
                && KeyVaultRoles.Needed.Any(definition.Covers)
            )
                yield return new WiderAccess(
                    principal,
                    $"{role.RoleName} in every Key Vault",
                    place,
                    role.IsConditional
                );
        }
    }

    private static IEnumerable<WiderAccess> OfPolicies(AzureKeyReading reading, string principal)
    {
        var place = $"the access policies of Key Vault {reading.KeyVault.Name}";
        foreach (var entry in AzurePolicyEntry.Of(reading.KeyVault).Where(e => !e.IsCompound))
            if (reading.IsPrincipal(entry.ObjectId).Least == Truth.Yes)
            {
                if (entry.Excess.Count > 0)
                    yield return new WiderAccess(principal, string.Join(", ", entry.Excess), place);
            }
            else if (!AzureScope.Same(entry.TenantId, reading.KeyVault.TenantId))
            {
                yield return new WiderAccess(
                    $"{entry.ObjectId} of another tenant, {entry.TenantId}",
                    $"keys {string.Join(", ", entry.KeyPermissions)}",
                    place
                );
            }
            else if (
                reading.IsPrincipal(entry.ObjectId).Most == Truth.No
                && AzureRoleRights.RightsOf(entry.KeyPermissions).HasFlag(CmekAccessRights.Use)
            )
            {
                yield return new WiderAccess(entry.ObjectId, $"keys {string.Join(", ", entry.KeyPermissions)}", place);
            }
    }

    /// <summary>
    /// Whether somebody else may use the key by an assignment on it or on its Key Vault, and no deny assignment surely
    /// takes that away.
    /// </summary>
    private static bool Uses(AzureKeyReading reading, AssignedRole role) =>
        AzureScope.IsWithin(role.Scope, reading.KeyVault.Id)
        && role.Definition!.RightsIn(reading.KeyVault, action =>
                AzureAccessReview.Denied(reading, role.Properties.PrincipalId, action).Least == Truth.Yes
            )
            .HasFlag(CmekAccessRights.Use);

    private static string Other(AssignedRole role) =>
        role switch
        {
            { IsForeign: false, Properties: { PrincipalType: { Length: > 0 } type, PrincipalId: var id } } =>
                $"{id} ({type})",
            { IsForeign: false } => role.Properties.PrincipalId,
            _ => Guid.TryParse(role.Properties.PrincipalId, out var id) && id == Guid.Empty
                ? "everybody"
                : $"the group {role.Properties.PrincipalId} of another tenant",
        };
}
