using System.IO;
using System.Security.Cryptography;
using System.Text;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>Key material and its versions; the replicas of a multi-region key share one.</summary>
internal sealed class KmsMaterial(string id, DateTimeOffset created, byte[]? imported = null)
{
    public string Id { get; } = id;

    /// <summary>Every version that there ever was: old ciphertext stays readable.</summary>
    public List<(byte[] Bytes, DateTimeOffset Created, string Kind)> Versions { get; } =
    [(imported ?? RandomBytes(32), created, "")];

    public void Rotate(DateTimeOffset now, string kind) => Versions.Add((RandomBytes(32), now, kind));

    /// <summary>Key id, version and what the cipher gives, in one blob.</summary>
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

    /// <summary>Null when the blob is not from this key, or was changed, or the context differs.</summary>
    public byte[]? Decrypt(byte[] blob, byte[] context)
    {
        if (IdOf(blob) != Id)
            return null;
        var at = 2 + blob[1];
        return blob[at] < Versions.Count
            ? Cipher.Decrypt(Versions[blob[at]].Bytes, [.. blob.Skip(at + 1)], context)
            : null;
    }

    /// <summary>The key that a blob is from; null when it is none of ours.</summary>
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

/// <summary>Authenticated encryption: AES-256-GCM; on .NET Framework, which has no GCM, AES-CBC with an HMAC over it.</summary>
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

/// <summary>A key in one region. Policy, tags, alias and state are each region's own; the material may be shared.</summary>
internal sealed class KmsKey(string region, string accountId, string id, KmsMaterial material, DateTimeOffset created)
{
    public string Region { get; } = region;
    public string Id { get; } = id;
    public string Arn { get; } = $"arn:{Partition(region)}:kms:{region}:{accountId}:key/{id}";
    public KmsMaterial Material { get; } = material;
    public DateTimeOffset Created { get; } = created;
    public string Description { get; set; } = "";
    public string KeySpec { get; init; } = "SYMMETRIC_DEFAULT";
    public string KeyUsage { get; init; } = "ENCRYPT_DECRYPT";
    public bool MultiRegion { get; init; }

    /// <summary>AWS_KMS, or EXTERNAL for material that was imported.</summary>
    public string Origin { get; init; } = "AWS_KMS";
    public string PrimaryRegion { get; init; } = region;
    public bool Enabled { get; set; } = true;
    public DateTimeOffset? CreatingUntil { get; init; }
    public DateTimeOffset? DeletionDate { get; set; }
    public int? RotationPeriod { get; set; }
    public DateTimeOffset RotationStart { get; set; }
    public required PolicyDocument Policy { get; set; }

    /// <summary>Whom the policy's ARNs stood for when it was written.</summary>
    public IReadOnlyDictionary<string, string> PolicyPrincipals { get; set; } = new Dictionary<string, string>();
    public SortedDictionary<string, string> Tags { get; } = new(StringComparer.Ordinal);
    public bool IsPrimary => Region == PrimaryRegion;

    public string State(DateTimeOffset now) =>
        DeletionDate is not null ? "PendingDeletion"
        : CreatingUntil > now ? "Creating"
        : Enabled ? "Enabled"
        : "Disabled";

    public static string Partition(string region) =>
        region.StartsWith("cn-", StringComparison.Ordinal) ? "aws-cn"
        : region.StartsWith("us-gov-", StringComparison.Ordinal) ? "aws-us-gov"
        : "aws";
}
