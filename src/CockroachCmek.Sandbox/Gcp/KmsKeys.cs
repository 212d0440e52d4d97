using System.Globalization;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>Cloud KMS: keys and their versions.</summary>
internal sealed partial class KmsKeys(SandboxClock clock, GcpData data, GcpAccess access, KmsRings rings)
{
    /// <summary>The key of a full name, brought up to the clock; null when there is none.</summary>
    public CryptoKey? Find(string name)
    {
        if (!data.Keys.TryGetValue(name, out var key))
            return null;
        key.Settle(clock.UtcNow);
        return key;
    }

    public void Seed(CryptoKey key) => data.Keys[key.Name] = key;

    /// <summary>Null when the route is not about keys or versions.</summary>
    public JsonObject? Answer(GcpCall call)
    {
        switch (call.Route)
        {
            case "POST locations/*/keyRings/*/cryptoKeys":
                return Create(call);
            case "GET locations/*/keyRings/*/cryptoKeys":
                call.AllowQuery("filter", "orderBy", "pageSize", "pageToken", "versionView");
                access.Need(call.Principal, "cloudkms.cryptoKeys.list", call.Up(1));
                rings.NeedRing(call.Up(1));
                return call.Page(
                    "cryptoKeys",
                    data.Keys.Keys.Where(k => k.StartsWith(call.Name + "/", StringComparison.Ordinal))
                        .Select(k => Find(k)!.ToJson()),
                    1000,
                    withTotal: true
                );
            case "GET locations/*/keyRings/*/cryptoKeys/*":
                return Key(call, "cryptoKeys.get").ToJson();
            case "PATCH locations/*/keyRings/*/cryptoKeys/*":
                var patched = Key(call, "cryptoKeys.update", query: "updateMask");
                CryptoKeyFields.Patch(patched, call.Body, call.Argument("updateMask"), clock.UtcNow);
                return patched.ToJson();
            case "DELETE locations/*/keyRings/*/cryptoKeys/*":
                return Delete(call);
            case "POST locations/*/keyRings/*/cryptoKeys/*:updatePrimaryVersion":
                return UpdatePrimary(call);
            case "GET locations/*/keyRings/*/cryptoKeys/*:getIamPolicy":
                return access.Read(
                    Key(call, "cryptoKeys.getIamPolicy", query: "options.requestedPolicyVersion").Name,
                    call.Argument("options.requestedPolicyVersion")
                );
            case "POST locations/*/keyRings/*/cryptoKeys/*:setIamPolicy":
                return access.Write(Key(call, "cryptoKeys.setIamPolicy").Name, call.Body);
            case "POST locations/*/keyRings/*/cryptoKeys/*:testIamPermissions":
                call.AllowQuery();
                return access.Test(call.Principal, call.Name, call.Body);
            case "POST locations/*/keyRings/*/cryptoKeys/*:encrypt"
            or "POST locations/*/keyRings/*/cryptoKeys/*/cryptoKeyVersions/*:encrypt":
                return Encrypt(call);
            case "POST locations/*/keyRings/*/cryptoKeys/*:decrypt":
                return Decrypt(call);
            case "POST locations/*/keyRings/*/cryptoKeys/*/cryptoKeyVersions":
                return CreateVersion(call);
            case "GET locations/*/keyRings/*/cryptoKeys/*/cryptoKeyVersions":
                call.AllowQuery("filter", "orderBy", "pageSize", "pageToken", "view");
                access.Need(call.Principal, "cloudkms.cryptoKeyVersions.list", call.Up(1));
                return call.Page(
                    "cryptoKeyVersions",
                    Existing(call.Up(1)).Versions.Select(v => v.ToJson()),
                    1000,
                    withTotal: true
                );
            case "GET locations/*/keyRings/*/cryptoKeys/*/cryptoKeyVersions/*":
                return Version(call, "get", out _).ToJson();
            case "PATCH locations/*/keyRings/*/cryptoKeys/*/cryptoKeyVersions/*":
                return PatchVersion(call);
            case "POST locations/*/keyRings/*/cryptoKeys/*/cryptoKeyVersions/*:destroy":
                return Destroy(call);
            case "POST locations/*/keyRings/*/cryptoKeys/*/cryptoKeyVersions/*:restore":
                return Restore(call);
            case "DELETE locations/*/keyRings/*/cryptoKeys/*/cryptoKeyVersions/*":
                return DeleteVersion(call);
            default:
                return null;
        }
    }

    /// <summary>The key of a full name, or Google's refusal.</summary>
    public CryptoKey Existing(string name)
    {
        rings.NeedRing(string.Join("/", name.Split('/').Take(6)));
        return Find(name) ?? throw GcpFault.NotFound($"CryptoKey {name}");
    }

    /// <summary>Precondition failures name the version and its state, as Cloud KMS does.</summary>
    public static GcpFault NotEnabled(CryptoKeyVersion version) =>
        GcpFault.Precondition(
            $"{version.Name} is not enabled, current state is: {version.State}.",
            version.State.StartsWith("DESTROY", StringComparison.Ordinal) ? "KEY_DESTROYED" : "KEY_DISABLED",
            version.Name
        );

