using CockroachCmek.Core.Keys.Gcp.Access;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>What makes a key unfit for CMEK, found before anything is written.</summary>
internal static class GcpKeyFitness
{
    private const string SymmetricPurpose = "ENCRYPT_DECRYPT";

    /// <summary>Problems of the key's purpose and of its primary version.</summary>
    public static IEnumerable<CmekException> KeyProblems(GcpKeyName name, CryptoKey key)
    {
        if (PurposeProblem(name, key) is { } wrongPurpose)
            yield return wrongPurpose;
        else if (key.Primary is not { } primary)
            yield return GcpErrors.KeyHasNoPrimary(name);
        else if (primary.State is "DESTROY_SCHEDULED" or "DESTROYED")
            yield return GcpErrors.KeyPendingDeletion(name, primary);
        else if (primary.State == "DISABLED")
            yield return GcpErrors.KeyDisabled(name, primary.Id);
        else if (primary.State != "ENABLED")
            yield return Errors.KeyNotEnabled(
                $"Version {primary.Id} of {name}",
                primary.State ?? "in an unknown state"
            );
    }

    /// <summary>The error for a key that is not symmetric; null when it is.</summary>
    /// <remarks>
    /// RAW_ENCRYPT_DECRYPT is symmetric too, but has other ciphertexts (AES_256_GCM and the like, most of them in
    /// hardware only), which CMEK's Encrypt call does not reach.
    /// </remarks>
    public static CmekException? PurposeProblem(GcpKeyName name, CryptoKey key) =>
        key.Purpose == SymmetricPurpose
            ? null
            : Errors.KeyNotSymmetric(
                name.ToString(),
                $"for {key.Purpose} ({key.VersionTemplate?.Algorithm ?? "of an unknown algorithm"})"
            );

    /// <summary>
    /// The error for an account that surely may not use a key; null when it may, or may on conditions.
    /// </summary>
    public static CmekException? GrantProblem(GcpKeyName name, GcpReading reading) =>
        reading.Access.Verdict switch
        {
            CmekAccessVerdict.Denied => GcpErrors.KeyUseDenied(name, reading),
            CmekAccessVerdict.NotGranted => GcpErrors.KeyNotGranted(name, reading.Access),
            _ => null,
        };

    /// <summary>Why Google Cloud cannot create material for a key by itself; null when it can.</summary>
    public static string? ForeignOrigin(CryptoKey key) =>
        key.ImportOnly == true ? "its versions are imported"
        : IsExternal(key) ? "its material is in an external key manager"
        : null;

    /// <summary>True when the key's material is in a key manager outside of Google Cloud.</summary>
    public static bool IsExternal(CryptoKey key) =>
        key.VersionTemplate?.ProtectionLevel is "EXTERNAL" or "EXTERNAL_VPC";

    /// <summary>True when the key in use was imported.</summary>
    public static bool IsImported(CryptoKey key) => key.ImportOnly == true || key.Primary?.ImportJob is { Length: > 0 };
}
