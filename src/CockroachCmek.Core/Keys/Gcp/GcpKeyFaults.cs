namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>What makes a key unfit for CMEK, before anything is written: each with the id and the next command that the user reads.</summary>
internal static class GcpKeyFaults
{
    /// <summary>Purpose, algorithm and the version that encrypts.</summary>
    public static IEnumerable<CmekException> OfKey(GcpKeyName name, CryptoKey key)
    {
        // RAW_ENCRYPT_DECRYPT is symmetric too, but its ciphertext is another (AES_256_GCM and the like, most of them in hardware only): CMEK's Encrypt call does not reach it.
        if (key.Purpose != "ENCRYPT_DECRYPT")
        {
            yield return Errors.KeyNotSymmetric(
                name.ToString(),
                $"for {key.Purpose} ({key.VersionTemplate?.Algorithm ?? "of an unknown algorithm"})"
            );
            yield break;
        }

        if (key.Primary is not { } primary)
            yield return GcpErrors.KeyHasNoPrimary(name);
        else if (primary.State is "DESTROY_SCHEDULED" or "DESTROYED")
            yield return GcpErrors.KeyPendingDeletion(name, primary.Id, primary.State, primary.DestroyTime);
        else if (primary.State == "DISABLED")
            yield return GcpErrors.KeyDisabled(name, primary.Id);
        else if (primary.State != "ENABLED")
            yield return Errors.KeyNotEnabled(
                $"Version {primary.Id} of {name}",
                primary.State ?? "in an unknown state"
            );
    }

    /// <summary>What the policies say about the account.</summary>
    public static IEnumerable<CmekException> OfGrant(
        FoundKey key,
        ServiceAccountEmail account,
        bool mayGrant,
        DateTimeOffset now
    )
    {
        if (!mayGrant && key.GrantsUse(account.Member, now) == Granted.No)
            yield return GcpErrors.KeyNotGranted(key.Name, account.Text, key.Policy.Deleted(account.Member));
    }
}
