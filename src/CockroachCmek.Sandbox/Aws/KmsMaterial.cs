using System.IO;
using System.Security.Cryptography;
using System.Text;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>Key material and its versions. The replicas of a multi-Region key share it.</summary>
internal sealed class KmsMaterial(string id, DateTimeOffset created, byte[]? imported = null)
{
    public string Id { get; } = id;

    /// <summary>Every version since the key was created: old ciphertext stays readable.</summary>
    public List<(byte[] Bytes, DateTimeOffset Created, string Kind)> Versions { get; } =
    [(imported ?? RandomBytes(32), created, "")];

    public void Rotate(DateTimeOffset now, string kind) => Versions.Add((RandomBytes(32), now, kind));

    /// <summary>Encrypts with the latest version. The result holds key id, version and ciphertext.</summary>
    public byte[] Encrypt(byte[] plain, byte[] context)
    {
        var version = Versions.Count - 1;
        var id = Encoding.ASCII.GetBytes(Id);
        using var blob = new MemoryStream();
        blob.WriteByte(1);
        blob.WriteByte((byte)id.Length);
        blob.Write(id, 0, id.Length);
        blob.WriteByte((byte)version);
        var cipher = Cipher.Encrypt(Versions[version].Bytes, plain, context);
        blob.Write(cipher, 0, cipher.Length);
        return blob.ToArray();
    }

    /// <summary>Null when the blob is from another key or was changed, or when the context differs.</summary>
    public byte[]? Decrypt(byte[] blob, byte[] context)
    {
        if (IdOf(blob) != Id)
            return null;
        var at = 2 + blob[1];
        return blob[at] < Versions.Count
            ? Cipher.Decrypt(Versions[blob[at]].Bytes, [.. blob.Skip(at + 1)], context)
            : null;
    }

    /// <summary>The id of the key that encrypted a blob; null when the sandbox's KMS did not.</summary>
    public static string? IdOf(byte[] blob) =>
        blob.Length > 3 && blob[0] == 1 && blob.Length > 3 + blob[1]
            ? Encoding.ASCII.GetString(blob, 2, blob[1])
            : null;

    public static byte[] RandomBytes(int count)
    {
        var bytes = new byte[count];
        using var random = RandomNumberGenerator.Create();
        random.GetBytes(bytes);
        return bytes;
    }
}
