using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// Roles on keys: what CMEK needs from a role, and the built-in roles, which do not have to be read. Source: Azure
/// built-in roles, Security.
/// </summary>
internal static class KeyVaultRoles
{
    /// <summary>The role that Cockroach Labs' documentation assigns (managing-cmek.md, step 2).</summary>
    public const string Default = "Key Vault Crypto Officer";

    /// <summary>The narrowest built-in role that suffices: read, wrap, unwrap.</summary>
    public const string Narrowest = "Key Vault Crypto Service Encryption User";

    public const string Read = "Microsoft.KeyVault/vaults/keys/read";
    public const string Wrap = "Microsoft.KeyVault/vaults/keys/wrap/action";
    public const string Unwrap = "Microsoft.KeyVault/vaults/keys/unwrap/action";
    public const string Update = "Microsoft.KeyVault/vaults/keys/update/action";
    public const string Create = "Microsoft.KeyVault/vaults/keys/create/action";

    /// <summary>CockroachDB wraps its store key with RSA-OAEP-256 (cockroachdb docs, cmek.md).</summary>
    public static IReadOnlyList<string> Needed { get; } = [Read, Wrap, Unwrap];

    private static readonly RoleDefinition[] BuiltIn =
    [
        Role(
            "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
            Default,
            "Microsoft.KeyVault/vaults/keys/*",
            "Microsoft.KeyVault/vaults/keyrotationpolicies/*"
        ),
        Role("e147488a-f6f5-4113-8e2d-b22465e65bf6", Narrowest, Read, Wrap, Unwrap),
        Role("00482a5a-887f-4fb3-b363-3b7fe8e74483", "Key Vault Administrator", "Microsoft.KeyVault/vaults/*"),
    ];

    /// <summary>The built-in role with a name or the id of a definition; null for any other role.</summary>
    public static RoleDefinition? Find(string nameOrId) =>
        BuiltIn.FirstOrDefault(r => Is(r.Name, nameOrId.Split('/').Last()) || Is(r.Properties.RoleName!, nameOrId));

    /// <summary>
    /// Roles that administer a scope or grant access to it, and allow no use of keys: Owner, Contributor, User Access
    /// Administrator, Role Based Access Control Administrator (Azure built-in roles, Privileged).
    /// </summary>
    private static readonly string[] Privileged =
    [
        "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
    ];

    /// <summary>True for the id of a built-in role that is never about keys alone.</summary>
    public static bool IsPrivileged(string id) => Privileged.Any(r => Is(r, id.Split('/').Last()));

    public static bool Covers(this RoleDefinition role, string dataAction) =>
        (role.Properties.Permissions ?? []).Any(p => p.AllowsData(dataAction));

    public static IReadOnlyList<string> MissingActions(this RoleDefinition role) =>
        [.. Needed.Where(a => !role.Covers(a))];

    /// <summary>
    /// True when the role allows more in a Key Vault than CMEK needs. Encrypt and decrypt do not count: they allow no
    /// more than wrap and unwrap.
    /// </summary>
    public static bool IsWide(this RoleDefinition role) =>
        (role.Properties.Permissions ?? [])
            .SelectMany(p => p.DataActions ?? [])
            .Any(a =>
                !Needed.Any(n => Is(n, a))
                && !Is(a, "Microsoft.KeyVault/vaults/keys/encrypt/action")
                && !Is(a, "Microsoft.KeyVault/vaults/keys/decrypt/action")
            );

    public static bool Allows(this RolePermissions permissions, string action) =>
        Matches(permissions.Actions, action) && !Matches(permissions.NotActions, action);

    public static bool AllowsData(this RolePermissions permissions, string action) =>
        Matches(permissions.DataActions, action) && !Matches(permissions.NotDataActions, action);

    public static bool Matches(IReadOnlyList<string>? patterns, string action) =>
        (patterns ?? []).Any(p =>
            Regex.IsMatch(
                action,
                $"^{Regex.Escape(p).Replace("\\*", ".*")}$",
                RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
            )
        );

    private static RoleDefinition Role(string id, string name, params string[] dataActions) =>
        new(
            $"/providers/Microsoft.Authorization/roleDefinitions/{id}",
            id,
            new RoleDefinitionProperties(name, [new RolePermissions(null, null, dataActions, null)])
        );

    private static bool Is(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
}
