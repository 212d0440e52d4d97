using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>Keys as the data plane writes them: Azure/azure-rest-api-specs, keyvault/data-plane/Keys.</summary>
internal static class KeyWire
{
    public static string Id(AzureVault vault, VaultKey key, VaultKeyVersion? version = null) =>
        $"https://{vault.HostName}/keys/{key.Name}" + (version is null ? "" : "/" + version.Id);

    public static JsonObject Bundle(AzureVault vault, VaultKey key, VaultKeyVersion? version)
    {
        version ??= key.Latest;
        var jwk = version.PublicKey();
        jwk["kid"] = Id(vault, key, version);
        jwk["key_ops"] = version.Operations.ToJson();
        return new JsonObject
        {
            ["key"] = jwk,
            ["attributes"] = Attributes(vault, version),
            ["tags"] = version.Tags.ToJson(),
        };
    }

    /// <summary>In a list: of a version, or of the key as a whole, whose id has no version.</summary>
    public static JsonObject Item(AzureVault vault, VaultKey key, VaultKeyVersion? version = null) =>
        new()
        {
            ["kid"] = Id(vault, key, version),
            ["attributes"] = Attributes(vault, version ?? key.Latest),
            ["tags"] = (version ?? key.Latest).Tags.ToJson(),
        };

    public static JsonObject DeletedBundle(AzureVault vault, VaultKey key) =>
        WithDeletion(vault, key, Bundle(vault, key, null));

    public static JsonObject WithDeletion(AzureVault vault, VaultKey key, JsonObject json)
    {
        var deleted = key.Deleted!.Value;
        json["recoveryId"] = $"https://{vault.HostName}/deletedkeys/{key.Name}";
        json["deletedDate"] = deleted.ToUnixTimeSeconds();
        json["scheduledPurgeDate"] = deleted.AddDays(vault.RetentionDays).ToUnixTimeSeconds();
        return json;
    }

    public static JsonObject RotationPolicy(AzureVault vault, VaultKey key)
    {
        var attributes = new JsonObject();
        if (key.Rotation?.Lifetime is { } lifetime)
            attributes["expiryTime"] = lifetime;
        if (key.Rotation is { } rule)
        {
            attributes["created"] = rule.Created.ToUnixTimeSeconds();
            attributes["updated"] = rule.Updated.ToUnixTimeSeconds();
        }

        return new JsonObject
        {
            ["id"] = Id(vault, key) + "/rotationpolicy",
            // Without a policy of its own a key has this one, which only tells.
            ["lifetimeActions"] = JsonNode.Parse(
                key.Rotation?.LifetimeActions
                    ?? """[{"trigger":{"timeBeforeExpiry":"P30D"},"action":{"type":"Notify"}}]"""
            ),
            ["attributes"] = attributes,
        };
    }

    private static JsonObject Attributes(AzureVault vault, VaultKeyVersion version)
    {
        var json = new JsonObject
        {
            ["enabled"] = version.Enabled,
            ["created"] = version.Created.ToUnixTimeSeconds(),
            ["updated"] = version.Updated.ToUnixTimeSeconds(),
            ["recoveryLevel"] = vault.RecoveryLevel,
            ["recoverableDays"] = vault.RetentionDays,
            ["exportable"] = false,
        };
        if (version.NotBefore is { } start)
            json["nbf"] = start.ToUnixTimeSeconds();
        if (version.Expires is { } end)
            json["exp"] = end.ToUnixTimeSeconds();
        return json;
    }
}
