using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>The properties of a new key.</summary>
internal sealed record KeyShape(string Kty, int Size, IReadOnlyDictionary<string, string> Tags)
{
    public const int DefaultSize = 3072;

    public static IReadOnlyList<string> DefaultOperations { get; } = ["encrypt", "decrypt", "wrapKey", "unwrapKey"];

    public IReadOnlyList<string> Operations { get; init; } = DefaultOperations;

    public DateTimeOffset? ExpiresOn { get; init; }
}

/// <summary>A version of a key.</summary>
internal sealed record KeyBundle(KeyMaterial Key, KeyAttributes Attributes)
{
    public IReadOnlyDictionary<string, string>? Tags { get; init; }
}

/// <summary>The public part of a key.</summary>
/// <param name="Kid">The Key Identifier, with its version.</param>
/// <param name="Kty">The key type.</param>
internal sealed record KeyMaterial(string Kid, string Kty)
{
    /// <summary>The type of an RSA key in software.</summary>
    public const string Rsa = "RSA";

    /// <summary>The type of an RSA key in hardware.</summary>
    public const string RsaHsm = "RSA-HSM";

    [JsonPropertyName("key_ops")]
    public IReadOnlyList<string>? Operations { get; init; }

    /// <summary>The modulus of an RSA key.</summary>
    public string? N { get; init; }

    public bool IsRsa => Kty is Rsa or RsaHsm;

    public CmekProtectionLevel ProtectionLevel =>
        Kty == RsaHsm ? CmekProtectionLevel.Hsm : CmekProtectionLevel.Software;

    /// <summary>Bits of the modulus, without a leading zero byte; null for a key that has none.</summary>
    public int? Size => N is { Length: > 0 } n ? n.TrimEnd('=').Length * 6 / 64 * 64 : null;
}

/// <summary>State and dates of a version. Dates are seconds since 1970.</summary>
internal sealed record KeyAttributes
{
    public bool Enabled { get; init; }

    public long? Created { get; init; }

    public long? Updated { get; init; }

    public long? Exp { get; init; }

    public long? Nbf { get; init; }

    public DateTimeOffset? CreatedOn => UnixTime.From(Created);

    public DateTimeOffset? UpdatedOn => UnixTime.From(Updated);

    public DateTimeOffset? ExpiresOn => UnixTime.From(Exp);

    public DateTimeOffset? NotBefore => UnixTime.From(Nbf);
}

/// <summary>A key in the list of keys, or a version in the list of a key's versions.</summary>
internal sealed record KeyItem(string Kid, KeyAttributes Attributes)
{
    public IReadOnlyDictionary<string, string>? Tags { get; init; }
}

/// <summary>A deleted key that can be recovered.</summary>
internal sealed record DeletedKey(string? RecoveryId, long? ScheduledPurgeDate)
{
    public DateTimeOffset? PurgedOn => UnixTime.From(ScheduledPurgeDate);
}

/// <summary>When Key Vault creates new versions of a key by itself.</summary>
internal sealed record RotationPolicy
{
    public IReadOnlyList<LifetimeAction>? LifetimeActions { get; init; }

    public JsonObject? Attributes { get; init; }

    /// <summary>The action that rotates; null when none does.</summary>
    [JsonIgnore]
    public LifetimeAction? Rotation => LifetimeActions?.FirstOrDefault(a => a.Rotates);

    /// <summary>A policy that creates a version a number of days after the last one.</summary>
    public static RotationPolicy Every(int days) =>
        new RotationPolicy().WithRotation(
            new LifetimeAction(
                new LifetimeTrigger { TimeAfterCreate = $"P{days}D" },
                new LifetimeActionType(LifetimeActionType.Rotate)
            )
        );

    /// <summary>The same policy with another rotation, ready to be sent: without its read-only attributes.</summary>
    public RotationPolicy WithRotation(LifetimeAction rotation)
    {
        var attributes = Attributes?.DeepClone() as JsonObject ?? [];
        attributes.Remove("created");
        attributes.Remove("updated");
        return new RotationPolicy
        {
            LifetimeActions = [rotation, .. (LifetimeActions ?? []).Where(a => !a.Rotates)],
            Attributes = attributes,
        };
    }
}

/// <summary>What happens to a key at a point of its life.</summary>
internal sealed record LifetimeAction(LifetimeTrigger Trigger, LifetimeActionType Action)
{
    [JsonIgnore]
    public bool Rotates => string.Equals(Action.Type, LifetimeActionType.Rotate, StringComparison.OrdinalIgnoreCase);
}

/// <summary>When an action happens, as ISO 8601 durations in days, months or years.</summary>
internal sealed record LifetimeTrigger
{
    public string? TimeAfterCreate { get; init; }

    public string? TimeBeforeExpiry { get; init; }
}

/// <summary>The kind of an action.</summary>
internal sealed record LifetimeActionType(string Type)
{
    public const string Rotate = "Rotate";
}

/// <summary>Key Vault's dates.</summary>
internal static class UnixTime
{
    public static DateTimeOffset? From(long? seconds) =>
        seconds is { } at ? DateTimeOffset.FromUnixTimeSeconds(at) : null;
}
