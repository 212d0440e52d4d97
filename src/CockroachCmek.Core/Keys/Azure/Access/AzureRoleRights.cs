using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Azure.Access;

/// <summary>
/// What a role allows on keys, in the terms of the access review, and what of it CMEK does not need. Source of the
/// actions: Azure resource provider operations, Microsoft.KeyVault.
/// </summary>
internal static class AzureRoleRights
{
    private const string Keys = "Microsoft.KeyVault/vaults/keys/";

    private static readonly string[] Use =
    [
        KeyVaultRoles.Wrap,
        KeyVaultRoles.Unwrap,
        $"{Keys}encrypt/action",
        $"{Keys}decrypt/action",
    ];

    private static readonly string[] Administer =
    [
        KeyVaultRoles.Create,
        $"{Keys}update/action",
        $"{Keys}rotate/action",
        $"{Keys}import/action",
        $"{Keys}restore/action",
        $"{Keys}recover/action",
        $"{Keys}backup/action",
        $"{Keys}release/action",
        "Microsoft.KeyVault/vaults/keyrotationpolicies/write",
    ];

    private static readonly string[] Delete = [$"{Keys}delete", $"{Keys}delete/action", $"{Keys}purge/action"];

    /// <summary>Other data actions of a Key Vault, by which a wildcard is known to reach beyond keys.</summary>
    private static readonly string[] Beyond =
    [
        $"{Keys}sign/action",
        $"{Keys}verify/action",
        "Microsoft.KeyVault/vaults/secrets/getSecret/action",
        "Microsoft.KeyVault/vaults/certificates/create/action",
        "Microsoft.KeyVault/vaults/storageaccounts/get/action",
    ];

    private static readonly string[] Harmless = [KeyVaultRoles.Read, .. Use];

    private static readonly string[] Harmful = [.. Administer, .. Delete, .. Beyond];

    /// <summary>Actions on the Key Vault itself, and the right that each gives.</summary>
    private static readonly (string Action, CmekAccessRights Right)[] Control =
    [
        ("Microsoft.KeyVault/vaults/write", CmekAccessRights.Administer),
        ("Microsoft.KeyVault/vaults/delete", CmekAccessRights.Delete),
        ("Microsoft.Authorization/roleAssignments/write", CmekAccessRights.Grant),
    ];

    /// <summary>Who changes access policies, or a Key Vault that has them, can grant himself every key.</summary>
    private static readonly string[] GrantByPolicy =
    [
        "Microsoft.KeyVault/vaults/write",
        "Microsoft.KeyVault/vaults/accessPolicies/write",
    ];

    /// <summary>What a role allows, on keys and on the Key Vault.</summary>
    /// <param name="isDenied">Whether a deny assignment surely takes a data action away.</param>
    public static CmekAccessRights RightsIn(
        this RoleDefinition role,
        AzureKeyVault keyVault,
        Func<string, bool>? isDenied = null
    )
    {
        bool Covers(string action) => role.Covers(action) && isDenied?.Invoke(action) != true;
        var rights = CmekAccessRights.None;
        foreach (var (action, right) in Control)
            if (role.Allows(action) && (keyVault.UsesRoles || right != CmekAccessRights.Grant))
                rights |= right;
        if (!keyVault.UsesRoles)
            return GrantByPolicy.Any(role.Allows) ? rights | CmekAccessRights.Grant : rights;
        rights |= Use.Any(Covers) ? CmekAccessRights.Use : 0;
        rights |= Administer.Any(Covers) ? CmekAccessRights.Administer : 0;
        return rights | (Delete.Any(Covers) ? CmekAccessRights.Delete : 0);
    }

    /// <summary>
    /// What a role allows in a Key Vault and CMEK does not need. Encrypt and decrypt do not count: they allow no more
    /// than wrap and unwrap.
    /// </summary>
    public static IReadOnlyList<string> ExcessIn(this RoleDefinition role, AzureKeyVault keyVault)
    {
        var permissions = role.Properties.Permissions ?? [];
        var data = keyVault.UsesRoles ? permissions.SelectMany(ExcessData) : [];
        var control = Control.Select(c => c.Action).Concat(keyVault.UsesRoles ? [] : GrantByPolicy).Where(role.Allows);
        return [.. data.Concat(control).Distinct(StringComparer.OrdinalIgnoreCase)];
    }

    /// <summary>Permissions of an access policy as rights.</summary>
    public static CmekAccessRights RightsOf(IReadOnlyCollection<string> keyPermissions)
    {
        var rights = CmekAccessRights.None;
        foreach (var permission in keyPermissions)
            rights |= permission.ToLowerInvariant() switch
            {
                "all" => CmekAccessRights.Use | CmekAccessRights.Administer | CmekAccessRights.Delete,
                "wrapkey" or "unwrapkey" or "encrypt" or "decrypt" => CmekAccessRights.Use,
                "delete" or "purge" => CmekAccessRights.Delete,
                "get" or "list" or "sign" or "verify" or "getrotationpolicy" => CmekAccessRights.None,
                _ => CmekAccessRights.Administer,
            };
        return rights;
    }

    public static bool Allows(this RoleDefinition role, string action) =>
        (role.Properties.Permissions ?? []).Any(p => p.Allows(action));

    private static IEnumerable<string> ExcessData(RolePermissions permissions) =>
        (permissions.DataActions ?? []).Where(pattern =>
            pattern.Contains('*')
                ? Harmful.Any(a => KeyVaultRoles.Matches([pattern], a) && permissions.AllowsData(a))
                : !KeyVaultRoles.Matches(permissions.NotDataActions, pattern)
                    && !Harmless.Contains(pattern, StringComparer.OrdinalIgnoreCase)
        );
}
