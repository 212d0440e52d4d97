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

    /// <summary>AWS refuses every policy that names a deleted principal, so the policy cannot be changed.</summary>
    public static CmekException KeyPolicyStale(string key, IReadOnlyList<StalePrincipal> stale) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            key,
            $"The policy of {key} names principals that were deleted: {string.Join(", ", stale)}. AWS refuses to write "
                + "a policy with them, so it was not changed.",
            stale.All(p => p.IsRemovable)
                ? $"New-CrdbCmekKey -KeyUri {key} -Grant -RemoveStalePrincipal   (removes exactly these)"
                : "Remove them in the AWS console   (an id in NotPrincipal is an exception of a Deny: without it, the "
                    + "Deny applies to more)"
        );

    /// <summary>KMS does not accept the policy: its message says why.</summary>
    public static CmekException PolicyRefused(
        string target,
        string message,
        IReadOnlyList<string> principals,
        Exception inner
    ) =>
        Errors.Make(
            CmekErrorKind.InvalidData,
            target,
            $"KMS refused the policy of {target}: {message} It names {string.Join(", ", principals)}.",
            message.IndexOf("principal", StringComparison.OrdinalIgnoreCase) >= 0
                ? "aws iam get-role --role-name <name>   (shows whether a role exists; New-CrdbCmekRole creates the "
                    + "cluster's)"
                : "Get-CrdbCmekKeyPolicy -KeyUri <key>   (for an administrator of the key)",
            inner
        );

    /// <summary>A principal was created a short time ago, and KMS does not know it yet.</summary>
    public static CmekException PrincipalTooNew(string target, IReadOnlyList<string> principals, Exception inner) =>
        Errors.Make(
            CmekErrorKind.Timeout,
            target,
            $"KMS still refuses the policy of {target} after three minutes, because it does not know a principal that "
                + $"was created a short time ago. It names {string.Join(", ", principals)}.",
            "Run the same command again in a few minutes",
            inner
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
    public static CmekException PolicyNotCopyable(string arn, IReadOnlyList<StalePrincipal> stale) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            arn,
            $"The policy of {arn} names deleted principals ({string.Join(", ", stale)}). AWS refuses such a "
                + "policy on a new key. Nothing was created.",
            stale.All(p => p.IsRemovable)
                ? $"New-CrdbCmekKey -KeyUri {arn} -Grant -RemoveStalePrincipal   (removes exactly these)"
                : "Remove them in the AWS console   (an id in NotPrincipal is an exception of a Deny: without it, the "
                    + "Deny applies to more)"
        );
}
