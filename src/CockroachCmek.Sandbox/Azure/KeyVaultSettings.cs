using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>The permissions of one principal by kind of object: keys, secrets, certificates, storage.</summary>
internal sealed record AccessPolicy(
    string TenantId,
    string ObjectId,
    IReadOnlyDictionary<string, IReadOnlyList<string>> Permissions
)
{
    /// <summary>
    /// If set, the policy holds only for the user of ObjectId who comes through this application (compound identity),
    /// so never for an application on its own.
    /// </summary>
    public string? ApplicationId { get; init; }

    public bool Allows(string permission) =>
        ApplicationId is null
        && Permissions.TryGetValue("keys", out var keys)
        && keys.Any(k => AzureDirectory.Same(k, permission) || AzureDirectory.Same(k, "all"));
}

/// <summary>
/// The settings of a key vault that can change. A change replaces the whole record, so that earlier settings can stay
/// in effect for a while.
/// </summary>
internal sealed record KeyVaultSettings
{
    /// <summary>True: roles grant access. False or null: access policies do.</summary>
    public bool? RbacAuthorization { get; init; }

    /// <summary>Cannot be turned off again.</summary>
    public bool PurgeProtection { get; init; }

    public string Sku { get; init; } = "standard";

    public IReadOnlyList<AccessPolicy> Policies { get; init; } = [];

    /// <summary>The firewall rules as they were sent.</summary>
    public string? NetworkAcls { get; init; }

    public string PublicNetworkAccess { get; init; } = "Enabled";

    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>True if the firewall lets only listed addresses in.</summary>
    public bool BlocksPublicAddresses =>
        NetworkAcls is not null
        && AzureDirectory.Same((JsonNode.Parse(NetworkAcls) as JsonObject).Text("defaultAction"), "Deny");
}
