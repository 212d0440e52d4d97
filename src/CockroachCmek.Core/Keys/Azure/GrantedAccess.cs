using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>A role that the application has on a key, and the scope that it comes from.</summary>
internal sealed record RoleOnKey(RoleAssignment Assignment, RoleDefinition Definition)
{
    public string Scope => AzureScope.Of(Assignment);

    public string RoleName => Definition.Properties.RoleName ?? Definition.Name;
}

/// <summary>
/// What the application is allowed to do with a key: by roles or by the Key Vault's access policy, whichever it uses.
/// </summary>
internal sealed record GrantedAccess(
    AzureKeyVault KeyVault,
    string KeyName,
    string PrincipalId,
    IReadOnlyList<RoleOnKey> Roles
)
{
    /// <summary>The permissions of an access policy that CMEK needs.</summary>
    public static IReadOnlyList<string> NeededPermissions { get; } = ["get", "wrapKey", "unwrapKey"];

    /// <summary>Permissions that allow no more than wrapping and unwrapping do.</summary>
    private static readonly string[] HarmlessPermissions = [.. NeededPermissions, "encrypt", "decrypt"];

    public JsonObject? Policy => KeyVault.UsesRoles ? null : KeyVault.PolicyOf(PrincipalId);

    /// <summary>What CMEK needs and is not granted, in Azure's own terms.</summary>
    public IReadOnlyList<string> Missing =>
        KeyVault.UsesRoles ? [.. KeyVaultRoles.Needed.Where(a => !Roles.Any(r => r.Definition.Covers(a)))]
        : Has("all") ? []
        : [.. NeededPermissions.Where(p => !Has(p))];

    /// <summary>What is granted and CMEK does not need, in words.</summary>
    public IReadOnlyList<string> Excess => KeyVault.UsesRoles ? [.. ExcessRoles] : [.. ExcessPermissions];

    private IEnumerable<string> ExcessRoles =>
        Roles
            .Where(r => r.Definition.IsWide() || !AzureScope.IsWithin(r.Scope, KeyVault.Id))
            .Select(r => $"{r.RoleName} on {r.Scope}");

    private IEnumerable<string> ExcessPermissions =>
        Permissions("keys")
            .Where(p => !HarmlessPermissions.Contains(p, StringComparer.OrdinalIgnoreCase))
            .Select(p => $"keys {p}")
            .Concat(
                new[] { "secrets", "certificates", "storage" }.SelectMany(kind =>
                    Permissions(kind).Select(p => $"{kind} {p}")
                )
            );

    private bool Has(string permission) => Permissions("keys").Contains(permission, StringComparer.OrdinalIgnoreCase);

    private IEnumerable<string> Permissions(string kind) =>
        (Policy?["permissions"]?[kind] as JsonArray ?? []).Select(p => (string?)p).OfType<string>();
}
