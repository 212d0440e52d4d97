using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys;

/// <summary>Where a key's material comes from, and what that means for its life.</summary>
/// <param name="Kind">The origin.</param>
/// <param name="Detail">The same for people, as a part of a sentence: "was imported".</param>
internal sealed record KeyOrigin(CmekKeyOrigin Kind, string Detail)
{
    /// <summary>
    /// The value of the mark on a key that Vault distributed. It suits tags and labels of every cloud.
    /// </summary>
    public const string VaultMark = "hashicorp-vault";

    /// <summary>The value by which people mark an imported key, where the cloud does not report it.</summary>
    public const string ImportedMark = "imported";

    /// <summary>The value by which people mark a key as generated in the KMS.</summary>
    public const string CloudMark = "cloud";

    /// <summary>Vault names a key in the KMS after its own key, with the time of its distribution.</summary>
    private static readonly Regex Distributed = new("-[0-9]{10}$", RegexOptions.CultureInvariant);

    /// <summary>When the material expires; null for never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The cluster that the key was distributed for; null when no mark tells it.</summary>
    public string? ClusterId { get; init; }

    /// <summary>True when a new key of the KMS would have another origin.</summary>
    public bool IsForeign => Kind is not (CmekKeyOrigin.Cloud or CmekKeyOrigin.Unknown);

    /// <summary>Generated in HashiCorp Vault.</summary>
    public static KeyOrigin OfVault { get; } = new(CmekKeyOrigin.HashiCorpVault, "was generated in HashiCorp Vault");

    /// <summary>Imported into the KMS.</summary>
    public static KeyOrigin Imported { get; } = new(CmekKeyOrigin.Imported, "was imported");

    /// <summary>Not known.</summary>
    public static KeyOrigin Unknown { get; } = new(CmekKeyOrigin.Unknown, "has an origin that is not known");

    /// <summary>Generated in the cloud's own KMS.</summary>
    /// <param name="kms">The KMS for people.</param>
    public static KeyOrigin OfCloud(string kms) => new(CmekKeyOrigin.Cloud, $"was generated in {kms}");

    /// <summary>The origin that a mark names; null for no mark, or one with another value.</summary>
    public static KeyOrigin? OfMark(string? mark, string kms) =>
        mark switch
        {
            VaultMark => OfVault,
            ImportedMark => Imported,
            CloudMark => OfCloud(kms),
            _ => null,
        };

    /// <summary>True for a name that Vault gives a key in a KMS.</summary>
    public static bool IsDistributedName(string name) => Distributed.IsMatch(name);
}
