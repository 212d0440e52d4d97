using System.Globalization;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Aws;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>A key of Cloud KMS.</summary>
internal sealed class CryptoKey(string name, string purpose, string protectionLevel, DateTimeOffset created)
{
    private int _lastNumber;
    private CryptoKeyVersion? _primary;
    private CryptoKeyVersion? _primaryBefore;
    private DateTimeOffset _primaryBeforeUntil;

    public string Name { get; } = name;
    public string Purpose { get; } = purpose;
    public string ProtectionLevel { get; } = protectionLevel;
    public bool ImportOnly { get; init; }
    public TimeSpan DestroyDelay { get; init; } = TimeSpan.FromDays(30);
    public required string Algorithm { get; set; }
    public SortedDictionary<string, string> Labels { get; set; } = new(StringComparer.Ordinal);
    public TimeSpan? RotationPeriod { get; set; }
    public DateTimeOffset? NextRotation { get; set; }
    public List<CryptoKeyVersion> Versions { get; } = [];
    public CryptoKeyVersion? Primary => _primary;

    /// <summary>Adds a version. Numbers are never used again.</summary>
    public CryptoKeyVersion AddVersion(DateTimeOffset at)
    {
        var version = new CryptoKeyVersion(Name, ++_lastNumber, ProtectionLevel, Algorithm, at);
        Versions.Add(version);
        return version;
    }

    /// <summary>Adds a version with imported material. The import completes or fails after a few seconds.</summary>
    public CryptoKeyVersion AddImported(DateTimeOffset at, string job, byte[]? material, string? failure)
    {
        var version = new CryptoKeyVersion(Name, ++_lastNumber, ProtectionLevel, Algorithm, at)
        {
            ImportJob = job,
            ImportFailure = failure,
            ImportedAt = at + TimeSpan.FromSeconds(5),
            State = "PENDING_IMPORT",
            Material = material,
        };
        Versions.Add(version);
        return version;
    }

    /// <param name="effectAfter">
    /// How long the former primary version still encrypts (Cloud KMS documentation, consistency).
    /// </param>
    public void MakePrimary(CryptoKeyVersion version, DateTimeOffset now, TimeSpan effectAfter)
    {
        if (version == _primary)
            return;
        (_primaryBefore, _primaryBeforeUntil) = (PrimaryInUse(now), now + effectAfter);
        _primary = version;
    }

    /// <summary>The version that encrypts: the former primary version until the change takes effect.</summary>
    public CryptoKeyVersion? PrimaryInUse(DateTimeOffset now) =>
        _primaryBefore is not null && now < _primaryBeforeUntil ? _primaryBefore : _primary;

    /// <summary>Performs rotations, imports and destructions that are due.</summary>
    public void Settle(DateTimeOffset now)
    {
        while (NextRotation <= now)
        {
            MakePrimary(AddVersion(NextRotation.Value), NextRotation.Value, TimeSpan.Zero);
            NextRotation = RotationPeriod is { } period ? NextRotation + period : null;
        }

        foreach (var version in Versions)
            version.Settle(now);
    }

    /// <summary>A ciphertext: a marker, the version number and the encrypted bytes.</summary>
    public static byte[] Encrypt(CryptoKeyVersion version, byte[] plaintext, byte[] additionalData) =>
        [
            0x0A,
            (byte)(version.Number >> 8),
            (byte)version.Number,
            .. Cipher.Encrypt(version.Material!, plaintext, additionalData),
        ];

    /// <summary>The version that a ciphertext names; null if it is not a version of this key.</summary>
    public CryptoKeyVersion? VersionOf(byte[] ciphertext) =>
        ciphertext.Length > 3 && ciphertext[0] == 0x0A
            ? Versions.FirstOrDefault(v => v.Number == (ciphertext[1] << 8) + ciphertext[2])
            : null;

    /// <exception cref="GcpException">NOT_FOUND.</exception>
    public CryptoKeyVersion FindVersion(string number) =>
        Versions.FirstOrDefault(v => v.Number.ToString(CultureInfo.InvariantCulture) == number)
        ?? throw GcpException.NotFound($"CryptoKeyVersion {Name}/cryptoKeyVersions/{number}");

    /// <summary>The plaintext; null if the ciphertext is from another key or was changed.</summary>
    public static byte[]? Decrypt(CryptoKeyVersion version, byte[] ciphertext, byte[] additionalData) =>
        Cipher.Decrypt(version.Material!, [.. ciphertext.Skip(3)], additionalData);

    public JsonObject ToJson()
    {
        var json = new JsonObject { ["name"] = Name };
        if (_primary is not null)
            json["primary"] = _primary.ToJson();
        json["purpose"] = Purpose;
        json["createTime"] = GcpTime.Write(created);
        if (NextRotation is { } next)
            json["nextRotationTime"] = GcpTime.Write(next);
        if (RotationPeriod is { } period)
            json["rotationPeriod"] = GcpTime.Write(period);
        json["versionTemplate"] = new JsonObject { ["protectionLevel"] = ProtectionLevel, ["algorithm"] = Algorithm };
        if (Labels.Count > 0)
        {
            var labels = new JsonObject();
            foreach (var label in Labels)
                labels[label.Key] = label.Value;
            json["labels"] = labels;
        }

        if (ImportOnly)
            json["importOnly"] = true;
        json["destroyScheduledDuration"] = GcpTime.Write(DestroyDelay);
        return json;
    }
}
