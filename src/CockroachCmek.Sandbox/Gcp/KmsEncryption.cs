using System.Globalization;
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
        var (plaintext, hasChecksum) = Checked(call.Body, "plaintext");
        var (additional, hasAdditionalChecksum) = Checked(call.Body, "additionalAuthenticatedData");
        if (plaintext.Length > 65_536)
            throw GcpException.Invalid("The plaintext is longer than 64 KiB.");
        var ciphertext = CryptoKey.Encrypt(version, plaintext, additional);
        var response = new JsonObject
        {
            ["name"] = version.Name,
            ["ciphertext"] = Convert.ToBase64String(ciphertext),
            ["ciphertextCrc32c"] = Checksum(ciphertext),
            ["protectionLevel"] = key.ProtectionLevel,
        };
        if (hasChecksum)
            response["verifiedPlaintextCrc32c"] = true;
        if (hasAdditionalChecksum)
            response["verifiedAdditionalAuthenticatedDataCrc32c"] = true;
        return response;
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
        var (ciphertext, _) = Checked(call.Body, "ciphertext");
        var (additional, _) = Checked(call.Body, "additionalAuthenticatedData");
        if (key.VersionOf(ciphertext) is not { } version)
            throw GcpException.Invalid("Decryption failed: the ciphertext is not from this CryptoKey.");
        if (!version.IsUsable(clock.UtcNow))
            throw GcpException.NotEnabled(version);
        var plaintext = CryptoKey.Decrypt(version, ciphertext, additional)
            ?? throw GcpException.Invalid("Decryption failed: the ciphertext is not from this CryptoKey.");
        return new JsonObject
        {
            ["plaintext"] = Convert.ToBase64String(plaintext),
            ["plaintextCrc32c"] = Checksum(plaintext),
            ["usedPrimary"] = version == key.Primary,
            ["protectionLevel"] = key.ProtectionLevel,
        };
    }

    /// <summary>A field, and whether the request had its checksum. The sentence about a wrong one is guessed.</summary>
    private static (byte[] Bytes, bool HasChecksum) Checked(JsonObject body, string name)
    {
        var bytes = GcpJson.Bytes(body, name);
        if (body[name + "Crc32c"] is not { } given)
            return (bytes, false);
        return given.ToString() == Checksum(bytes)
            ? (bytes, true)
            : throw GcpException.Invalid(
                $"The checksum in field {name}_crc32c did not match the data in field {name}."
            );
    }

    /// <summary>An int64 is text in protobuf's JSON format.</summary>
    private static string Checksum(byte[] bytes) => Crc32C.Of(bytes).ToString(CultureInfo.InvariantCulture);
}
