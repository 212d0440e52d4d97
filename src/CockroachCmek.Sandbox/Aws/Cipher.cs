using System.Security.Cryptography;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>Authenticated encryption: AES-256-GCM. .NET Framework has no GCM and uses AES-CBC with an HMAC.</summary>
internal static class Cipher
{
#if NET
    public static byte[] Encrypt(byte[] key, byte[] plain, byte[] context)
    {
        var nonce = KmsMaterial.RandomBytes(12);
        var (cipher, tag) = (new byte[plain.Length], new byte[16]);
        using var aes = new AesGcm(key, tag.Length);
        aes.Encrypt(nonce, plain, cipher, tag, context);
        return [.. nonce, .. tag, .. cipher];
    }

    public static byte[]? Decrypt(byte[] key, byte[] blob, byte[] context)
    {
        if (blob.Length < 28)
            return null;
        var plain = new byte[blob.Length - 28];
        try
        {
            using var aes = new AesGcm(key, 16);
            aes.Decrypt(blob.AsSpan(0, 12), blob.AsSpan(28), blob.AsSpan(12, 16), plain, context);
            return plain;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
#else
    public static byte[] Encrypt(byte[] key, byte[] plain, byte[] context)
    {
        using var aes = Aes.Create();
        aes.Key = key;
        aes.GenerateIV();
        using var encryptor = aes.CreateEncryptor();
        byte[] body = [.. aes.IV, .. encryptor.TransformFinalBlock(plain, 0, plain.Length)];
        return [.. Tag(key, body, context), .. body];
    }

    public static byte[]? Decrypt(byte[] key, byte[] blob, byte[] context)
    {
        if (blob.Length < 64)
            return null;
        byte[] body = [.. blob.Skip(32)];
        if (!Tag(key, body, context).SequenceEqual(blob.Take(32)))
            return null;
        using var aes = Aes.Create();
        aes.Key = key;
        aes.IV = [.. body.Take(16)];
        using var decryptor = aes.CreateDecryptor();
        return decryptor.TransformFinalBlock(body, 16, body.Length - 16);
    }

    private static byte[] Tag(byte[] key, byte[] body, byte[] context)
    {
        using var hmac = new HMACSHA256(key);
        return hmac.ComputeHash([.. context, .. body]);
    }
#endif
}
