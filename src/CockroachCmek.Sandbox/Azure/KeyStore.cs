using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>The keys of the vaults: finding, making, changing, deleting. Who may was asked before.</summary>
internal sealed partial class KeyStore(AzureWorld world)
{
    private static readonly Regex Name = new("^[0-9a-zA-Z-]{1,127}$", RegexOptions.CultureInvariant);
    private static readonly string[] AllOperations = ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"];

    public IEnumerable<VaultKey> Active(AzureVault vault) => Settled(vault).Where(k => k.IsActive(world.Now));

    public IEnumerable<VaultKey> Deleted(AzureVault vault) => Settled(vault).Where(k => k.IsDeleted(world.Now));

    public VaultKey? TryFind(AzureVault vault, string name) =>
        Active(vault).FirstOrDefault(k => AzureDirectory.Same(k.Name, name));

    public VaultKey Find(AzureVault vault, string name) =>
        TryFind(vault, name)
        ?? throw new AzureFault(
            404,
            "KeyNotFound",
            $"A key with (name/id) {name} was not found in this key vault. If you recently deleted this key you may be able to recover it using the correct recovery command."
        );

    public VaultKey FindDeleted(AzureVault vault, string name) =>
        Deleted(vault).FirstOrDefault(k => AzureDirectory.Same(k.Name, name))
        ?? throw new AzureFault(404, "KeyNotFound", $"Deleted Key not found: {name}");

    public static VaultKeyVersion Version(VaultKey key, string id) =>
        key.Versions.FirstOrDefault(v => v.Id == id)
        ?? throw new AzureFault(
            404,
            "KeyNotFound",
            $"A key with (name/id) {key.Name}/{id} was not found in this key vault."
        );

    /// <summary>A key, or another version of the one that is there: asking twice makes two.</summary>
    public JsonObject Create(AzureVault vault, string name, JsonObject body) =>
        Add(vault, name, () => New(vault, body));

    private JsonObject Add(AzureVault vault, string name, Func<VaultKeyVersion> make)
    {
        if (!Name.IsMatch(name))
            throw Bad($"The request URI contains an invalid name: {name}");
        var version = make();
        _ = Settled(vault);
        if (vault.Keys.TryGetValue(name, out var key) && !key.IsActive(world.Now))
        {
            var (message, inner) =
                key.Deleted is null ? ("being recovered", "ObjectIsBeingRecovered")
                : key.IsDeleted(world.Now)
                    ? (
                        "currently in a deleted but recoverable state, and its name cannot be reused; in this state, the key can only be recovered or purged",
                        "ObjectIsDeletedButRecoverable"
                    )
                : ("being deleted", "ObjectIsBeingDeleted");
            throw new AzureFault(409, "Conflict", $"Key {name} is {message}.", inner);
        }

        if (key is null)
            vault.Keys[name] = key = new VaultKey(name);
        key.Versions.Add(version);
        return KeyWire.Bundle(vault, key, version);
    }

    public JsonObject Rotate(AzureVault vault, string name)
    {
        var key = Find(vault, name);
        key.Rotate(world.Now);
        return KeyWire.Bundle(vault, key, key.Latest);
    }

    public JsonObject Update(AzureVault vault, string name, string? id, JsonObject body)
    {
        var key = Find(vault, name);
        var version = id is null ? key.Latest : Version(key, id);
        if (body["key_ops"] is JsonArray)
            version.Operations = Operations(body);
        Apply(version, body);
        version.Updated = world.Now;
        return KeyWire.Bundle(vault, key, version);
    }

    public JsonObject Delete(AzureVault vault, string name)
    {
        var key = Find(vault, name);
        key.Delete(world.Now);
        return KeyWire.DeletedBundle(vault, key);
    }

    public JsonObject Recover(AzureVault vault, string name)
    {
        var key = FindDeleted(vault, name);
        key.Recover(world.Now);
        return KeyWire.Bundle(vault, key, key.Latest);
    }

    public void Purge(AzureVault vault, string name)
    {
        var key = FindDeleted(vault, name);
        if (vault.Settings.PurgeProtection)
            throw new AzureFault(
                403,
                "Forbidden",
                $"Operation \"purge\" is not allowed because purge protection is enabled for this vault. Key Vault service will automatically purge it after the retention period has passed.",
                "ForbiddenByPolicy"
            );
        vault.Keys.Remove(key.Name);
    }

