using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>PUT /keys/{name}: a key, or another version of one, whose material was made elsewhere. RSA only, in the clear: there is no HSM to wrap it for.</summary>
internal sealed partial class KeyStore
{
    public JsonObject Import(AzureVault vault, string name, JsonObject body) =>
        Add(vault, name, () => Imported(vault, body));

    private VaultKeyVersion Imported(AzureVault vault, JsonObject body)
    {
        var jwk = body.Object("key") ?? throw Bad("Property key is required.");
        var kty = jwk.Text("kty");
        if (kty is not ("RSA" or "RSA-HSM"))
            throw Bad($"The sandbox imports keys of type RSA, not of type '{kty}'.");
        if (body.Flag("Hsm") == true)
            kty = "RSA-HSM";
        if (kty == "RSA-HSM" && vault.Settings.Sku != "premium")
            throw Bad("Property \"kty\" has an invalid value: HSM-protected keys need a vault of SKU premium.");
        byte[] Part(string part) =>
            Base64Url.Decode(jwk.Text(part) ?? throw Bad($"Property {part} is required."))
            ?? throw Bad($"Property {part} is no base64url.");
        var key = new RSAParameters
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
        if (8 * key.Modulus.Length is not (2048 or 3072 or 4096))
            throw Bad("The key must have 2048, 3072 or 4096 bits.");
        try
        {
            var version = new VaultKeyVersion(kty, 8 * key.Modulus.Length, null, world.Now, key)
            {
                Operations = jwk["key_ops"] is JsonArray ? Operations(jwk) : AllOperations,
            };
            Apply(version, body);
            return version;
        }
        catch (CryptographicException)
        {
            throw Bad("The key's parameters do not belong together.");
        }
    }
}