    private CryptoKey Key(GcpCall call, string permission, params string[] query)
    {
        call.AllowQuery(query);
        access.Need(call.Principal, "cloudkms." + permission, call.Name);
        return Existing(call.Name);
    }

    private CryptoKeyVersion Version(GcpCall call, string permission, out CryptoKey key, params string[] query)
    {
        call.AllowQuery(query);
        access.Need(call.Principal, "cloudkms.cryptoKeyVersions." + permission, call.Name);
        key = Existing(call.Up(2));
        return key.Versions.FirstOrDefault(v => v.Name == call.Name)
            ?? throw GcpFault.NotFound($"CryptoKeyVersion {call.Name}");
    }

    private JsonObject Create(GcpCall call)
    {
        call.AllowQuery("cryptoKeyId", "skipInitialVersionCreation");
        access.Need(call.Principal, "cloudkms.cryptoKeys.create", call.Up(1));
        rings.NeedRing(call.Up(1));
        var id = call.Argument("cryptoKeyId");
        if (!KmsRings.IsId(id))
            throw GcpFault.Invalid($"The crypto_key_id '{id}' must match [a-zA-Z0-9_-]{{1,63}}.");
        var key = CryptoKeyFields.Read(call.Body, $"{call.Name}/{id}", clock.UtcNow);
        var skip = call.Argument("skipInitialVersionCreation") == "true";
        if (key.ImportOnly && !skip)
            throw GcpFault.Invalid("An import-only key is created with skip_initial_version_creation.");
        // The names of deleted keys stay taken for ever.
        if (data.Keys.ContainsKey(key.Name) || data.RetiredKeys.Contains(key.Name))
            throw GcpFault.Exists($"CryptoKey {key.Name}");
        if (!skip)
        {
            var first = key.AddVersion(clock.UtcNow);
            if (key.Purpose == "ENCRYPT_DECRYPT")
                key.MakePrimary(first, clock.UtcNow, TimeSpan.Zero);
        }

        data.Keys[key.Name] = key;
        return key.ToJson();
    }

    private JsonObject UpdatePrimary(GcpCall call)
    {
        var key = Key(call, "cryptoKeys.update");
        GcpCall.AllowFields(call.Body, "", "cryptoKeyVersionId");
        if (key.Purpose != "ENCRYPT_DECRYPT")
            throw GcpFault.Invalid($"Keys with the purpose {key.Purpose} have no primary version.");
        var id = GcpCall.Text(call.Body, "cryptoKeyVersionId")
            ?? throw GcpFault.Invalid("The crypto_key_version_id is missing.");
        var version = key.Versions.FirstOrDefault(v => v.Number.ToString(CultureInfo.InvariantCulture) == id)
            ?? throw GcpFault.NotFound($"CryptoKeyVersion {key.Name}/cryptoKeyVersions/{id}");
        if (version.State != "ENABLED")
            throw NotEnabled(version);
        key.MakePrimary(version, clock.UtcNow, data.KeyStateDelay);
        return key.ToJson();
    }

    private JsonObject CreateVersion(GcpCall call)
    {
        call.AllowQuery();
        access.Need(call.Principal, "cloudkms.cryptoKeyVersions.create", call.Up(1));
        GcpCall.AllowFields(
            call.Body,
            "crypto_key_version",
            "name",
            "state",
            "algorithm",
            "protectionLevel",
            "createTime",
            "externalProtectionLevelOptions"
        );
        var key = Existing(call.Up(1));
        if (key.ImportOnly)
            throw GcpFault.Precondition($"{key.Name} takes imported versions only.");
        return key.AddVersion(clock.UtcNow).ToJson();
    }

    private JsonObject PatchVersion(GcpCall call)
    {
        var version = Version(call, "update", out _, "updateMask");
        GcpCall.AllowFields(
            call.Body,
            "crypto_key_version",
            "name",
            "state",
            "algorithm",
            "protectionLevel",
            "createTime",
            "generateTime",
            "externalProtectionLevelOptions"
        );
        if (GcpCall.Mask(call.Argument("updateMask")) is not ["state"])
            throw GcpFault.Invalid("The update_mask must be 'state'.");
        var state = GcpCall.Text(call.Body, "state");
        if (state is not ("ENABLED" or "DISABLED"))
            throw GcpFault.Invalid($"The state of a version can be set to ENABLED or DISABLED, not to {state}.");
        if (version.State is not ("ENABLED" or "DISABLED"))
            throw GcpFault.Precondition($"{version.Name} cannot become {state}: its state is {version.State}.");
        SwitchOff(version, state);
        return version.ToJson();
    }

    private JsonObject Destroy(GcpCall call)
    {
        var version = Version(call, "destroy", out var key);
        GcpCall.AllowFields(call.Body, "");
        if (version.State is not ("ENABLED" or "DISABLED"))
            throw GcpFault.Precondition($"{version.Name} cannot be destroyed: its state is {version.State}.");
        SwitchOff(version, "DESTROY_SCHEDULED");
        version.DestroyTime = clock.UtcNow + key.DestroyDelay;
        return version.ToJson();
    }

