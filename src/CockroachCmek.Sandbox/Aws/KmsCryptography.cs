using System.Text;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>KMS's operations that encrypt and decrypt.</summary>
internal sealed class KmsCryptography(KmsKeys keys, KmsAuthorization authorization)
{
    public JsonObject Encrypt(KmsKey key, JsonObject body)
    {
        keys.RequireUsable(key);
        KmsRequest.EndDryRun(body);
        var plain = Convert.FromBase64String(KmsRequest.Text(body, "Plaintext"));
        return new JsonObject
        {
            ["CiphertextBlob"] = Convert.ToBase64String(
                key.Material.Encrypt(plain, Context(body), key.MaterialTime(keys.Now))
            ),
            ["KeyId"] = key.Arn,
            ["EncryptionAlgorithm"] = "SYMMETRIC_DEFAULT",
        };
    }

    /// <summary>The ciphertext names its key, so the request does not need to.</summary>
    public JsonObject Decrypt(Caller caller, string region, JsonObject body)
    {
        var (key, plain) = Open(caller, region, body, "Decrypt", "KeyId", "EncryptionContext");
        KmsRequest.EndDryRun(body);
        return new JsonObject
        {
            ["Plaintext"] = Convert.ToBase64String(plain),
            ["KeyId"] = key.Arn,
            ["EncryptionAlgorithm"] = "SYMMETRIC_DEFAULT",
        };
    }

    /// <summary>Two permissions: from the source key, and to the destination key.</summary>
    public JsonObject ReEncrypt(Caller caller, string region, JsonObject body)
    {
        var (source, plain) = Open(caller, region, body, "ReEncryptFrom", "SourceKeyId", "SourceEncryptionContext");
        var key = keys.Get(region, KmsRequest.Text(body, "DestinationKeyId"));
        authorization.Require(caller, "ReEncryptTo", key, body);
        keys.RequireUsable(key);
        KmsRequest.EndDryRun(body);
        var cipher = key.Material.Encrypt(
            plain,
            Context(body, "DestinationEncryptionContext"),
            key.MaterialTime(keys.Now)
        );
        return new JsonObject
        {
            ["CiphertextBlob"] = Convert.ToBase64String(cipher),
            ["SourceKeyId"] = source.Arn,
            ["KeyId"] = key.Arn,
            ["SourceEncryptionAlgorithm"] = "SYMMETRIC_DEFAULT",
            ["DestinationEncryptionAlgorithm"] = "SYMMETRIC_DEFAULT",
        };
    }

    public JsonObject GenerateDataKey(KmsKey key, JsonObject body, bool withPlaintext)
    {
        keys.RequireUsable(key);
        KmsRequest.EndDryRun(body);
        var plain = KmsMaterial.RandomBytes(
            (string?)body["KeySpec"] == "AES_128" ? 16 : (int?)body["NumberOfBytes"] ?? 32
        );
        var dataKey = new JsonObject
        {
            ["CiphertextBlob"] = Convert.ToBase64String(
                key.Material.Encrypt(plain, Context(body), key.MaterialTime(keys.Now))
            ),
            ["KeyId"] = key.Arn,
        };
        if (withPlaintext)
            dataKey["Plaintext"] = Convert.ToBase64String(plain);
        return dataKey;
    }

    /// <summary>Decrypts the ciphertext of a request. KMS gives no reason for one that it cannot read.</summary>
    private (KmsKey Key, byte[] Plain) Open(
        Caller caller,
        string region,
        JsonObject body,
        string operation,
        string keyMember,
        string contextMember
    )
    {
        var blob = Convert.FromBase64String(KmsRequest.Text(body, "CiphertextBlob"));
        var key = keys.Find(region, KmsMaterial.IdOf(blob)) ?? throw new AwsException("InvalidCiphertextException", "");
        if ((string?)body[keyMember] is { } named && keys.Get(region, named) != key)
            throw new AwsException(
                "IncorrectKeyException",
                "The key ID in the request does not identify a CMK that can perform this operation."
            );
        authorization.Require(caller, operation, key, body);
        keys.RequireUsable(key);
        return (
            key,
            key.Material.Decrypt(blob, Context(body, contextMember))
                ?? throw new AwsException("InvalidCiphertextException", "")
        );
    }

    /// <summary>The encryption context as bytes, in one order.</summary>
    private static byte[] Context(JsonObject body, string member = "EncryptionContext") =>
        Encoding.UTF8.GetBytes(
            string.Concat(
                (body[member] as JsonObject ?? [])
                    .OrderBy(p => p.Key, StringComparer.Ordinal)
                    .Select(p => $"{p.Key}\0{(string?)p.Value}\0")
            )
        );
}
