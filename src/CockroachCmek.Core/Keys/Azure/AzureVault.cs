using System.Text.Json;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>A vault as ARM shows it.</summary>
internal sealed record AzureVault(string Id, string Name, string Location, string TenantId, Uri Uri)
{
    public bool IsPremium { get; init; }

    /// <summary>True when roles say who may use the keys; false when the vault's own access policies do, and roles do nothing. Null on an old vault means policies.</summary>
    public bool UsesRoles { get; init; }

    /// <summary>False only where somebody switched it off while that could be done.</summary>
    public bool HasSoftDelete { get; init; }

    public bool HasPurgeProtection { get; init; }

    /// <summary>False when only private endpoints lead to the vault.</summary>
    public bool HasPublicAccess { get; init; }

    /// <summary>True when its firewall lets in only what is listed.</summary>
    public bool HasFirewall { get; init; }

    public IReadOnlyList<JsonObject> AccessPolicies { get; init; } = [];

    /// <summary>The entry of a principal; null when there is none. Entries that let an application act for a user are others.</summary>
    public JsonObject? PolicyOf(string principalId) =>
        AccessPolicies.FirstOrDefault(p =>
            string.Equals((string?)p["objectId"], principalId, StringComparison.OrdinalIgnoreCase)
            && string.IsNullOrEmpty((string?)p["applicationId"])
        );

    public string KeyScope(string keyName) => $"{Id}/keys/{keyName}";

    /// <summary>West Europe and westeurope are one place.</summary>
    public bool IsIn(string region) =>
        string.Equals(Location.Replace(" ", ""), region.Replace(" ", ""), StringComparison.OrdinalIgnoreCase);

    public static AzureVault From(JsonObject resource)
    {
        var properties = resource["properties"] as JsonObject ?? throw new JsonException("the vault has no properties");
        string Text(JsonObject holder, string name) =>
            (string?)holder[name] ?? throw new JsonException($"the vault has no {name}");
        return new AzureVault(
            Text(resource, "id"),
            Text(resource, "name"),
            Text(resource, "location"),
            Text(properties, "tenantId"),
            new Uri(Text(properties, "vaultUri"))
        )
        {
            IsPremium = string.Equals(
                (string?)properties["sku"]?["name"],
                "premium",
                StringComparison.OrdinalIgnoreCase
            ),
            UsesRoles = (bool?)properties["enableRbacAuthorization"] ?? false,
            HasSoftDelete = (bool?)properties["enableSoftDelete"] ?? true,
            HasPurgeProtection = (bool?)properties["enablePurgeProtection"] ?? false,
            HasPublicAccess = !string.Equals(
                (string?)properties["publicNetworkAccess"],
                "Disabled",
                StringComparison.OrdinalIgnoreCase
            ),
            HasFirewall = string.Equals(
                (string?)properties["networkAcls"]?["defaultAction"],
                "Deny",
                StringComparison.OrdinalIgnoreCase
            ),
            AccessPolicies = [.. (properties["accessPolicies"] as JsonArray ?? []).OfType<JsonObject>()],
        };
    }
}