    private JsonObject Restore(GcpCall call)
    {
        var version = Version(call, "restore", out _);
        GcpCall.AllowFields(call.Body, "");
        if (version.State != "DESTROY_SCHEDULED")
            throw GcpFault.Precondition($"{version.Name} cannot be restored: its state is {version.State}.");
        (version.State, version.DestroyTime) = ("DISABLED", null);
        return version.ToJson();
    }

    private void SwitchOff(CryptoKeyVersion version, string state)
    {
        if (version.State == "ENABLED" && state != "ENABLED")
            version.UsableUntil = clock.UtcNow + data.KeyStateDelay;
        version.State = state;
    }

    private JsonObject DeleteVersion(GcpCall call)
    {
        var version = Version(call, "delete", out var key);
        if (version.State is not ("DESTROYED" or "IMPORT_FAILED"))
            throw GcpFault.Precondition(
                $"{version.Name} cannot be deleted: its state is {version.State}, not DESTROYED."
            );
        key.Versions.Remove(version);
        return Done(call);
    }

    private JsonObject Delete(GcpCall call)
    {
        var key = Key(call, "cryptoKeys.delete");
        if (key.Versions.Count > 0)
            throw GcpFault.Precondition($"{key.Name} cannot be deleted: its versions must be deleted first.");
        data.Keys.Remove(key.Name);
        data.RetiredKeys.Add(key.Name);
        access.Forget(key.Name);
        return Done(call);
    }

    /// <summary>Deleting answers an operation; here it is always done.</summary>
    private static JsonObject Done(GcpCall call) =>
        new()
        {
            ["name"] = $"{string.Join("/", call.Path.Take(4))}/operations/{Guid.NewGuid():D}",
            ["done"] = true,
            ["response"] = new JsonObject { ["@type"] = "type.googleapis.com/google.protobuf.Empty" },
        };

    private JsonObject Encrypt(GcpCall call)
    {
        call.AllowQuery();
        GcpCall.AllowFields(
            call.Body,
            "",
            "plaintext",
            "additionalAuthenticatedData",
            "plaintextCrc32c",
            "additionalAuthenticatedDataCrc32c"
        );
        access.Need(call.Principal, "cloudkms.cryptoKeyVersions.useToEncrypt", call.Name);
        var key = Existing(string.Join("/", call.Path.Take(8)));
        var version =
            call.Path.Length > 8
                ? key.Versions.FirstOrDefault(v => v.Name == call.Name)
                    ?? throw GcpFault.NotFound($"CryptoKeyVersion {call.Name}")
                : null;
        if (key.Purpose != "ENCRYPT_DECRYPT")
            throw GcpFault.Precondition(
                $"{key.Name} cannot encrypt: its purpose is {key.Purpose}.",
                "KEY_PURPOSE",
                key.Name
            );
        version ??= key.PrimaryInUse(clock.UtcNow)
            ?? throw GcpFault.Precondition($"{key.Name} has no primary version.");
        if (!version.IsUsable(clock.UtcNow))
            throw NotEnabled(version);
        var plain = GcpCall.Bytes(call.Body, "plaintext");
        if (plain.Length > 65_536)
            throw GcpFault.Invalid("The plaintext is longer than 64 KiB.");
        return new JsonObject
        {
            ["name"] = version.Name,
            ["ciphertext"] = Convert.ToBase64String(
                CryptoKey.Encrypt(version, plain, GcpCall.Bytes(call.Body, "additionalAuthenticatedData"))
            ),
            ["protectionLevel"] = key.ProtectionLevel,
        };
    }

    private JsonObject Decrypt(GcpCall call)
    {
        call.AllowQuery();
        GcpCall.AllowFields(
            call.Body,
            "",
            "ciphertext",
            "additionalAuthenticatedData",
            "ciphertextCrc32c",
            "additionalAuthenticatedDataCrc32c"
        );
        access.Need(call.Principal, "cloudkms.cryptoKeyVersions.useToDecrypt", call.Name);
        var key = Existing(call.Name);
        var blob = GcpCall.Bytes(call.Body, "ciphertext");
        if (key.VersionOf(blob) is not { } version)
            throw GcpFault.Invalid("Decryption failed: the ciphertext is not from this CryptoKey.");
        if (!version.IsUsable(clock.UtcNow))
            throw NotEnabled(version);
        var plain = CryptoKey.Decrypt(version, blob, GcpCall.Bytes(call.Body, "additionalAuthenticatedData"))
            ?? throw GcpFault.Invalid("Decryption failed: the ciphertext is not from this CryptoKey.");
        return new JsonObject
        {
            ["plaintext"] = Convert.ToBase64String(plain),
            ["usedPrimary"] = version == key.Primary,
            ["protectionLevel"] = key.ProtectionLevel,
        };
    }
}
