using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>Writes keys as the data plane does. Source: Azure/azure-rest-api-specs, keyvault/data-plane/Keys.</summary>
internal static class KeyVaultJson
{
    public static string Id(KeyVault keyVault, KeyVaultKey key, KeyVaultKeyVersion? version = null) =>
        $"https://{keyVault.HostName}/keys/{key.Name}" + (version is null ? "" : "/" + version.Id);

    public static JsonObject Bundle(KeyVault keyVault, KeyVaultKey key, KeyVaultKeyVersion? version)
    {
        version ??= key.Latest;
        var jwk = version.PublicKey();
        jwk["kid"] = Id(keyVault, key, version);
        jwk["key_ops"] = version.Operations.ToJson();
        return new JsonObject
        {
            ["key"] = jwk,
            ["attributes"] = Attributes(keyVault, version),
            ["tags"] = version.Tags.ToJson(),
        };
    }

    /// <summary>A list item: a version, or the whole key, whose id has no version.</summary>
    public static JsonObject Item(KeyVault keyVault, KeyVaultKey key, KeyVaultKeyVersion? version = null) =>
        new()
        {
            ["kid"] = Id(keyVault, key, version),
            ["attributes"] = Attributes(keyVault, version ?? key.Latest),
            ["tags"] = (version ?? key.Latest).Tags.ToJson(),
        };

    public static JsonObject DeletedBundle(KeyVault keyVault, KeyVaultKey key) =>
        WithDeletion(keyVault, key, Bundle(keyVault, key, null));

    public static JsonObject WithDeletion(KeyVault keyVault, KeyVaultKey key, JsonObject json)
    {
        var deleted = key.Deleted!.Value;
        json["recoveryId"] = $"https://{keyVault.HostName}/deletedkeys/{key.Name}";
        json["deletedDate"] = deleted.ToUnixTimeSeconds();
        json["scheduledPurgeDate"] = deleted.AddDays(keyVault.RetentionDays).ToUnixTimeSeconds();
        return json;
    }

    public static JsonObject RotationPolicy(KeyVault keyVault, KeyVaultKey key)
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
            ["id"] = Id(keyVault, key) + "/rotationpolicy",
            // The default policy only notifies.
            ["lifetimeActions"] = JsonNode.Parse(
                key.Rotation?.LifetimeActions
                    ?? """[{"trigger":{"timeBeforeExpiry":"P30D"},"action":{"type":"Notify"}}]"""
            ),
            ["attributes"] = attributes,
        };
    }

    private static JsonObject Attributes(KeyVault keyVault, KeyVaultKeyVersion version)
    {
        var json = new JsonObject
        {
            ["enabled"] = version.Enabled,
            ["created"] = version.Created.ToUnixTimeSeconds(),
            ["updated"] = version.Updated.ToUnixTimeSeconds(),
            ["recoveryLevel"] = keyVault.RecoveryLevel,
            ["recoverableDays"] = keyVault.RetentionDays,
            ["exportable"] = false,
        };
        if (version.NotBefore is { } start)
            json["nbf"] = start.ToUnixTimeSeconds();
        if (version.Expires is { } end)
            json["exp"] = end.ToUnixTimeSeconds();
        return json;
    }
}
