using Amazon.KeyManagementService;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>What makes a key unfit for CMEK, before anything is written: each with the id and the next command that the user reads.</summary>
internal static class AwsKeyFaults
{
    /// <summary>Usage, kind and state.</summary>
    public static IEnumerable<CmekException> OfKey(FoundKey key)
    {
        var metadata = key.Metadata;
        if (metadata.KeySpec is { } spec && spec != KeySpec.SYMMETRIC_DEFAULT)
            yield return Errors.KeyNotSymmetric(key.Arn, spec.Value);
        else if (metadata.KeyUsage is { } usage && usage != KeyUsageType.ENCRYPT_DECRYPT)
            yield return Errors.KeyNotSymmetric(key.Arn, usage.Value);
        if (metadata.KeyState == KeyState.PendingDeletion || metadata.KeyState == KeyState.PendingReplicaDeletion)
            yield return AwsErrors.KeyPendingDeletion(key.Arn, key.Region, metadata.DeletionDate);
        else if (metadata.KeyState == KeyState.Disabled)
            yield return AwsErrors.KeyDisabled(key.Arn, key.Region);
        else if (metadata.KeyState != KeyState.Enabled)
            yield return Errors.KeyNotEnabled(key.Arn, metadata.KeyState?.Value ?? "in an unknown state");
        if (metadata.KeyManager == KeyManagerType.AWS)
            yield return AwsErrors.KeyManagedByAws(key.Arn);
    }

    /// <summary>What the policy says about the role.</summary>
    public static IEnumerable<CmekException> OfGrant(FoundKey key, string roleArn, bool mayGrant)
    {
        if (key.Policy.DenialsOf(roleArn) is { Count: > 0 } denials)
            yield return AwsErrors.KeyDeniesRole(key.Arn, roleArn, denials);
        else if (!mayGrant && key.Policy.MissingFor(roleArn) is { Count: > 0 } missing)
            yield return AwsErrors.KeyNotGranted(key.Arn, roleArn, missing, key.Policy.StaleIds);
    }
}
