using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Gcp;

namespace CockroachCmek.Sandbox.Vault;

/// <summary>A service account's key file, as Vault's Google client reads it.</summary>
internal sealed record ServiceAccountFile(string Email, RSAParameters Key)
{
    /// <exception cref="CloudRefusedException">The text is not a key file.</exception>
    public static ServiceAccountFile Parse(string text)
    {
        try
        {
            var file = JsonNode.Parse(text) as JsonObject;
            if ((string?)file?["client_email"] is { } email && (string?)file["private_key"] is { } pem)
                return new ServiceAccountFile(email, Pkcs8(pem));
        }
        catch (Exception error)
            when (error
                    is JsonException
                        or ArgumentException
                        or FormatException
                        or InvalidOperationException
                        or IndexOutOfRangeException
            )
        {
            // The error below does not show why, because the reason could contain a part of the secret.
        }

        throw new CloudRefusedException("error reading credentials: the file is not a service account key");
    }

    /// <summary>True if the private key belongs to this public key.</summary>
    public bool Matches(RSAParameters publicKey)
    {
        var data = Encoding.ASCII.GetBytes(Email);
        try
        {
            using var signer = RsaKeys.Open(Key);
            using var verifier = RsaKeys.Open(publicKey);
            return verifier.VerifyData(
                data,
                signer.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
                HashAlgorithmName.SHA256,
                RSASignaturePadding.Pkcs1
            );
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>
    /// Reads PrivateKeyInfo with RSAPrivateKey (RFC 5208, RFC 8017), which .NET Framework cannot read.
    /// </summary>
    private static RSAParameters Pkcs8(string pem)
    {
        var der = Convert.FromBase64String(
            string.Concat(pem.Split('\n').Where(line => !line.StartsWith("-----", StringComparison.Ordinal)))
        );
        var outer = Items(Items(der)[0]);
        var numbers = Items(Items(outer[2])[0]);
        byte[] Number(int index, int length)
        {
            byte[] digits = [.. numbers[index].SkipWhile(b => b == 0)];
            return [.. new byte[Math.Max(0, length - digits.Length)], .. digits];
        }

        var modulus = Number(1, 0);
        var (whole, half) = (modulus.Length, (modulus.Length + 1) / 2);
        return new RSAParameters
        {
            Modulus = modulus,
            Exponent = Number(2, 0),
            D = Number(3, whole),
            P = Number(4, half),
            Q = Number(5, half),
            DP = Number(6, half),
            DQ = Number(7, half),
            InverseQ = Number(8, half),
        };
    }

    /// <summary>The contents of a sequence of DER items.</summary>
    private static List<byte[]> Items(byte[] der)
    {
        var items = new List<byte[]>();
        for (var offset = 0; offset < der.Length; )
        {
            var length = (int)der[offset + 1];
            var start = offset + 2;
            if (length >= 0x80)
            {
                var bytes = length & 0x7F;
                length = 0;
                for (var i = 0; i < bytes; i++)
                    length = (length << 8) + der[start++];
            }

            if (length < 0 || length > der.Length - start)
                throw new FormatException("an item is longer than its container");
            var content = new byte[length];
            Buffer.BlockCopy(der, start, content, 0, length);
            items.Add(content);
            offset = start + length;
        }

        return items;
    }
}
