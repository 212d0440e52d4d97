namespace CockroachCmek.Core.Keys.Aws;

/// <content>Key policies.</content>
internal static partial class AwsErrors
{
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
            $"The policy of {arn} does not grant {string.Join(", ", missing)} to {role}."
                + (
                    staleIds.Count == 0
                        ? ""
                        : $" It names {string.Join(", ", staleIds)}, which was deleted; "
                            + "a new role with the same name is not the same principal."
                ),
            "New-CrdbCmekKey -KeyUri <key> -Grant   (or Get-CrdbCmekKeyPolicy, for an administrator of the key)"
        );

    /// <summary>An explicit Deny overrides every grant.</summary>
    public static CmekException KeyDeniesRole(string arn, string role, IReadOnlyList<string> denials) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            arn,
            $"The policy of {arn} denies its use to {role} ({string.Join(", ", denials)}).",
            "Restore-CrdbCmekAccess <cluster>   (removes a Deny that Revoke-CrdbCmek added; remove any other "
                + "in the AWS console)"
        );

    /// <summary>The caller could not change the policy again, and AWS would refuse it.</summary>
    public static CmekException PolicyWouldLockOut(string arn, string caller) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            arn,
            $"The policy of {arn} lets neither its account nor {caller} change it (kms:PutKeyPolicy). Adding the "
                + "grant would lock you out, so nothing was sent.",
            "Get-CrdbCmekKeyPolicy -KeyUri <key>   (for the administrator that the policy names)"
        );

    /// <summary>KMS accepted the policy, but does not show it.</summary>
    public static CmekException PolicyNotSeen(string key, string region) =>
        Errors.Make(
            CmekErrorKind.Timeout,
            key,
            $"KMS in {region} accepted the policy of {key}, but still does not show it after three minutes.",
            "Run the same command again"
        );

    /// <summary>The policy allows everybody: it contains no grant to the role that could be removed.</summary>
    public static CmekException GrantNotRemovable(string arn, string role) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            arn,
            $"The policy of {arn} lets {role} use the key without naming it. Nothing was changed.",
            "Revoke-CrdbCmek -Method Deny   (a Deny overrides every grant)"
        );

    /// <summary>AWS would refuse the old key's policy on a new key.</summary>
    public static CmekException PolicyNotCopyable(string arn, IReadOnlyList<string> staleIds) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            arn,
            $"The policy of {arn} names deleted principals ({string.Join(", ", staleIds)}). AWS refuses such a "
                + "policy on a new key. Nothing was created.",
            $"New-CrdbCmekKey -KeyUri {arn} -Grant   (or remove them from the policy)"
        );
}
