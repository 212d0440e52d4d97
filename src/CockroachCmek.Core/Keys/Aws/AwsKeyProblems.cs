using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>Why a key cannot be used for CMEK, found before anything is written.</summary>
internal static class AwsKeyProblems
{
    /// <summary>Problems with the key itself: its kind, its purpose and its state.</summary>
    public static IEnumerable<CmekException> KeyProblems(KeyMetadata key)
    {
        var arn = AwsKeyArn.Parse(key.Arn);
        if (key.KeySpec is { } spec && spec != KeySpec.SYMMETRIC_DEFAULT)
            yield return Errors.KeyNotSymmetric(key.Arn, spec.Value);
        else if (key.KeyUsage is { } usage && usage != KeyUsageType.ENCRYPT_DECRYPT)
            yield return Errors.KeyNotSymmetric(key.Arn, usage.Value);
        if (key.KeyState == KeyState.PendingDeletion || key.KeyState == KeyState.PendingReplicaDeletion)
            yield return AwsErrors.KeyPendingDeletion(key.Arn, arn.Region, key.DeletionDate);
        else if (key.KeyState == KeyState.Disabled)
            yield return AwsErrors.KeyDisabled(key.Arn, arn.Region);
        else if (key.KeyState != KeyState.Enabled)
            yield return Errors.KeyNotEnabled(key.Arn, key.KeyState?.Value ?? "in an unknown state");
        if (key.KeyManager == KeyManagerType.AWS)
            yield return AwsErrors.KeyManagedByAws(key.Arn);
    }

    /// <summary>Problems with what the key policy allows the role.</summary>
    /// <param name="mayGrant">True when a missing grant will be added, and so is not a problem.</param>
    public static IEnumerable<CmekException> GrantProblems(
        string arn,
        KeyPolicyDocument policy,
        string roleArn,
        bool mayGrant
    )
    {
        if (policy.DenialsOf(roleArn) is { Count: > 0 } denials)
            yield return AwsErrors.KeyDeniesRole(arn, roleArn, denials);
        else if (!mayGrant && policy.MissingFor(roleArn) is { Count: > 0 } missing)
            yield return AwsErrors.KeyNotGranted(arn, roleArn, missing, policy.StaleIds);
    }

    /// <summary>All problems of a key that the role is to use.</summary>
    /// <param name="mayGrant">True when a missing grant will be added, and so is not a problem.</param>
    public static IEnumerable<CmekException> Of(FoundKey key, string roleArn, bool mayGrant) =>
        KeyProblems(key.Metadata).Concat(GrantProblems(key.Metadata.Arn, key.Policy, roleArn, mayGrant));
}
