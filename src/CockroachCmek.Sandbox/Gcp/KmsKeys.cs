using System.Globalization;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>Cloud KMS: keys and their IAM policies.</summary>
internal sealed class KmsKeys(
    SandboxClock clock,
    GcpData data,
    GcpAccess access,
    GcpConstraints constraints,
    KmsRings rings
)
{
    private const string Keys = "locations/*/keyRings/*/cryptoKeys";
    private const string Key = Keys + "/*";

    /// <summary>The key with this full name and its state as of now, if it exists.</summary>
    public CryptoKey? Find(string name)
    {
        if (!data.Keys.TryGetValue(name, out var key))
            return null;
        key.Settle(clock.UtcNow);
        return key;
    }

    /// <summary>The key with this full name.</summary>
    /// <exception cref="GcpException">NOT_FOUND: the key or its key ring does not exist.</exception>
    public CryptoKey FindExisting(string name)
    {
        rings.RequireRing(string.Join("/", name.Split('/').Take(6)));
        return Find(name) ?? throw GcpException.NotFound($"CryptoKey {name}");
    }

    /// <summary>Every key with a label of this value.</summary>
    public IReadOnlyList<CryptoKey> Labelled(string value) =>
        [.. data.Keys.Values.Where(k => k.Labels.ContainsValue(value))];

    public void Seed(CryptoKey key) => data.Keys[key.Name] = key;

    /// <summary>Adds a key. The name of a deleted key can never be used again.</summary>
    /// <exception cref="GcpException">ALREADY_EXISTS, or FAILED_PRECONDITION for a constraint.</exception>
    public void Add(CryptoKey key)
    {
        constraints.RequireLocation(key.Name, "a key");
        constraints.RequireKey(key);
        if (data.Keys.ContainsKey(key.Name) || data.RetiredKeys.Contains(key.Name))
            throw GcpException.Exists($"CryptoKey {key.Name}");
        data.Keys[key.Name] = key;
    }

    public static void RequireId(string? id)
    {
        if (!KmsRings.IsId(id))
            throw GcpException.Invalid($"The crypto_key_id '{id}' must match [a-zA-Z0-9_-]{{1,63}}.");
    }

    /// <summary>Handles requests about keys; null for any other route.</summary>
    public JsonObject? Handle(GcpCall call)
    {
        switch (call.Route)
        {
            case "POST " + Keys:
                return Create(call);
            case "GET " + Keys:
                return List(call);
            case "GET " + Key:
                return Require(call, "get").ToJson();
            case "PATCH " + Key:
                var patched = Require(call, "update", query: "updateMask");
                CryptoKeyFields.Patch(patched, call.Body, call.Argument("updateMask"), clock.UtcNow);
                return patched.ToJson();
            case "DELETE " + Key:
                return Delete(call);
            case "POST " + Key + ":updatePrimaryVersion":
                return UpdatePrimary(call);
            case "GET " + Key + ":getIamPolicy":
                return access.Read(
                    Require(call, "getIamPolicy", query: "options.requestedPolicyVersion").Name,
                    call.Argument("options.requestedPolicyVersion")
                );
            case "POST " + Key + ":setIamPolicy":
                return access.Write(Require(call, "setIamPolicy").Name, call.Body);
            case "POST " + Key + ":testIamPermissions":
                call.AllowQuery();
                return access.Test(call.Principal, call.Name, call.Body);
            default:
                return null;
        }
    }

    private CryptoKey Require(GcpCall call, string permission, params string[] query)
    {
        call.AllowQuery(query);
        access.Require(call.Principal, "cloudkms.cryptoKeys." + permission, call.Name);
        return FindExisting(call.Name);
    }

    private JsonObject List(GcpCall call)
    {
        call.AllowQuery("filter", "orderBy", "pageSize", "pageToken", "versionView");
        access.Require(call.Principal, "cloudkms.cryptoKeys.list", call.Parent(1));
        rings.RequireRing(call.Parent(1));
        return call.Page(
            "cryptoKeys",
            data.Keys.Keys.Where(k => k.StartsWith(call.Name + "/", StringComparison.Ordinal))
                .Select(k => Find(k)!.ToJson()),
            1000,
            withTotal: true
        );
    }

    private JsonObject Create(GcpCall call)
    {
        call.AllowQuery("cryptoKeyId", "skipInitialVersionCreation");
        access.Require(call.Principal, "cloudkms.cryptoKeys.create", call.Parent(1));
        rings.RequireRing(call.Parent(1));
        var id = call.Argument("cryptoKeyId");
        RequireId(id);
        var key = CryptoKeyFields.Read(call.Body, $"{call.Name}/{id}", clock.UtcNow);
        var skipsVersion = call.Argument("skipInitialVersionCreation") == "true";
        if (key.ImportOnly && !skipsVersion)
            throw GcpException.Invalid("An import-only key is created with skip_initial_version_creation.");
        Add(key);
        if (!skipsVersion)
        {
            var first = key.AddVersion(clock.UtcNow);
            if (key.Purpose == "ENCRYPT_DECRYPT")
                key.MakePrimary(first, clock.UtcNow, TimeSpan.Zero);
        }

        return key.ToJson();
    }

    private JsonObject UpdatePrimary(GcpCall call)
    {
        var key = Require(call, "update");
        GcpJson.AllowFields(call.Body, "", "cryptoKeyVersionId");
        if (key.Purpose != "ENCRYPT_DECRYPT")
            throw GcpException.Invalid($"Keys with the purpose {key.Purpose} have no primary version.");
        var id = GcpJson.Text(call.Body, "cryptoKeyVersionId")
            ?? throw GcpException.Invalid("The crypto_key_version_id is missing.");
        var version = key.FindVersion(id);
        if (version.State != "ENABLED")
            throw GcpException.NotEnabled(version);
        key.MakePrimary(version, clock.UtcNow, data.KeyStateDelay);
        return key.ToJson();
    }

    private JsonObject Delete(GcpCall call)
    {
        var key = Require(call, "delete");
        if (key.Versions.Count > 0)
            throw GcpException.Precondition($"{key.Name} cannot be deleted: its versions must be deleted first.");
        data.Keys.Remove(key.Name);
        data.RetiredKeys.Add(key.Name);
        access.RemovePolicy(key.Name);
        return call.DoneOperation();
    }
}