    /// <summary>Expiry at least 28 days, rotation at least 7 days after creation: learn.microsoft.com, "Configure key auto-rotation".</summary>
    public VaultKey SetRotation(AzureVault vault, string name, JsonObject body)
    {
        var key = Find(vault, name);
        var lifetime = body.Object("attributes").Text("expiryTime");
        var actions = body["lifetimeActions"] as JsonArray ?? [];
        string? afterCreate = null,
            beforeExpiry = null;
        foreach (var item in actions.OfType<JsonObject>())
        {
            var (trigger, type) = (item.Object("trigger"), item.Object("action").Text("type") ?? "");
            var (after, before) = (trigger.Text("timeAfterCreate"), trigger.Text("timeBeforeExpiry"));
            foreach (var duration in new[] { after, before })
                if (duration is not null && KeyRotationRule.Add(world.Now, duration) is null)
                    throw Bad($"The duration '{duration}' is no ISO 8601 duration of years, months and days.");
            if (after is not null && KeyRotationRule.Add(world.Now, after) < world.Now.AddDays(7))
                throw Bad("The time after create of a rotation policy must be at least 7 days.");
            if (!AzureDirectory.Same(type, "Rotate") && !AzureDirectory.Same(type, "Notify"))
                throw Bad($"The action '{type}' is unknown.");
            if (before is not null && lifetime is null)
                throw Bad("A trigger before expiry needs an expiry time.");
            if (AzureDirectory.Same(type, "Rotate"))
                (afterCreate, beforeExpiry) = (after, before);
        }

        if (lifetime is not null && !(KeyRotationRule.Add(world.Now, lifetime) >= world.Now.AddDays(28)))
            throw Bad("The expiry time of a rotation policy must be at least 28 days.");
        key.Rotation = new KeyRotationRule(
            afterCreate,
            beforeExpiry,
            lifetime,
            actions.ToJsonString(),
            key.Rotation?.Created ?? world.Now,
            world.Now
        );
        return key;
    }

    /// <summary>The keys, after what time alone did: rotation by policy, and the end of the retention of deleted ones.</summary>
    private List<VaultKey> Settled(AzureVault vault)
    {
        foreach (var key in vault.Keys.Values.ToList())
        {
            if (key.Deleted is { } since && world.Now >= since.AddDays(vault.RetentionDays))
                vault.Keys.Remove(key.Name);
            else
                key.Settle(world.Now);
        }

        return [.. vault.Keys.Values.OrderBy(k => k.Name, StringComparer.Ordinal)];
    }

    private VaultKeyVersion New(AzureVault vault, JsonObject body)
    {
        var kty = body.Text("kty") ?? throw Bad("Property kty is required.");
        var (isRsa, isCurve) = (kty is "RSA" or "RSA-HSM", kty is "EC" or "EC-HSM");
        if (!isRsa && !isCurve)
            throw Bad($"A vault keeps no keys of type '{kty}': oct keys need a Managed HSM.");
        if (kty.EndsWith("-HSM", StringComparison.Ordinal) && vault.Settings.Sku != "premium")
            throw Bad("Property \"kty\" has an invalid value: HSM-protected keys need a vault of SKU premium.");
        var size = body.Number("key_size") ?? 2048;
        if (isRsa && size is not (2048 or 3072 or 4096))
            throw Bad("Property key_size must be 2048, 3072 or 4096.");
        var curve = isCurve ? body.Text("crv") ?? "P-256" : null;
        if (curve is not (null or "P-256" or "P-384" or "P-521"))
            throw Bad($"The curve {curve} is not supported.");
        var version = new VaultKeyVersion(kty, (int)size, curve, world.Now)
        {
            Operations =
                body["key_ops"] is JsonArray ? Operations(body)
                : isRsa ? AllOperations
                : ["sign", "verify"],
        };
        Apply(version, body);
        return version;
    }

    private static List<string> Operations(JsonObject body)
    {
        var operations = body.Texts("key_ops");
        return operations.FirstOrDefault(o => !AllOperations.Contains(o)) is { } unknown
            ? throw Bad($"Property key_ops has an invalid value: {unknown}.")
            : operations;
    }

    private static void Apply(VaultKeyVersion version, JsonObject body)
    {
        if (body["tags"] is JsonObject)
            version.Tags = body.Map("tags");
        var attributes = body.Object("attributes");
        if (attributes.Flag("enabled") is { } enabled)
            version.Enabled = enabled;
        if (attributes.Number("nbf") is { } start)
            version.NotBefore = Time(start);
        if (attributes.Number("exp") is { } end)
            version.Expires = Time(end);
        if (version.NotBefore >= version.Expires)
            throw Bad("The expiration time must be after the activation time.");
    }

    private static DateTimeOffset Time(long seconds) =>
        seconds >= 0 && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : throw Bad($"{seconds} is no time.");

    private static AzureFault Bad(string message) => new(400, "BadParameter", message);
}
