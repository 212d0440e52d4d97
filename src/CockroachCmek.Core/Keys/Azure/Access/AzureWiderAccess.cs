using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Azure.Access;

/// <summary>
/// Access beyond what CMEK needs: of the cluster's application, and of anybody whom the tenant does not know. What the
/// tenant's own people may do is the access review's to show.
/// </summary>
internal static class AzureWiderAccess
{
    public static IEnumerable<WiderAccess> Find(AzureKeyReading reading, string principal) =>
        OfRoles(reading, principal).Concat(reading.KeyVault.UsesRoles ? [] : OfPolicies(reading, principal));

    private static IEnumerable<WiderAccess> OfRoles(AzureKeyReading reading, string principal)
    {
        foreach (var role in reading.Roles)
        {
            if (role.Definition is not { } definition || (role.IsHeld != Truth.Yes && !role.IsForeign))
                continue;
            var place = AzureScope.Describe(role.Scope);
            if (role.IsHeld != Truth.Yes)
            {
                if (definition.RightsIn(reading.KeyVault) != CmekAccessRights.None)
                    yield return new WiderAccess(Stranger(role), role.RoleName, place, role.IsConditional);
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
    }

    private static string Stranger(AssignedRole role) =>
        Guid.TryParse(role.Properties.PrincipalId, out var id) && id == Guid.Empty
            ? "everybody"
            : $"the group {role.Properties.PrincipalId} of another tenant";
}
