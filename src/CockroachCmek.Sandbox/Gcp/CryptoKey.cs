using System.Globalization;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Aws;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>A version of a key, with its own material.</summary>
internal sealed class CryptoKeyVersion(
    string key,
    int number,
    string protectionLevel,
    string algorithm,
    DateTimeOffset created
)
{
    public string Name { get; } = $"{key}/cryptoKeyVersions/{number.ToString(CultureInfo.InvariantCulture)}";
    public int Number { get; } = number;
    public string State { get; set; } = "ENABLED";
    public byte[]? Material { get; set; } = KmsMaterial.RandomBytes(32);
    public DateTimeOffset? DestroyTime { get; set; }
    public string? ImportJob { get; init; }
    public string? ImportFailure { get; init; }

    /// <summary>When an import is through.</summary>
    public DateTimeOffset? ImportedAt { get; init; }

    /// <summary>How long a version that was switched off can still be used.</summary>
    public DateTimeOffset UsableUntil { get; set; }

    public bool IsUsable(DateTimeOffset now) => Material is not null && (State == "ENABLED" || now < UsableUntil);

    public void Settle(DateTimeOffset now)
    {
        if (State == "PENDING_IMPORT" && now >= ImportedAt)
            State = ImportFailure is null ? "ENABLED" : "IMPORT_FAILED";
        if (State != "DESTROY_SCHEDULED" || now < DestroyTime)
            return;
        State = "DESTROYED";
        Material = null;
    }

    public JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["name"] = Name,
            ["state"] = State,
            ["protectionLevel"] = protectionLevel,
            ["algorithm"] = algorithm,
            ["createTime"] = GcpTime.Write(created),
        };
        if (ImportJob is null)
            json["generateTime"] = GcpTime.Write(created);
        else
            json["importJob"] = ImportJob;
        if (ImportJob is not null && State is not ("PENDING_IMPORT" or "IMPORT_FAILED"))
            json["importTime"] = GcpTime.Write(ImportedAt!.Value);
        if (State == "IMPORT_FAILED")
            json["importFailureReason"] = ImportFailure;
        if (State == "DESTROY_SCHEDULED")
            json["destroyTime"] = GcpTime.Write(DestroyTime!.Value);
        if (State == "DESTROYED")
            json["destroyEventTime"] = GcpTime.Write(DestroyTime!.Value);
        return json;
    }
}

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

    /// <summary>Numbers are counted up, whatever became of earlier versions.</summary>
    public CryptoKeyVersion AddVersion(DateTimeOffset at)
    {
        var version = new CryptoKeyVersion(Name, ++_lastNumber, ProtectionLevel, Algorithm, at);
        Versions.Add(version);
        return version;
    }

    /// <summary>A version of material from outside; it takes a moment until it can be used, or is known to have failed.</summary>
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

    /// <param name="effectAfter">A new primary is taken up a while after it was named (Cloud KMS documentation, consistency).</param>
    public void MakePrimary(CryptoKeyVersion version, DateTimeOffset now, TimeSpan effectAfter)
    {
        if (version == _primary)
            return;
        (_primaryBefore, _primaryBeforeUntil) = (PrimaryInUse(now), now + effectAfter);
        _primary = version;
    }

    /// <summary>What really encrypts.</summary>
    public CryptoKeyVersion? PrimaryInUse(DateTimeOffset now) =>
        _primaryBefore is not null && now < _primaryBeforeUntil ? _primaryBefore : _primary;

    /// <summary>Brings rotation and destruction up to the clock.</summary>
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

    /// <summary>A mark, the version, and what the cipher gives.</summary>
    public static byte[] Encrypt(CryptoKeyVersion version, byte[] plain, byte[] additional) =>
        [
            0x0A,
            (byte)(version.Number >> 8),
            (byte)version.Number,
            .. Cipher.Encrypt(version.Material!, plain, additional),
        ];

    /// <summary>The version that a blob says it is from; null when it is none of this key's.</summary>
    public CryptoKeyVersion? VersionOf(byte[] blob) =>
        blob.Length > 3 && blob[0] == 0x0A ? Versions.FirstOrDefault(v => v.Number == (blob[1] << 8) + blob[2]) : null;

    /// <summary>Null when the blob is from another key or was changed.</summary>
    public static byte[]? Decrypt(CryptoKeyVersion version, byte[] blob, byte[] additional) =>
        Cipher.Decrypt(version.Material!, [.. blob.Skip(3)], additional);

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

/// <summary>Times and durations as protobuf's JSON has them.</summary>
internal static class GcpTime
{
    public static string Write(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    public static string Write(TimeSpan duration) =>
        duration.TotalSeconds.ToString("0.#########", CultureInfo.InvariantCulture) + "s";

    public static TimeSpan? Duration(JsonObject message, string name)
    {
        if (GcpCall.Text(message, name) is not { } text)
            return null;
        return
            text.EndsWith("s", StringComparison.Ordinal)
            && double.TryParse(
                text.Substring(0, text.Length - 1),
                NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign,
                CultureInfo.InvariantCulture,
                out var seconds
            )
            && Math.Abs(seconds) < 1e11
            ? TimeSpan.FromSeconds(seconds)
            : throw GcpFault.Invalid(
                $"Invalid value at '{name}' (type.googleapis.com/google.protobuf.Duration), \"{text}\""
            );
    }

    public static DateTimeOffset? Instant(JsonObject message, string name)
    {
        if (GcpCall.Text(message, name) is not { } text)
            return null;
        return
            text.Contains('T')
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : throw GcpFault.Invalid(
                $"Invalid value at '{name}' (type.googleapis.com/google.protobuf.Timestamp), \"{text}\""
            );
    }
}
