using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>The writable and the immutable fields of a CryptoKey (discovery document, CryptoKey).</summary>
internal static class CryptoKeyFields
{
    private static readonly TimeSpan ShortestPeriod = TimeSpan.FromHours(24);
    private static readonly TimeSpan LongestPeriod = TimeSpan.FromHours(876_000);
    private static readonly TimeSpan LongestDestroyDelay = TimeSpan.FromDays(120);

    /// <exception cref="GcpException">INVALID_ARGUMENT: a field is unknown or its value is not allowed.</exception>
    public static CryptoKey Read(JsonObject body, string name, DateTimeOffset now)
    {
        AllowFields(body);
        var purpose = GcpJson.Text(body, "purpose")
            ?? throw GcpException.Invalid("The purpose of a CryptoKey must be set.");
        var template = GcpJson.Message(body, "versionTemplate") ?? [];
        var level = GcpJson.Text(template, "protectionLevel") ?? "SOFTWARE";
        if (level is not ("SOFTWARE" or "HSM"))
            throw GcpException.Invalid($"The protection level {level} is not available here: SOFTWARE or HSM.");
        var delay = GcpTime.Duration(body, "destroyScheduledDuration") ?? TimeSpan.FromDays(30);
        if (delay < ShortestPeriod || delay > LongestDestroyDelay)
            throw GcpException.Invalid("destroy_scheduled_duration must be between 24 hours and 120 days.");
        var key = new CryptoKey(name, purpose, level, now)
        {
            Algorithm = Algorithm(purpose, GcpJson.Text(template, "algorithm")),
            ImportOnly = body["importOnly"] is JsonValue flag && flag.TryGetValue<bool>(out var only) && only,
            DestroyDelay = delay,
            Labels = Labels(body),
        };
        (key.RotationPeriod, key.NextRotation) = Rotation(
            key,
            GcpTime.Duration(body, "rotationPeriod"),
            GcpTime.Instant(body, "nextRotationTime"),
            now
        );
        return key;
    }

    /// <summary>Changes the fields in the mask. A field in the mask that the body omits is cleared.</summary>
    public static void Patch(CryptoKey key, JsonObject body, string? updateMask, DateTimeOffset now)
    {
        AllowFields(body);
        var mask = GcpJson.Mask(updateMask);
        if (mask.Length == 0)
            throw GcpException.Invalid("The update_mask is missing.");
        var template = GcpJson.Message(body, "versionTemplate") ?? [];
        foreach (var path in mask)
        {
            if (
                path
                    is "purpose"
                        or "destroyScheduledDuration"
                        or "importOnly"
                        or "cryptoKeyBackend"
                        or "versionTemplate.protectionLevel"
                || (
                    path == "versionTemplate"
                    && GcpJson.Text(template, "protectionLevel") is { } level
                    && level != key.ProtectionLevel
                )
            )
                throw GcpException.Invalid($"The field {path} of a CryptoKey is immutable.");
            if (
                path
                is not (
                    "labels"
                    or "rotationPeriod"
                    or "nextRotationTime"
                    or "versionTemplate"
                    or "versionTemplate.algorithm"
                )
            )
                throw GcpException.Invalid($"The update_mask names {path}, which cannot be updated.");
        }

        var algorithm = mask.Any(p => p.StartsWith("versionTemplate", StringComparison.Ordinal))
            ? Algorithm(key.Purpose, GcpJson.Text(template, "algorithm"))
            : key.Algorithm;
        var labels = mask.Contains("labels") ? Labels(body) : key.Labels;
        var touchesRotation = mask.Contains("rotationPeriod") || mask.Contains("nextRotationTime");
        var (period, next) = !touchesRotation
            ? (key.RotationPeriod, key.NextRotation)
            : Rotation(
                key,
                mask.Contains("rotationPeriod") ? GcpTime.Duration(body, "rotationPeriod") : key.RotationPeriod,
                mask.Contains("nextRotationTime") ? GcpTime.Instant(body, "nextRotationTime") : key.NextRotation,
                now
            );
        (key.Algorithm, key.Labels, key.RotationPeriod, key.NextRotation) = (algorithm, labels, period, next);
    }

    private static void AllowFields(JsonObject body)
    {
        GcpJson.AllowFields(
            body,
            "crypto_key",
            "name",
            "primary",
            "purpose",
            "createTime",
            "nextRotationTime",
            "rotationPeriod",
            "versionTemplate",
            "labels",
            "importOnly",
            "destroyScheduledDuration"
        );
        if (GcpJson.Message(body, "versionTemplate") is { } template)
            GcpJson.AllowFields(template, "crypto_key.version_template", "protectionLevel", "algorithm");
    }

    private static string Algorithm(string purpose, string? algorithm)
    {
        var pattern = purpose switch
        {
            "ENCRYPT_DECRYPT" => "^GOOGLE_SYMMETRIC_ENCRYPTION$",
            "RAW_ENCRYPT_DECRYPT" => "^AES_(128|256)_(GCM|CBC|CTR)$",
            "ASYMMETRIC_SIGN" => "^(RSA_SIGN|EC_SIGN)_",
            "ASYMMETRIC_DECRYPT" => "^RSA_DECRYPT_",
            "MAC" => "^HMAC_",
            _ => throw GcpException.Invalid($"Invalid value at 'crypto_key.purpose', \"{purpose}\""),
        };
        if (purpose == "ENCRYPT_DECRYPT")
            algorithm ??= "GOOGLE_SYMMETRIC_ENCRYPTION";
        return algorithm is not null && Regex.IsMatch(algorithm, pattern)
            ? algorithm
            : throw GcpException.Invalid($"The algorithm {algorithm} does not go with the purpose {purpose}.");
    }

    private static (TimeSpan?, DateTimeOffset?) Rotation(
        CryptoKey key,
        TimeSpan? period,
        DateTimeOffset? next,
        DateTimeOffset now
    )
    {
        if (period is null && next is null)
            return (null, null);
        if (key.Purpose != "ENCRYPT_DECRYPT")
            throw GcpException.Invalid($"Keys with the purpose {key.Purpose} do not rotate by themselves.");
        if (key.ImportOnly)
            throw GcpException.Invalid("An import-only key does not rotate by itself.");
        if (period < ShortestPeriod || period > LongestPeriod)
            throw GcpException.Invalid("rotation_period must be between 24 hours and 876,000 hours.");
        if (period is not null && next is null)
            throw GcpException.Invalid("If rotation_period is set, next_rotation_time must also be set.");
        if (next <= now && next != key.NextRotation)
            throw GcpException.Invalid("next_rotation_time must be in the future.");
        return (period, next);
    }

    private static SortedDictionary<string, string> Labels(JsonObject body)
    {
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var label in GcpJson.Message(body, "labels") ?? [])
        {
            var value =
                label.Value is JsonValue text && text.TryGetValue<string>(out var given)
                    ? given
                    : throw GcpException.Invalid("Invalid value at 'crypto_key.labels'");
            if (
                !Regex.IsMatch(label.Key, @"^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}$")
                || !Regex.IsMatch(value, @"^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$")
            )
                throw GcpException.Invalid($"The label {label.Key}={value} is invalid.");
            labels[label.Key] = value;
        }

        return labels.Count <= 64 ? labels : throw GcpException.Invalid("A key has 64 labels at most.");
    }
}
