using System.Security.Cryptography;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>Unwraps AES key wrap with padding (RFC 5649).</summary>
internal static class KeyWrap
{
    private static readonly byte[] Marker = [0xA6, 0x59, 0x59, 0xA6];

    /// <summary>The unwrapped bytes; null if they were not wrapped with this key.</summary>
    public static byte[]? Unwrap(byte[] key, byte[] wrapped)
    {
        if (wrapped.Length < 16 || wrapped.Length % 8 != 0)
            return null;
        using var aes = Aes.Create();
        aes.Key = key;
        aes.Mode = CipherMode.ECB;
        aes.Padding = PaddingMode.None;
        using var decryptor = aes.CreateDecryptor();
        var blocks = (wrapped.Length / 8) - 1;
        byte[] head = [.. wrapped.Take(8)];
        byte[] body = [.. wrapped.Skip(8)];
        if (blocks == 1)
        {
            var both = decryptor.TransformFinalBlock(wrapped, 0, 16);
            (head, body) = ([.. both.Take(8)], [.. both.Skip(8)]);
        }
        else
        {
            for (var step = 6 * blocks; step > 0; step--)
            {
                var offset = 8 * ((step - 1) % blocks);
                byte[] input = [.. head, .. body.Skip(offset).Take(8)];
                for (var i = 0; i < 4; i++)
                    input[7 - i] ^= (byte)(step >> (8 * i));
                var output = decryptor.TransformFinalBlock(input, 0, 16);
                head = [.. output.Take(8)];
                Buffer.BlockCopy(output, 8, body, offset, 8);
            }
        }

        var length = (head[4] << 24) | (head[5] << 16) | (head[6] << 8) | head[7];
        var fits =
            head.Take(4).SequenceEqual(Marker)
            && length > body.Length - 8
            && length <= body.Length
            && body.Skip(length).All(b => b == 0);
        return fits ? [.. body.Take(length)] : null;
    }
}
