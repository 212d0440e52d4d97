using System.Text;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>KMS's operations that encrypt and decrypt.</summary>
internal sealed class KmsCryptography(KmsKeys keys, KmsAuthorization authorization)
{
    public JsonObject Encrypt(KmsKey key, JsonObject body)
    {
        keys.RequireUsable(key);
        var plain = Convert.FromBase64String(KmsRequest.Text(body, "Plaintext"));
        return new JsonObject
        {
            ["CiphertextBlob"] = Convert.ToBase64String(key.Material.Encrypt(plain, Context(body), keys.Now)),
            ["KeyId"] = key.Arn,
            ["EncryptionAlgorithm"] = "SYMMETRIC_DEFAULT",
        };
    }

    /// <summary>The ciphertext names its key, so the request does not need to.</summary>
    public JsonObject Decrypt(Caller caller, string region, JsonObject body)
    {
        var blob = Convert.FromBase64String(KmsRequest.Text(body, "CiphertextBlob"));
        var key = keys.Find(region, KmsMaterial.IdOf(blob))
            ?? throw new AwsException("InvalidCiphertextException", "The ciphertext is not from a key of this region.");
        if ((string?)body["KeyId"] is { } named && keys.Get(region, named) != key)
            throw new AwsException(
                "IncorrectKeyException",
                "The key ID in the request does not identify a CMK that can perform this operation."
            );
        authorization.Require(caller, "Decrypt", key, body);
        keys.RequireUsable(key);
        return key.Material.Decrypt(blob, Context(body)) is { } plain
            ? new JsonObject
            {
                ["Plaintext"] = Convert.ToBase64String(plain),
                ["KeyId"] = key.Arn,
                ["EncryptionAlgorithm"] = "SYMMETRIC_DEFAULT",
            }
            : throw new AwsException(
                "InvalidCiphertextException",
                "The ciphertext was changed, or the encryption context differs."
            );
    }

    public JsonObject GenerateDataKey(KmsKey key, JsonObject body, bool withPlaintext)
    {
        keys.RequireUsable(key);
        var plain = KmsMaterial.RandomBytes(
            (string?)body["KeySpec"] == "AES_128" ? 16 : (int?)body["NumberOfBytes"] ?? 32
        );
        var dataKey = new JsonObject
        {
            ["CiphertextBlob"] = Convert.ToBase64String(key.Material.Encrypt(plain, Context(body), keys.Now)),
            ["KeyId"] = key.Arn,
        };
        if (withPlaintext)
            dataKey["Plaintext"] = Convert.ToBase64String(plain);
        return dataKey;
    }

    /// <summary>The encryption context as bytes, in one order.</summary>
    private static byte[] Context(JsonObject body) =>
        Encoding.UTF8.GetBytes(
            string.Concat(
                (body["EncryptionContext"] as JsonObject ?? [])
                    .OrderBy(p => p.Key, StringComparer.Ordinal)
                    .Select(p => $"{p.Key}\0{(string?)p.Value}\0")
            )
        );
}
