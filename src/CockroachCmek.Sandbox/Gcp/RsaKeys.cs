using System.Security.Cryptography;
using System.Text;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>
/// RSA keys and their PEM. .NET Framework writes neither PKCS #8 nor SubjectPublicKeyInfo, so their DER is written here
/// (RFC 5208, 5280, 8017).
/// </summary>
internal static class RsaKeys
{
    /// <summary>AlgorithmIdentifier of rsaEncryption, with its NULL.</summary>
    private static readonly byte[] RsaEncryption =
    [
        0x30,
        0x0D,
        0x06,
        0x09,
        0x2A,
        0x86,
        0x48,
        0x86,
        0xF7,
        0x0D,
        0x01,
        0x01,
        0x01,
        0x05,
        0x00,
    ];

#if NET
    public static RSA Create(int bits) => RSA.Create(bits);
#else
    // The default provider of .NET Framework does not support OAEP with SHA-256.
    public static RSA Create(int bits) => new RSACng(bits);
#endif

    public static RSA Open(RSAParameters key)
    {
        var rsa = Create(2048);
        rsa.ImportParameters(key);
        return rsa;
    }

    public static string PrivatePem(RSAParameters key)
    {
        var inner = Sequence(
            Integer([0]),
            Integer(key.Modulus!),
            Integer(key.Exponent!),
            Integer(key.D!),
            Integer(key.P!),
            Integer(key.Q!),
            Integer(key.DP!),
            Integer(key.DQ!),
            Integer(key.InverseQ!)
        );
        return Pem("PRIVATE KEY", Sequence(Integer([0]), RsaEncryption, Tagged(0x04, inner)));
    }

    public static string PublicPem(RSAParameters key) => Pem("PUBLIC KEY", PublicDer(key));

    /// <summary>SubjectPublicKeyInfo.</summary>
    public static byte[] PublicDer(RSAParameters key) =>
        Sequence(RsaEncryption, Tagged(0x03, [0x00, .. Sequence(Integer(key.Modulus!), Integer(key.Exponent!))]));

    private static string Pem(string label, byte[] der)
    {
        var body = Convert.ToBase64String(der);
        var text = new StringBuilder("-----BEGIN ").Append(label).Append("-----\n");
        for (var start = 0; start < body.Length; start += 64)
            text.Append(body.Substring(start, Math.Min(64, body.Length - start))).Append('\n');
        return text.Append("-----END ").Append(label).Append("-----\n").ToString();
    }

    private static byte[] Sequence(params byte[][] parts) => Tagged(0x30, [.. parts.SelectMany(p => p)]);

    /// <summary>An unsigned INTEGER without leading zeros, except one before a high bit.</summary>
    private static byte[] Integer(byte[] value)
    {
        var start = 0;
        while (start < value.Length - 1 && value[start] == 0)
            start++;
        byte[] digits = [.. value.Skip(start)];
        return Tagged(0x02, digits[0] >= 0x80 ? [0x00, .. digits] : digits);
    }

    private static byte[] Tagged(byte tag, byte[] content)
    {
        byte[] length =
            content.Length < 0x80 ? [(byte)content.Length]
            : content.Length < 0x100 ? [0x81, (byte)content.Length]
            : [0x82, (byte)(content.Length >> 8), (byte)content.Length];
        return [tag, .. length, .. content];
    }
}
