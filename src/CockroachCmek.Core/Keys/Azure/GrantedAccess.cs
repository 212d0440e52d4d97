using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>A role that the application has on a key, and where it comes from.</summary>
internal sealed record RoleOnKey(RoleAssignment Assignment, RoleDefinition Definition)
{
    public string Scope => AzureGrants.ScopeOf(Assignment);

    public string RoleName => Definition.Properties.RoleName ?? Definition.Name;
}

/// <summary>What the application may do with a key: by roles, or by the vault's access policy, whichever the vault goes by.</summary>
internal sealed record GrantedAccess(
    AzureVault Vault,
    string KeyName,
    string PrincipalId,
    IReadOnlyList<RoleOnKey> Roles
)
{
    /// <summary>The permissions of an access policy that CMEK needs.</summary>
    public static IReadOnlyList<string> NeededPermissions { get; } = ["get", "wrapKey", "unwrapKey"];

    public JsonObject? Policy => Vault.UsesRoles ? null : Vault.PolicyOf(PrincipalId);

    /// <summary>What is missing, in the cloud's own words.</summary>
    public IReadOnlyList<string> Missing =>
        Vault.UsesRoles ? [.. KeyVaultRoles.Needed.Where(a => !Roles.Any(r => r.Definition.Covers(a)))]
        : Has("all") ? []
        : [.. NeededPermissions.Where(p => !Has(p))];

    /// <summary>What goes beyond what CMEK needs, in words.</summary>
    public IReadOnlyList<string> Wider
    {
        get
        {
            if (Vault.UsesRoles)
                return
                [
                    .. Roles
                        .Where(r => r.Definition.IsWide() || !AzureGrants.IsWithin(r.Scope, Vault.Id))
                        .Select(r => $"{r.RoleName} on {r.Scope}"),
                ];
            var wide = KeyPermissions
                .Where(p =>
                    !NeededPermissions.Append("encrypt").Append("decrypt").Contains(p, StringComparer.OrdinalIgnoreCase)
                )
                .Select(p => $"keys {p}");
            var others = new[] { "secrets", "certificates", "storage" }.SelectMany(kind =>
                Permissions(kind).Select(p => $"{kind} {p}")
            );
            return [.. wide, .. others];
        }
    }

    private IEnumerable<string> KeyPermissions => Permissions("keys");

    private bool Has(string permission) => KeyPermissions.Contains(permission, StringComparer.OrdinalIgnoreCase);

    private IEnumerable<string> Permissions(string kind) =>
        (Policy?["permissions"]?[kind] as JsonArray ?? []).Select(p => (string?)p).OfType<string>();
}
