using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Azure.Access;

/// <summary>The lines of an access review: everybody who has a right on a key, and what could not be read.</summary>
internal static class AzureAccessReview
{
    /// <param name="applicationUnread">Set when it is not known which principal is the cluster's application.</param>
    public static IReadOnlyList<CmekAccess> Lines(AzureKeyReading reading, UnreadPlace? applicationUnread) =>
        [
            .. reading.Roles.Where(r => r.Definition is not null).Select(r => OfRole(reading, r)).OfType<CmekAccess>(),
            .. reading.KeyVault.UsesRoles
                ? []
                : AzurePolicyEntry.Of(reading.KeyVault).Select(e => OfPolicy(reading, e)),
            .. reading
                .Unread.Concat(applicationUnread is { } place ? [place] : [])
                .Select(u => new CmekAccess
                {
                    Verdict = CmekAccessVerdict.Unknown,
                    Place = u.Place,
                    Condition = $"needs {u.Permission}",
                }),
        ];

    private static CmekAccess? OfRole(AzureKeyReading reading, AssignedRole role)
    {
        var (definition, principal) = (role.Definition!, role.Properties.PrincipalId);
        if (definition.RightsIn(reading.KeyVault) == CmekAccessRights.None)
            return null;
        var rights = definition.RightsIn(reading.KeyVault, action =>
            Denied(reading, principal, action).Least == Truth.Yes
        );
        var denied = Denied(reading, principal, KeyVaultRoles.Unwrap);
        var isOwn = AzureScope.Same(principal, reading.PrincipalId);
        var isUncertain = rights.HasFlag(CmekAccessRights.Use) && denied.Most != Truth.No;
        return new CmekAccess
        {
            Principal = principal,
            Rights = rights,
            Verdict =
                rights == CmekAccessRights.None ? CmekAccessVerdict.Denied
                : isUncertain && denied.Least == Truth.No ? CmekAccessVerdict.Unknown
                : isUncertain || role.IsConditional ? CmekAccessVerdict.Conditional
                : CmekAccessVerdict.Granted,
            Place = AzureScope.Describe(role.Scope),
            Through = role.Properties.PrincipalType is { } type ? $"{role.RoleName} ({type})" : role.RoleName,
            Condition = role.Properties.Condition ?? "",
            Since = role.Properties.CreatedOn,
            IsExpected = isOwn,
            Excess =
                isOwn ? definition.ExcessIn(reading.KeyVault)
                : rights.HasFlag(CmekAccessRights.Use) ? ["the use of the key"]
                : [],
        };
    }

    private static CmekAccess OfPolicy(AzureKeyReading reading, AzurePolicyEntry entry)
    {
        var isOwn = AzureScope.Same(entry.ObjectId, reading.PrincipalId) && !entry.IsCompound;
        var rights = AzureRoleRights.RightsOf(entry.KeyPermissions);
        return new CmekAccess
        {
            Principal = entry.ObjectId,
            Rights = rights,
            Verdict = CmekAccessVerdict.Granted,
            Place = $"the access policies of Key Vault {reading.KeyVault.Name}",
            Through = entry.IsCompound
                ? $"application {entry.ApplicationId} on behalf of the user: {string.Join(", ", entry.KeyPermissions)}"
                : string.Join(", ", entry.KeyPermissions),
            IsExpected = isOwn,
            Excess =
                isOwn ? entry.Excess
                : rights.HasFlag(CmekAccessRights.Use) ? ["the use of the key"]
                : [],
        };
    }

    /// <summary>
    /// Whether deny assignments take a data action from a principal. The groups of others are not read.
    /// </summary>
    public static Known Denied(AzureKeyReading reading, string principal, string action)
    {
        var isOwn = AzureScope.Same(principal, reading.PrincipalId);
        return reading
            .Denials.Select(d => d.Denies(reading, action, IsNamed))
            .Aggregate(reading.HasDenials ? Known.No : Known.Nothing, (one, other) => one.Or(other));

        Known IsNamed(DenyPrincipal named) =>
            isOwn ? reading.IsNamed(named)
            : AzureScope.Same(named.Id, principal) ? Known.Yes
            : named.IsGroup ? Known.Nothing
            : Known.No;
    }
}
