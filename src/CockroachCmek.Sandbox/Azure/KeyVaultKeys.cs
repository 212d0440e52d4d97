using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>Finds, creates, changes and deletes the keys of a key vault. The caller has checked access.</summary>
internal sealed class KeyVaultKeys(AzureContext context)
{
    private static readonly Regex Name = new("^[0-9a-zA-Z-]{1,127}$", RegexOptions.CultureInvariant);

    public IEnumerable<KeyVaultKey> Active(KeyVault keyVault) => Settled(keyVault).Where(k => k.IsActive(context.Now));

    public IEnumerable<KeyVaultKey> Deleted(KeyVault keyVault) =>
        Settled(keyVault).Where(k => k.IsDeleted(context.Now));

    public KeyVaultKey? TryFind(KeyVault keyVault, string name) =>
        Active(keyVault).FirstOrDefault(k => AzureDirectory.Same(k.Name, name));

    public KeyVaultKey Find(KeyVault keyVault, string name) =>
        TryFind(keyVault, name)
        ?? throw AzureException.KeyNotFound(
            $"A key with (name/id) {name} was not found in this key vault. If you recently deleted this key "
                + "you may be able to recover it using the correct recovery command. For help resolving this issue, "
                + "please see https://go.microsoft.com/fwlink/?linkid=2125182"
        );

    /// <summary>The deleted key; while it is being deleted, it can be neither purged nor recovered.</summary>
    private KeyVaultKey FindRecoverable(KeyVault keyVault, string name) =>
        keyVault.Keys.TryGetValue(name, out var key) && key.Deleted is not null && !key.IsDeleted(context.Now)
            ? throw new AzureException(409, "Conflict", "Key is currently being deleted.", "ObjectIsBeingDeleted")
            : FindDeleted(keyVault, name);

    public KeyVaultKey FindDeleted(KeyVault keyVault, string name) =>
        Deleted(keyVault).FirstOrDefault(k => AzureDirectory.Same(k.Name, name))
        ?? throw AzureException.KeyNotFound($"Deleted Key not found: {name}");

    public static KeyVaultKeyVersion Version(KeyVaultKey key, string id) =>
        key.Versions.FirstOrDefault(v => v.Id == id)
        ?? throw AzureException.KeyNotFound($"A key with (name/id) {key.Name}/{id} was not found in this key vault.");

    /// <summary>Creates a key, or another version if the key exists.</summary>
    public JsonObject Create(KeyVault keyVault, string name, JsonObject body) =>
        Add(keyVault, name, "create", () => KeyVaultKeyBody.ReadNew(keyVault, body, context.Now, context.Rsa));

    /// <summary>Imports a key, or another version if the key exists.</summary>
    public JsonObject Import(KeyVault keyVault, string name, JsonObject body) =>
        Add(keyVault, name, "import", () => KeyVaultKeyBody.ReadImport(keyVault, body, context.Now));

    public JsonObject Rotate(KeyVault keyVault, string name)
    {
        var key = Find(keyVault, name);
        var version = key.Next(context.Now, context.Rsa);
        context.Policies.RequireKey(keyVault, name, "rotate", version);
        key.Versions.Add(version);
        return KeyVaultJson.Bundle(keyVault, key, key.Latest);
    }

    public JsonObject Update(KeyVault keyVault, string name, string? id, JsonObject body)
    {
        var key = Find(keyVault, name);
        var version = id is null ? key.Latest : Version(key, id);
        if (body["key_ops"] is JsonArray)
            version.Operations = KeyVaultKeyBody.Operations(body);
        KeyVaultKeyBody.Apply(version, body);
        version.Updated = context.Now;
        return KeyVaultJson.Bundle(keyVault, key, version);
    }

    public JsonObject Delete(KeyVault keyVault, string name)
    {
        var key = Find(keyVault, name);
        key.Delete(context.Now);
        return KeyVaultJson.DeletedBundle(keyVault, key);
    }

    public JsonObject Recover(KeyVault keyVault, string name)
    {
        var key = FindRecoverable(keyVault, name);
        key.Recover(context.Now);
        return KeyVaultJson.Bundle(keyVault, key, key.Latest);
    }

    public void Purge(KeyVault keyVault, string name)
    {
        var key = FindRecoverable(keyVault, name);
        if (keyVault.Settings.PurgeProtection)
            throw new AzureException(
                403,
                "Forbidden",
                "Operation \"purge\" is not allowed because purge protection is enabled for this vault. "
                    + "Key Vault service will automatically purge it after the retention period has passed. "
                    + $"Vault: {keyVault.Name};location={keyVault.Location}"
            );
        keyVault.Keys.Remove(key.Name);
    }

    public KeyVaultKey SetRotation(KeyVault keyVault, string name, JsonObject body)
    {
        var key = Find(keyVault, name);
        key.Rotation = KeyRotationRule.Read(body, key.Rotation?.Created ?? context.Now, context.Now);
        return key;
    }

    private JsonObject Add(KeyVault keyVault, string name, string operation, Func<KeyVaultKeyVersion> createVersion)
    {
        if (!Name.IsMatch(name))
            throw AzureException.BadParameter($"The request URI contains an invalid name: {name}");
        var version = createVersion();
        _ = Settled(keyVault);
        if (keyVault.Keys.TryGetValue(name, out var key) && !key.IsActive(context.Now))
            throw NameTaken(key);
        context.Policies.RequireKey(keyVault, name, operation, version);
        if (key is null)
            keyVault.Keys[name] = key = new KeyVaultKey(name);
        key.Versions.Add(version);
        return KeyVaultJson.Bundle(keyVault, key, version);
    }

    private AzureException NameTaken(KeyVaultKey key)
    {
        var (state, inner) =
            key.Deleted is null ? ("being recovered", "ObjectIsBeingRecovered")
            : key.IsDeleted(context.Now)
                ? (
                    "currently in a deleted but recoverable state, and its name cannot be reused; "
                        + "in this state, the key can only be recovered or purged",
                    "ObjectIsDeletedButRecoverable"
                )
            : ("being deleted", "ObjectIsBeingDeleted");
        return new AzureException(409, "Conflict", $"Key {key.Name} is {state}.", inner);
    }

    /// <summary>
    /// Adds the versions that are due under the rotation policy. The key vault rotates on its own account.
    /// </summary>
    private void Rotate(KeyVault keyVault, KeyVaultKey key)
    {
        var before = key.Versions.Count;
        key.Settle(context.Now);
        foreach (var version in key.Versions.Skip(before))
            context.AuditLog.Add(
                keyVault,
                null,
                "KeyRotateIfDue",
                $"keys/{key.Name}/{version.Id}",
                200,
                at: version.Created
            );
    }

    /// <summary>
    /// The keys after everything that is due: rotations by policy, and purges at the end of the retention.
    /// </summary>
    private List<KeyVaultKey> Settled(KeyVault keyVault)
    {
        foreach (var key in keyVault.Keys.Values.ToList())
        {
            if (key.Deleted is { } since && context.Now >= since.AddDays(keyVault.RetentionDays))
                keyVault.Keys.Remove(key.Name);
            else
                Rotate(keyVault, key);
        }

        return [.. keyVault.Keys.Values.OrderBy(k => k.Name, StringComparer.Ordinal)];
    }
}
