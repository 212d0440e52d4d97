using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Azure.Access;

/// <summary>One entry of the access policies of a Key Vault.</summary>
internal sealed record AzurePolicyEntry(JsonObject Json)
{
    /// <summary>The permissions on keys that CMEK needs.</summary>
    public static IReadOnlyList<string> Needed { get; } = ["get", "wrapKey", "unwrapKey"];

    /// <summary>Permissions that allow no more than wrapping and unwrapping do.</summary>
    private static readonly string[] Harmless = [.. Needed, "encrypt", "decrypt"];

    public string ObjectId => (string?)Json["objectId"] ?? "";

    public string TenantId => (string?)Json["tenantId"] ?? "";

    /// <summary>
    /// True for an entry that applies only while an application acts on behalf of a user: the cluster's application
    /// never does.
    /// </summary>
    public bool IsCompound => ApplicationId.Length > 0;

    /// <summary>The application of a compound entry; else empty.</summary>
    public string ApplicationId => (string?)Json["applicationId"] ?? "";

    public IReadOnlyCollection<string> KeyPermissions => Permissions("keys");

    /// <summary>What it allows and CMEK does not need, in words.</summary>
    public IReadOnlyList<string> Excess =>
        [
            .. KeyPermissions
                .Where(p => !Harmless.Contains(p, StringComparer.OrdinalIgnoreCase))
                .Select(p => $"keys {p}"),
            .. new[] { "secrets", "certificates", "storage" }.SelectMany(kind =>
                Permissions(kind).Select(p => $"{kind} {p}")
            ),
        ];

    public static IReadOnlyList<AzurePolicyEntry> Of(AzureKeyVault keyVault) =>
        [.. keyVault.AccessPolicies.Select(p => new AzurePolicyEntry(p))];

    /// <summary>True when the entry allows an operation on keys. "all" is what old tools wrote.</summary>
    public bool Allows(string permission) =>
        KeyPermissions.Contains(permission, StringComparer.OrdinalIgnoreCase)
        || KeyPermissions.Contains("all", StringComparer.OrdinalIgnoreCase);

    private IReadOnlyCollection<string> Permissions(string kind) =>
        [.. ((Json["permissions"] as JsonObject)?[kind] as JsonArray ?? []).Select(p => (string?)p).OfType<string>()];
}
