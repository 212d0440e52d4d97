using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>Reads key versions from request bodies.</summary>
internal static class KeyVaultKeyBody
{
    private static readonly string[] AllOperations = ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"];

    /// <summary>Generates a version as POST /keys/{name}/create describes it.</summary>
    public static KeyVaultKeyVersion ReadNew(KeyVault keyVault, JsonObject body, DateTimeOffset now, RsaSupply rsa)
    {
        var kty = body.Text("kty") ?? throw AzureException.BadParameter("Property kty is required.");
        var (isRsa, isCurve) = (kty is "RSA" or "RSA-HSM", kty is "EC" or "EC-HSM");
        if (!isRsa && !isCurve)
            throw AzureException.BadParameter($"A vault keeps no keys of type '{kty}': oct keys need a Managed HSM.");
        RequireHsmSupport(keyVault, kty);
        var size = body.Number("key_size") ?? 2048;
        if (isRsa && size is not (2048 or 3072 or 4096))
            throw AzureException.BadParameter("Property key_size must be 2048, 3072 or 4096.");
        var curve = isCurve ? body.Text("crv") ?? "P-256" : null;
        if (curve is not (null or "P-256" or "P-384" or "P-521"))
            throw AzureException.BadParameter($"The curve {curve} is not supported.");
        var version = new KeyVaultKeyVersion(kty, (int)size, curve, now, isRsa ? rsa.Next((int)size) : null)
        {
            Operations =
                body["key_ops"] is JsonArray ? Operations(body)
                : isRsa ? AllOperations
                : ["sign", "verify"],
        };
        Apply(version, body);
        return version;
    }

    /// <summary>Reads the key pair in the body of PUT /keys/{name}. Only RSA, and not wrapped for an HSM.</summary>
    public static KeyVaultKeyVersion ReadImport(KeyVault keyVault, JsonObject body, DateTimeOffset now)
    {
        var jwk = body.Object("key") ?? throw AzureException.BadParameter("Property key is required.");
        var kty = jwk.Text("kty");
        if (kty is not ("RSA" or "RSA-HSM"))
            throw AzureException.BadParameter($"The sandbox imports keys of type RSA, not of type '{kty}'.");
        if (body.Flag("Hsm") == true)
            kty = "RSA-HSM";
        RequireHsmSupport(keyVault, kty);
        var key = RsaParameters(jwk);
        if (8 * key.Modulus!.Length is not (2048 or 3072 or 4096))
            throw AzureException.BadParameter("The key must have 2048, 3072 or 4096 bits.");
        try
        {
            var version = new KeyVaultKeyVersion(kty, 8 * key.Modulus.Length, null, now, key)
            {
                Operations = jwk["key_ops"] is JsonArray ? Operations(jwk) : AllOperations,
            };
            Apply(version, body);
            return version;
        }
        catch (CryptographicException)
        {
            throw AzureException.BadParameter("The key's parameters do not belong together.");
        }
    }

    public static List<string> Operations(JsonObject body)
    {
        var operations = body.Texts("key_ops");
        return operations.FirstOrDefault(o => !AllOperations.Contains(o)) is { } unknown
            ? throw AzureException.BadParameter($"Property key_ops has an invalid value: {unknown}.")
            : operations;
    }

    /// <summary>Applies tags and attributes to a version.</summary>
    public static void Apply(KeyVaultKeyVersion version, JsonObject body)
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
            throw AzureException.BadParameter("The expiration time must be after the activation time.");
    }

    private static void RequireHsmSupport(KeyVault keyVault, string kty)
    {
        if (kty.EndsWith("-HSM", StringComparison.Ordinal) && keyVault.Settings.Sku != "premium")
            throw AzureException.BadParameter(
                "Property \"kty\" has an invalid value: HSM-protected keys need a vault of SKU premium."
            );
    }

    private static RSAParameters RsaParameters(JsonObject jwk)
    {
        byte[] Part(string part) =>
            Base64Url.Decode(jwk.Text(part) ?? throw AzureException.BadParameter($"Property {part} is required."))
            ?? throw AzureException.BadParameter($"Property {part} is not base64url.");
        return new RSAParameters
        {
            Modulus = Part("n"),
            Exponent = Part("e"),
            D = Part("d"),
            P = Part("p"),
            Q = Part("q"),
            DP = Part("dp"),
            DQ = Part("dq"),
            InverseQ = Part("qi"),
        };
    }

    private static DateTimeOffset Time(long seconds) =>
        seconds >= 0 && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : throw AzureException.BadParameter($"{seconds} is not a time.");
}
