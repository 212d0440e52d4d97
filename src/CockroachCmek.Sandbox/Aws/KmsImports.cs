using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Gcp;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>What GetParametersForImport hands out: the private half of the wrapping key, for one KMS key.</summary>
internal sealed record KmsImportToken(string KeyArn, RSAParameters Key, string Algorithm, DateTimeOffset ValidTo);

/// <summary>KMS's operations on imported key material.</summary>
internal sealed class KmsImports(KmsKeys keys, AwsData data)
{
    /// <summary>How long a token can be used (KMS API, GetParametersForImport).</summary>
    private static readonly TimeSpan TokenLifetime = TimeSpan.FromHours(24);

    public JsonObject GetParameters(KmsKey key, JsonObject body)
    {
        RequireExternal(key);
        keys.RequireState(key, "Enabled", "Disabled", "PendingImport");
        var algorithm = KmsRequest.Text(body, "WrappingAlgorithm");
        if (algorithm is not ("RSAES_OAEP_SHA_256" or "RSAES_OAEP_SHA_1"))
            throw KmsRequest.InvalidValue("wrappingAlgorithm");
        var spec = KmsRequest.Text(body, "WrappingKeySpec");
        if (spec is not ("RSA_2048" or "RSA_3072" or "RSA_4096"))
            throw KmsRequest.InvalidValue("wrappingKeySpec");
        using var rsa = RsaKeys.Create(int.Parse(spec.Substring(4), CultureInfo.InvariantCulture));
        var wrapping = rsa.ExportParameters(includePrivateParameters: true);
        var token = Convert.ToBase64String(KmsMaterial.RandomBytes(48));
        var validTo = keys.Now + TokenLifetime;
        data.ImportTokens[token] = new KmsImportToken(key.Arn, wrapping, algorithm, validTo);
        return new JsonObject
        {
            ["KeyId"] = key.Arn,
            ["ImportToken"] = token,
            ["PublicKey"] = Convert.ToBase64String(RsaKeys.PublicDer(wrapping)),
            ["ParametersValidTo"] = KmsRequest.Epoch(validTo),
        };
    }

    public JsonObject Import(KmsKey key, JsonObject body)
    {
        RequireExternal(key);
        keys.RequireState(key, "Enabled", "Disabled", "PendingImport");
        var expires = ReadExpiry(body);
        var bytes = Unwrap(key, body);
        if (bytes.Length != 32)
            throw new AwsException(
                "IncorrectKeyMaterialException",
                $"The key material has {bytes.Length} bytes instead of 32."
            );
        var isNew = (string?)body["ImportType"] switch
        {
            "NEW_KEY_MATERIAL" => true,
            null or "EXISTING_KEY_MATERIAL" => false,
            _ => throw KmsRequest.InvalidValue("importType"),
        };
        var id =
            !key.HasMaterial ? First(key, bytes, expires)
            : isNew ? Next(key, bytes, expires)
            : Again(key, bytes, expires);
        return new JsonObject { ["KeyId"] = key.Arn, ["KeyMaterialId"] = id };
    }

    private string First(KmsKey key, byte[] bytes, DateTimeOffset? expires)
    {
        key.Material.ImportFirst(keys.Now, bytes, expires);
        foreach (var related in keys.InAllRegions(key))
            related.HasMaterial = true;
        return key.Material.Versions[0].Id;
    }

    private static string Next(KmsKey key, byte[] bytes, DateTimeOffset? expires)
    {
        if (key.Material.Pending is { } pending)
            throw new AwsException(
                "KMSInvalidStateException",
                $"New key material (id: {KmsMaterial.NewId()}) cannot be imported into KMS key {key.Id}, because "
                    + "another "
                    + $"key material (id: {pending.Id}) is pending rotation."
            );
        if (!key.IsPrimary)
            throw new AwsException("UnsupportedOperationException", $"{key.Arn} is not a multi-region primary key.");
        key.Material.Pending = new KmsPendingMaterial(bytes, KmsMaterial.NewId(), expires, [key.Region]);
        return key.Material.Pending.Id;
    }

    /// <summary>
    /// The same bytes once more: of expired material, or in a replica of a key with pending material.
    /// </summary>
    private static string Again(KmsKey key, byte[] bytes, DateTimeOffset? expires)
    {
        if (key.Material.Pending is { } pending && pending.Bytes.SequenceEqual(bytes))
        {
            pending.Regions.Add(key.Region);
            return pending.Id;
        }

        return key.Material.ImportAgain(bytes, expires)
            ?? throw new AwsException(
                "IncorrectKeyMaterialException",
                "The key material in the request is not identical to the key material of the KMS key."
            );
    }

    private DateTimeOffset? ReadExpiry(JsonObject body)
    {
        var model = (string?)body["ExpirationModel"] ?? "KEY_MATERIAL_EXPIRES";
        if (model == "KEY_MATERIAL_DOES_NOT_EXPIRE")
            return null;
        if (model != "KEY_MATERIAL_EXPIRES")
            throw KmsRequest.InvalidValue("expirationModel");
        // Recorded text.
        if (body["ValidTo"] is not { } validTo)
            throw new AwsException(
                "ValidationException",
                "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES"
            );
        var end = DateTimeOffset.FromUnixTimeMilliseconds((long)((double)validTo * 1000));
        return end > keys.Now && end <= keys.Now.AddDays(365) ? end : throw KmsRequest.InvalidValue("validTo");
    }

    private byte[] Unwrap(KmsKey key, JsonObject body)
    {
        if (
            !data.ImportTokens.TryGetValue(KmsRequest.Text(body, "ImportToken"), out var token)
            || token.KeyArn != key.Arn
        )
            throw new AwsException("InvalidImportTokenException", "");
        if (token.ValidTo <= keys.Now)
            throw new AwsException("ExpiredImportTokenException", "");
        using var rsa = RsaKeys.Open(token.Key);
        try
        {
            return rsa.Decrypt(
                Convert.FromBase64String(KmsRequest.Text(body, "EncryptedKeyMaterial")),
                token.Algorithm == "RSAES_OAEP_SHA_1" ? RSAEncryptionPadding.OaepSHA1 : RSAEncryptionPadding.OaepSHA256
            );
        }
        catch (Exception error) when (error is CryptographicException or FormatException)
        {
            throw new AwsException("InvalidCiphertextException", "");
        }
    }

    private static void RequireExternal(KmsKey key)
    {
        if (key.Origin != "EXTERNAL")
            throw new AwsException(
                "UnsupportedOperationException",
                $"{key.Arn} origin is {key.Origin} which is not valid for this operation."
            );
    }
}
