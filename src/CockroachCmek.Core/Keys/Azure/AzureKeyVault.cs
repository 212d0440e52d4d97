using System.Text.Json;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>A Key Vault as Resource Manager shows it.</summary>
internal sealed record AzureKeyVault(string Id, string Name, string Location, string TenantId, Uri Uri)
{
    public bool IsPremium { get; init; }

    /// <summary>
    /// True when roles grant the use of keys; false when the Key Vault's own access policies do, and role assignments
    /// have no effect. An old Key Vault without the setting uses policies.
    /// </summary>
    public bool UsesRoles { get; init; }

    /// <summary>False only for a Key Vault whose soft delete was switched off while that was still possible.</summary>
    public bool HasSoftDelete { get; init; }

    public bool HasPurgeProtection { get; init; }

    /// <summary>For how many days a deleted key can be recovered; fixed when the Key Vault is created.</summary>
    public int SoftDeleteDays { get; init; } = 90;

    /// <summary>False when the Key Vault is reachable through private endpoints only.</summary>
    public bool HasPublicAccess { get; init; }

    /// <summary>True when a firewall admits listed addresses only.</summary>
    public bool HasFirewall { get; init; }

    public IReadOnlyList<JsonObject> AccessPolicies { get; init; } = [];

    /// <summary>
    /// The access policy of a principal; null when there is none. Entries with an applicationId let an application act
    /// on behalf of a user, and do not count.
    /// </summary>
    public JsonObject? PolicyOf(string principalId) =>
        AccessPolicies.FirstOrDefault(p =>
            string.Equals((string?)p["objectId"], principalId, StringComparison.OrdinalIgnoreCase)
            && string.IsNullOrEmpty((string?)p["applicationId"])
        );

    /// <summary>The scope of a single key, for role assignments.</summary>
    public string KeyScope(string keyName) => $"{Id}/keys/{keyName}";

    /// <summary>Compares locations: "West Europe" and "westeurope" are the same.</summary>
    public bool IsIn(string region) =>
        string.Equals(Location.Replace(" ", ""), region.Replace(" ", ""), StringComparison.OrdinalIgnoreCase);

    public static AzureKeyVault From(JsonObject resource)
    {
        var properties =
            resource["properties"] as JsonObject ?? throw new JsonException("the Key Vault has no properties");
        return new AzureKeyVault(
            Required(resource, "id"),
            Required(resource, "name"),
            Required(resource, "location"),
            Required(properties, "tenantId"),
            new Uri(Required(properties, "vaultUri"))
        )
        {
            IsPremium = Is(properties["sku"]?["name"], "premium"),
            UsesRoles = (bool?)properties["enableRbacAuthorization"] ?? false,
            HasSoftDelete = (bool?)properties["enableSoftDelete"] ?? true,
            HasPurgeProtection = (bool?)properties["enablePurgeProtection"] ?? false,
            SoftDeleteDays = (int?)properties["softDeleteRetentionInDays"] ?? 90,
            HasPublicAccess = !Is(properties["publicNetworkAccess"], "Disabled"),
            HasFirewall = Is(properties["networkAcls"]?["defaultAction"], "Deny"),
            AccessPolicies = [.. (properties["accessPolicies"] as JsonArray ?? []).OfType<JsonObject>()],
        };
    }

    private static string Required(JsonObject holder, string name) =>
        (string?)holder[name] ?? throw new JsonException($"the Key Vault has no {name}");

    private static bool Is(JsonNode? node, string value) =>
        string.Equals((string?)node, value, StringComparison.OrdinalIgnoreCase);
}
