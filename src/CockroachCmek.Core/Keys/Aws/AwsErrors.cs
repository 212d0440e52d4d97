namespace CockroachCmek.Core.Keys.Aws;

/// <summary>Errors of AWS. The method name is the error id; an id that several clouds share has the same name in each.</summary>
internal static class AwsErrors
{
    /// <summary>Neither environment, profile nor metadata service gave credentials.</summary>
    public static CmekException AwsCredentialsMissing(string reason, Exception inner) =>
        Errors.Make(
            CmekErrorKind.Authentication,
            "AWS credentials",
            $"No AWS credentials were found: {reason}",
            "aws configure sso   (or -ProfileName <profile>)",
            inner
        );

    /// <summary>AWS does not know the credentials, or they have expired.</summary>
    public static CmekException AwsCredentialsRefused(string code, string message) =>
        Errors.Make(
            CmekErrorKind.Authentication,
            "AWS credentials",
            $"AWS does not accept the credentials ({code}): {message}",
            "aws sts get-caller-identity   (shows whose credentials are found)"
        );

    /// <summary>The credentials are known, and may not do this. AWS's sentence names who, what and on what.</summary>
    public static CmekException AwsPermissionDenied(string cluster, string message, Exception inner) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            cluster,
            $"AWS does not allow what is needed for '{cluster}': {message}",
            "Get-CrdbCmekKeyPolicy   (prints the policy and the commands for somebody who may)",
            inner
        );

    /// <summary>No answer, or the service's own failure, after all tries.</summary>
    public static CmekException AwsUnreachable(string cluster, Exception inner) =>
        Errors.Make(
            CmekErrorKind.Connection,
            cluster,
            $"AWS gave no usable answer while working for '{cluster}': {inner.GetBaseException().Message}",
            "Run the same command again: it looks for what is there before it makes anything",
            inner
        );

    /// <summary>Any other refusal.</summary>
    public static CmekException AwsRefused(string target, string code, string message, Exception inner) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            target,
            $"AWS refused ({code}) while working for '{target}': {message}",
            "Run the same command again with -Verbose, which shows every call",
            inner
        );

    /// <summary>Not the ARN of a role.</summary>
    public static CmekException RoleArnMalformed(string text) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            text,
            $"'{text}' is no ARN of a role, arn:aws:iam::<account>:role/<name>.",
            "Get-CrdbCluster <name> | New-CrdbCmekRole"
        );

    /// <summary>A role of the name is there and is not what is needed.</summary>
    public static CmekException RoleDiffers(string arn, string cluster, IReadOnlyList<string> differences) =>
        Errors.Make(
            CmekErrorKind.Exists,
            arn,
            $"The role {arn} is not right for '{cluster}': {string.Join("; ", differences)}. It was left as it is.",
            $"Get-CrdbCluster {cluster} | New-CrdbCmekRole -Update   (or -Name <another name>)"
        );

    /// <summary>The alias belongs to a key that is not the cluster's.</summary>
    public static CmekException AliasTaken(string alias, string region, string holder) =>
        Errors.Make(
            CmekErrorKind.Exists,
            alias,
            $"In {region}, {alias} belongs to {holder}, which is not this cluster's key and does not grant the role. It was left as it is.",
            "New-CrdbCmekKey -Name <another alias>   (or -KeyUri <that key> -Grant to use it)"
        );

    /// <summary>The key is there, but single- instead of multi-region, or the other way round.</summary>
    public static CmekException KeyDiffers(string arn, bool multiRegionWanted) =>
        Errors.Make(
            CmekErrorKind.Exists,
            arn,
            $"{arn} exists and is a {(multiRegionWanted ? "single-region" : "multi-region")} key; AWS cannot change that.",
            multiRegionWanted
                ? "New-CrdbCmekKey without -MultiRegion   (or -Name <another alias>)"
                : "New-CrdbCmekKey -MultiRegion   (or -Name <another alias>)"
        );

    /// <summary>No key of this name.</summary>
    public static CmekException KeyNotFound(string uri, string region) =>
        Errors.Make(
            CmekErrorKind.NotFound,
            uri,
            $"There is no key '{uri}' in {region} that these credentials may see.",
            $"aws kms list-aliases --region {region}"
        );

    /// <summary>Scheduled for deletion.</summary>
    public static CmekException KeyPendingDeletion(string arn, string region, DateTime? date) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            arn,
            $"{arn} is to be deleted{(date is null ? "" : $" on {date:yyyy-MM-dd}")}: a cluster that used it would be lost with it.",
            $"aws kms cancel-key-deletion --region {region} --key-id {arn}; aws kms enable-key --region {region} --key-id {arn}"
        );

    /// <summary>Disabled.</summary>
    public static CmekException KeyDisabled(string arn, string region) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            arn,
            $"{arn} is disabled.",
            $"aws kms enable-key --region {region} --key-id {arn}"
        );

    /// <summary>A key can be rotated on demand 25 times in its life.</summary>
    public static CmekException RotationLimitReached(string arn, Exception inner) =>
        Errors.Make(
            CmekErrorKind.LimitsExceeded,
            arn,
            $"{arn} has been rotated on demand 25 times, which is all that AWS allows a key.",
            $"aws kms enable-key-rotation --key-id {arn}   (AWS's own rotation does not count), or a new key",
            inner
        );

    /// <summary>AWS is rotating the key itself just now.</summary>
    public static CmekException RotationRunning(string arn, Exception inner) =>
        Errors.Make(
            CmekErrorKind.Busy,
            arn,
            $"{arn} is being rotated by AWS just now.",
            "Run the same command again in 20 minutes: it then takes the new version up, and rotates nothing",
            inner
        );

    /// <summary>aws/... keys have no policy that could be changed.</summary>
    public static CmekException KeyManagedByAws(string arn) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            arn,
            $"{arn} is managed by AWS; CMEK needs a key of your own.",
            "New-CrdbCmekKey"
        );

    /// <summary>The policy does not let the role use the key.</summary>
    public static CmekException KeyNotGranted(
        string arn,
        string role,
        IReadOnlyList<string> missing,
        IReadOnlyList<string> staleIds
    ) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            arn,
            $"The policy of {arn} does not grant {string.Join(", ", missing)} to {role}.{(staleIds.Count > 0 ? $" It names {string.Join(", ", staleIds)}, a role that was deleted; one of the same name is another role." : "")}",
            "New-CrdbCmekKey -KeyUri <key> -Grant   (or Get-CrdbCmekKeyPolicy, for somebody who may change it)"
        );

    /// <summary>An explicit Deny stands against every grant.</summary>
    public static CmekException KeyDeniesRole(string arn, string role, IReadOnlyList<string> denials) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            arn,
            $"The policy of {arn} denies its use to {role} ({string.Join(", ", denials)}).",
            "Restore-CrdbCmekAccess <cluster>   (takes out a Deny that Revoke-CrdbCmek has put there; any other, in the AWS console)"
        );

    /// <summary>Whoever asks could not change the policy again, and AWS would refuse it.</summary>
    public static CmekException PolicyWouldLockOut(string arn, string caller) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            arn,
            $"The policy of {arn} lets neither its account nor {caller} change it (kms:PutKeyPolicy): with the grant added it would lock you out. Nothing was sent.",
            "Get-CrdbCmekKeyPolicy -KeyUri <key>   (for somebody whom the policy names as its administrator)"
        );

    /// <summary>The policy that was put cannot be read back.</summary>
    public static CmekException PolicyNotSeen(string key, string region) =>
        Errors.Make(
            CmekErrorKind.Timeout,
            key,
            $"KMS in {region} took the policy of {key}, but does not show it after three minutes.",
            "Run the same command again"
        );

    /// <summary>The replica stays in Creating.</summary>
    public static CmekException ReplicaNotReady(string key, string region) =>
        Errors.Make(
            CmekErrorKind.Timeout,
            key,
            $"The replica of {key} in {region} is not ready after three minutes. AWS goes on making it.",
            "Run the same command again"
        );

    /// <summary>The policy allows everybody: there is no name in it that could be taken out.</summary>
    public static CmekException GrantNotRemovable(string arn, string role) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            arn,
            $"The policy of {arn} lets {role} use the key without naming it. Nothing was changed.",
            "Revoke-CrdbCmek -Method Deny   (a Deny stands against every grant)"
        );

    /// <summary>KMS took the change of state and does not show it.</summary>
    public static CmekException KeyStateNotSeen(string arn, string state) =>
        Errors.Make(
            CmekErrorKind.Timeout,
            arn,
            $"KMS took the change of {arn}, but does not show it as {state} after three minutes.",
            "Run the same command again"
        );

    /// <summary>The policy of the old key cannot be given to a new one.</summary>
    public static CmekException PolicyNotCopyable(string arn, IReadOnlyList<string> staleIds) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            arn,
            $"The policy of {arn} names {string.Join(", ", staleIds)}, who were deleted: AWS takes no new key with such a policy. Nothing was made.",
            $"New-CrdbCmekKey -KeyUri {arn} -Grant, or take them out of the policy"
        );
}
