using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>Cloud KMS: encryption and decryption with symmetric keys.</summary>
internal sealed class KmsEncryption(SandboxClock clock, GcpAccess access, KmsKeys keys)
{
    private const string Key = "locations/*/keyRings/*/cryptoKeys/*";

    /// <summary>Handles :encrypt and :decrypt; null for any other route.</summary>
    public JsonObject? Handle(GcpCall call) =>
        call.Route switch
        {
            "POST " + Key + ":encrypt" or "POST " + Key + "/cryptoKeyVersions/*:encrypt" => Encrypt(call),
            "POST " + Key + ":decrypt" => Decrypt(call),
            _ => null,
        };

    private JsonObject Encrypt(GcpCall call)
    {
        call.AllowQuery();
        GcpJson.AllowFields(
            call.Body,
            "",
            "plaintext",
            "additionalAuthenticatedData",
            "plaintextCrc32c",
            "additionalAuthenticatedDataCrc32c"
        );
        access.Require(call.Principal, "cloudkms.cryptoKeyVersions.useToEncrypt", call.Name);
        var key = keys.FindExisting(string.Join("/", call.Path.Take(8)));
        var version = call.Path.Length > 8 ? key.FindVersion(call.Path.Last()) : null;
        if (key.Purpose != "ENCRYPT_DECRYPT")
            throw GcpException.Precondition(
                $"{key.Name} cannot encrypt: its purpose is {key.Purpose}.",
                "KEY_PURPOSE",
                key.Name
            );
        version ??= key.PrimaryInUse(clock.UtcNow)
            ?? throw GcpException.Precondition($"{key.Name} has no primary version.");
        if (!version.IsUsable(clock.UtcNow))
            throw GcpException.NotEnabled(version);
        var plaintext = GcpJson.Bytes(call.Body, "plaintext");
        if (plaintext.Length > 65_536)
            throw GcpException.Invalid("The plaintext is longer than 64 KiB.");
        return new JsonObject
        {
            ["name"] = version.Name,
            ["ciphertext"] = Convert.ToBase64String(
                CryptoKey.Encrypt(version, plaintext, GcpJson.Bytes(call.Body, "additionalAuthenticatedData"))
            ),
            ["protectionLevel"] = key.ProtectionLevel,
        };
    }

    private JsonObject Decrypt(GcpCall call)
    {
        call.AllowQuery();
        GcpJson.AllowFields(
            call.Body,
            "",
            "ciphertext",
            "additionalAuthenticatedData",
            "ciphertextCrc32c",
            "additionalAuthenticatedDataCrc32c"
        );
        access.Require(call.Principal, "cloudkms.cryptoKeyVersions.useToDecrypt", call.Name);
        var key = keys.FindExisting(call.Name);
        var ciphertext = GcpJson.Bytes(call.Body, "ciphertext");
        if (key.VersionOf(ciphertext) is not { } version)
            throw GcpException.Invalid("Decryption failed: the ciphertext is not from this CryptoKey.");
        if (!version.IsUsable(clock.UtcNow))
            throw GcpException.NotEnabled(version);
        var plaintext = CryptoKey.Decrypt(version, ciphertext, GcpJson.Bytes(call.Body, "additionalAuthenticatedData"))
            ?? throw GcpException.Invalid("Decryption failed: the ciphertext is not from this CryptoKey.");
        return new JsonObject
        {
            ["plaintext"] = Convert.ToBase64String(plaintext),
            ["usedPrimary"] = version == key.Primary,
            ["protectionLevel"] = key.ProtectionLevel,
        };
    }
}
