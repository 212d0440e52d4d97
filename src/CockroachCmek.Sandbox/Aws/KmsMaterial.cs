using System.Globalization;
using System.IO;
using System.Security.Cryptography;
using System.Text;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>One version of a key's material.</summary>
/// <param name="Bytes">The material.</param>
/// <param name="Id">64 hexadecimal digits.</param>
/// <param name="Kind">ON_DEMAND or AUTOMATIC; empty for the first.</param>
/// <param name="Started">When the rotation began.</param>
/// <param name="Completed">When the rotation ended, as ListKeyRotations tells.</param>
/// <param name="ListedFrom">When ListKeyRotations begins to show it.</param>
/// <param name="UsedFrom">When KMS begins to encrypt with it.</param>
internal sealed record KmsMaterialVersion(
    byte[] Bytes,
    string Id,
    string Kind,
    DateTimeOffset Started,
    DateTimeOffset Completed,
    DateTimeOffset ListedFrom,
    DateTimeOffset UsedFrom
)
{
    /// <summary>When imported material expires; null for never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>Material that was imported and not rotated to yet.</summary>
/// <param name="Regions">The regions of a multi-Region key that have it.</param>
internal sealed record KmsPendingMaterial(byte[] Bytes, string Id, DateTimeOffset? ExpiresAt, HashSet<string> Regions);

/// <summary>Key material and its versions. The replicas of a multi-Region key share it.</summary>
internal sealed class KmsMaterial
{
    public KmsMaterial(string id, DateTimeOffset created, byte[]? imported = null)
    {
        Id = id;
        Add(imported ?? RandomBytes(32), "", created, created, created, created);
    }

    public string Id { get; }

    /// <summary>Every version since the key was created: old ciphertext stays readable.</summary>
    public List<KmsMaterialVersion> Versions { get; } = [];

    /// <summary>How much later than the primary a replica encrypts with a new version.</summary>
    public TimeSpan ReplicaDelay { get; private set; }

    /// <summary>Imported material that waits for a rotation.</summary>
    public KmsPendingMaterial? Pending { get; set; }

    /// <summary>When the first of the versions expires; null for never.</summary>
    public DateTimeOffset? ExpiresAt => Versions.Min(v => v.ExpiresAt);

    /// <summary>One version without its bytes makes the whole key unusable.</summary>
    public bool IsExpired(DateTimeOffset now) => ExpiresAt <= now;

    /// <summary>The first import replaces what the key was created with.</summary>
    public void ImportFirst(DateTimeOffset now, byte[] bytes, DateTimeOffset? expires)
    {
        Versions.Clear();
        Versions.Add(new KmsMaterialVersion(bytes, NewId(), "", now, now, now, now) { ExpiresAt = expires });
    }

    /// <summary>Imports the bytes of a version again; its id, or null when no version has these bytes.</summary>
    public string? ImportAgain(byte[] bytes, DateTimeOffset? expires)
    {
        var at = Versions.FindIndex(v => v.Bytes.SequenceEqual(bytes));
        if (at < 0)
            return null;
        Versions[at] = Versions[at] with { ExpiresAt = expires };
        return Versions[at].Id;
    }

    /// <summary>Starts a rotation to the pending material.</summary>
    public void StartRotationToPending(DateTimeOffset now, AwsRotationDelays delays)
    {
        var next = Pending!;
        Pending = null;
        Versions.Add(
            new KmsMaterialVersion(
                next.Bytes,
                next.Id,
                "ON_DEMAND",
                now,
                now + delays.Status,
                now + delays.List,
                now + delays.Material
            )
            {
                ExpiresAt = next.ExpiresAt,
            }
        );
    }

    /// <summary>64 hexadecimal digits.</summary>
    public static string NewId() =>
        string.Concat(RandomBytes(32).Select(b => b.ToString("x2", CultureInfo.InvariantCulture)));

    /// <summary>The version that KMS encrypts with.</summary>
    public KmsMaterialVersion Current(DateTimeOffset now) =>
        Versions.LastOrDefault(v => v.UsedFrom <= now) ?? Versions[0];

    /// <summary>The rotation that GetKeyRotationStatus still shows as running; null for none.</summary>
    public KmsMaterialVersion? Rotating(DateTimeOffset now) => Versions.FirstOrDefault(v => v.Completed > now);

    /// <summary>A rotation that is over.</summary>
    public void Rotate(DateTimeOffset at, string kind) => Add(RandomBytes(32), kind, at, at, at, at);

    /// <summary>Starts a rotation. Its three signs come one after the other.</summary>
    public void StartRotation(DateTimeOffset now, string kind, AwsRotationDelays delays)
    {
        ReplicaDelay = delays.Replica;
        Add(RandomBytes(32), kind, now, now + delays.Status, now + delays.List, now + delays.Material);
    }

    /// <summary>Encrypts with the current version. The result holds key id, version and ciphertext.</summary>
    public byte[] Encrypt(byte[] plain, byte[] context, DateTimeOffset now)
    {
        var current = Current(now);
        var id = Encoding.ASCII.GetBytes(Id);
        using var blob = new MemoryStream();
        blob.WriteByte(1);
        blob.WriteByte((byte)id.Length);
        blob.Write(id, 0, id.Length);
        blob.WriteByte((byte)Versions.IndexOf(current));
        var cipher = Cipher.Encrypt(current.Bytes, plain, context);
        blob.Write(cipher, 0, cipher.Length);
        return blob.ToArray();
    }

    /// <summary>Null when the blob is from another key or was changed, or when the context differs.</summary>
    public byte[]? Decrypt(byte[] blob, byte[] context) =>
        VersionOf(blob) is { } version ? Cipher.Decrypt(version.Bytes, [.. blob.Skip(3 + blob[1])], context) : null;

    /// <summary>The version that encrypted a blob; null when the blob is from another key.</summary>
    public KmsMaterialVersion? VersionOf(byte[] blob) =>
        IdOf(blob) == Id && blob[2 + blob[1]] < Versions.Count ? Versions[blob[2 + blob[1]]] : null;

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

    private void Add(
        byte[] bytes,
        string kind,
        DateTimeOffset started,
        DateTimeOffset completed,
        DateTimeOffset listed,
        DateTimeOffset used
    ) => Versions.Add(new KmsMaterialVersion(bytes, NewId(), kind, started, completed, listed, used));
}
