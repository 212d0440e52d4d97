using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using CockroachCmek.Core.Keys.Aws.Access;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>What is to be done about a grant that is missing.</summary>
internal enum MissingGrant
{
    /// <summary>Nothing: it is a problem.</summary>
    Refuse,

    /// <summary>It is added, unless somebody narrowed the grant, which is a problem.</summary>
    Add,

    /// <summary>It is added, unless somebody narrowed the grant, which then stays as it is.</summary>
    AddUnlessNarrowed,
}

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
        else if (key.KeyState == KeyState.PendingImport)
            yield return AwsErrors.KeyMaterialMissing(key.Arn);
        else if (key.KeyState == KeyState.Unavailable)
            yield return AwsErrors.KeyStoreDisconnected(key.Arn, arn.Region, key.CustomKeyStoreId);
        else if (key.KeyState != KeyState.Enabled)
            yield return Errors.KeyNotEnabled(key.Arn, key.KeyState?.Value ?? "in an unknown state");
        if (key.KeyManager == KeyManagerType.AWS)
            yield return AwsErrors.KeyManagedByAws(key.Arn);
    }

    /// <summary>Problems with the role's access to the key.</summary>
    public static IEnumerable<CmekException> GrantProblems(KeyAccessReading reading, MissingGrant missing)
    {
        var access = reading.ToAccess();
        var isMissing = access.Verdict == CmekAccessVerdict.NotGranted;
        if (access.Verdict == CmekAccessVerdict.Denied)
            yield return AwsErrors.KeyDeniesRole(access);
        else if (isMissing && reading.MissingInBoundary is { Count: > 0 } limited)
            yield return AwsErrors.RoleBoundaryDenies(access, reading.Policies.Role.Boundary!.Place, limited);
        else if (isMissing && missing == MissingGrant.Refuse && reading.IsGrantedByKey)
            yield return AwsErrors.RolePolicyMissing(access);
        else if (isMissing && missing == MissingGrant.Refuse)
            yield return AwsErrors.KeyNotGranted(access);
        else if (missing == MissingGrant.Add && !reading.IsSettled && reading.Narrowed is { Count: > 0 } narrowed)
            yield return AwsErrors.KeyGrantNarrowed(access, narrowed);
    }

    /// <summary>All problems of a key that the role is to use.</summary>
    public static async Task<IReadOnlyList<CmekException>> OfAsync(
        AwsRun run,
        FoundKey key,
        string roleArn,
        MissingGrant missing
    ) =>
        [
            .. KeyProblems(key.Metadata),
            .. GrantProblems(await new AwsKeyAccessReader(run).ReadAsync(key, roleArn), missing),
        ];
}
