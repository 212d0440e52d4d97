using System.Security.Cryptography;
using System.Text;
using CockroachCmek.Sandbox.Aws;

namespace CockroachCmek.Sandbox.Vault;

/// <summary>The key material of one version, which Vault generates and distributes.</summary>
internal sealed class VaultMaterial
{
    private VaultMaterial(byte[]? secret, RSAParameters? rsa, ECParameters? curve) =>
        (Secret, Rsa, Curve) = (secret, rsa, curve);

    /// <summary>The bytes of a symmetric key.</summary>
    public byte[]? Secret { get; }

    /// <summary>The key pair of an RSA key.</summary>
    public RSAParameters? Rsa { get; }

    /// <summary>The key pair of an ECDSA key.</summary>
    public ECParameters? Curve { get; }

    /// <summary>The key types that Vault supports.</summary>
    public static IReadOnlyList<string> Types { get; } =
    ["aes256-gcm96", "rsa-2048", "rsa-3072", "rsa-4096", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521"];

    public static VaultMaterial Generate(string type, RsaSupply supply)
    {
        switch (type)
        {
            case "aes256-gcm96":
                return new VaultMaterial(KmsMaterial.RandomBytes(32), null, null);
            case "rsa-2048" or "rsa-3072" or "rsa-4096":
                var size = int.Parse(type.Substring(4), System.Globalization.CultureInfo.InvariantCulture);
                return new VaultMaterial(null, supply.Next(size), null);
            default:
                var curve = type switch
                {
                    "ecdsa-p256" => ECCurve.NamedCurves.nistP256,
                    "ecdsa-p384" => ECCurve.NamedCurves.nistP384,
                    _ => ECCurve.NamedCurves.nistP521,
                };
                using (var ecdsa = ECDsa.Create(curve))
                    return new VaultMaterial(null, null, ecdsa.ExportParameters(true));
        }
    }

    /// <summary>The public key as Vault shows it; null for a symmetric key.</summary>
    public string? PublicKeyPem(string type) =>
        Secret is not null
            ? null
            : "-----BEGIN PUBLIC KEY-----\n"
                + Lines(Convert.ToBase64String(Rsa is { } rsa ? Der.Rsa(rsa) : Der.Curve(type, Curve!.Value)))
                + "-----END PUBLIC KEY-----\n";

    private static string Lines(string base64)
    {
        var text = new StringBuilder();
        for (var start = 0; start < base64.Length; start += 64)
            text.Append(base64, start, Math.Min(64, base64.Length - start)).Append('\n');
        return text.ToString();
    }

    /// <summary>SubjectPublicKeyInfo (RFC 5280, RFC 3279, RFC 5480); .NET Framework cannot write it.</summary>
    private static class Der
    {
        private static readonly byte[] RsaEncryption = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
        private static readonly byte[] EcPublicKey = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];

        public static byte[] Rsa(RSAParameters key) =>
            PublicKey(
                Sequence([.. Item(0x06, RsaEncryption), 0x05, 0x00]),
                Sequence([.. Integer(key.Modulus!), .. Integer(key.Exponent!)])
            );

        public static byte[] Curve(string type, ECParameters key)
        {
            byte[] curve = type switch
            {
                "ecdsa-p256" => [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
                "ecdsa-p384" => [0x2b, 0x81, 0x04, 0x00, 0x22],
                _ => [0x2b, 0x81, 0x04, 0x00, 0x23],
            };
            return PublicKey(
                Sequence([.. Item(0x06, EcPublicKey), .. Item(0x06, curve)]),
                [0x04, .. key.Q.X!, .. key.Q.Y!]
            );
        }

        private static byte[] PublicKey(byte[] algorithm, byte[] key) =>
            Sequence([.. algorithm, .. Item(0x03, [0x00, .. key])]);

        private static byte[] Sequence(byte[] content) => Item(0x30, content);

        /// <summary>An unsigned INTEGER, with a zero before a leading bit that is set.</summary>
        private static byte[] Integer(byte[] value) => Item(0x02, value[0] >= 0x80 ? [0x00, .. value] : value);

        private static byte[] Item(byte tag, byte[] content) =>
            content.Length < 0x80 ? [tag, (byte)content.Length, .. content]
            : content.Length < 0x100 ? [tag, 0x81, (byte)content.Length, .. content]
            : [tag, 0x82, (byte)(content.Length >> 8), (byte)content.Length, .. content];
    }
}
