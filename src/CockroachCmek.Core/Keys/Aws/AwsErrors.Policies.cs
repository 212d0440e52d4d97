using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys.Aws.Access;

namespace CockroachCmek.Core.Keys.Aws;

/// <content>Key policies.</content>
internal static partial class AwsErrors
{
    /// <summary>Neither the key policy nor anything that it leaves the decision to lets the role use the key.</summary>
    public static CmekException KeyNotGranted(KeyAccess access) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            access.Key,
            $"The policy of {access.Key} does not grant {string.Join(", ", access.Missing)} to {access.Principal}."
                + (
                    access.Stale.Count == 0
                        ? ""
                        : $" It names {string.Join(", ", access.Stale)}, which was deleted; "
                            + "a new role with the same name is not the same principal."
                ),
            "New-CrdbCmekKey -KeyUri <key> -Grant   (or Get-CrdbCmekKeyPolicy, for an administrator of the key)"
        );

    /// <summary>An explicit Deny overrides every grant.</summary>
    public static CmekException KeyDeniesRole(KeyAccess access) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            access.Key,
            $"{access.Principal} is denied the use of {access.Key}: {string.Join("; ", access.Denials)}.",
            "Restore-CrdbCmekAccess <cluster>   (removes a Deny that Revoke-CrdbCmek added; remove any other "
                + "in the AWS console)"
        );

    /// <summary>The role's permissions boundary limits what a key policy grants to the role.</summary>
    public static CmekException RoleBoundaryDenies(KeyAccess access, string boundary, IReadOnlyList<string> missing) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            access.Key,
            $"{access.Principal} cannot use {access.Key}: {boundary} does not allow {string.Join(", ", missing)}. A "
                + "grant in the key policy has no effect beyond the boundary, so nothing was changed.",
            $"{AwsCommands.GetRole(NameOf(access.Principal))}   (shows the boundary, for those who decide about it)"
        );

    /// <summary>The key policy grants the use, but the key is in another account than the role.</summary>
    public static CmekException RolePolicyMissing(KeyAccess access) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            access.Key,
            $"The policy of {access.Key} lets {access.Principal} use the key, but they are in different accounts: the "
                + $"role also needs an IAM policy of its own that allows {string.Join(", ", access.Missing)}.",
            $"aws iam put-role-policy --role-name {NameOf(access.Principal)} --policy-name crdb-cmek "
                + $"--policy-document '{KeyPolicyDocument.RolePolicy(access.Key)}'   (in the account of the role)"
        );

    /// <summary>The grant exists under a condition: adding one without it would widen what somebody narrowed.</summary>
    public static CmekException KeyGrantNarrowed(KeyAccess access, IReadOnlyList<NarrowedGrant> narrowed) =>
        Errors.Make(
            CmekErrorKind.Exists,
            access.Key,
            $"{access.Principal} may use {access.Key} under a condition: {string.Join("; ", narrowed)}. Somebody "
                + "narrowed this grant on purpose, so no other was added.",
            $"New-CrdbCmekKey <cluster> -AuthPrincipal {access.Principal} -KeyUri {access.Key}   (without -Grant, uses "
                + "the "
                + "key as it is granted; or ask whoever wrote the condition to change it)"
        );

    private static string NameOf(string roleArn) => roleArn.Substring(roleArn.LastIndexOf('/') + 1);

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
    /// <param name="role">The role of the cluster; null when it is not known where the policy is written.</param>
    /// <param name="isRevocation">Access is revoked, which must not wait for the policy.</param>
    public static CmekException KeyPolicyStale(
        string key,
        IReadOnlyList<StalePrincipal> stale,
        string? role = null,
        string? cluster = null,
        bool isRevocation = false
    ) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            key,
            $"The policy of {key} names principals that were deleted: {string.Join(", ", stale)}. AWS refuses to write "
                + "a policy with them, so it was not changed.",
            (
                isRevocation
                    ? $"Revoke-CrdbCmek {cluster ?? "<cluster>"} -Method DisableKey   (needs no change of the policy); or "
                    : ""
            ) + StaleRemedy(key, stale, role, cluster)
        );

    /// <summary>The command that removes deleted principals from a key policy.</summary>
    public static string RemoveStale(string key, string? role, string? cluster) =>
        $"New-CrdbCmekKey {cluster ?? "<cluster>"} -AuthPrincipal {role ?? "<role ARN>"} -KeyUri {key} -Grant "
        + "-RemoveStalePrincipal";

    private static string StaleRemedy(string key, IReadOnlyList<StalePrincipal> stale, string? role, string? cluster) =>
        stale.All(p => p.IsRemovable)
            ? $"{RemoveStale(key, role, cluster)}   (removes exactly these)"
            : "Remove them in the AWS console   (an id in NotPrincipal is an exception of a Deny: without it, the "
                + "Deny applies to more)";

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

    /// <summary>KMS accepted the change of a grant, but does not show it.</summary>
    public static CmekException GrantNotSeen(string key, string region) =>
        Errors.Make(
            CmekErrorKind.Timeout,
            key,
            $"KMS in {region} accepted the change of a grant of {key}, but still does not list it so after three "
                + "minutes.",
            "Run the same command again"
        );

    /// <summary>
    /// Access would go on without the grant: through what does not name the role, or is not in the policy.
    /// </summary>
    /// <param name="rest">The access that is left after the grant.</param>
    public static CmekException GrantNotRemovable(KeyAccess rest) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            rest.Key,
            $"{rest.Principal} could use {rest.Key} even without the grants to it by name, through "
                + string.Join("; ", rest.Grants.Select(g => $"{g.Place} ('{g.Through}', for {g.Principal})"))
                + ". Nothing was changed.",
            "Revoke-CrdbCmek -Method Deny   (a Deny overrides every grant"
                + (
                    rest.Grants.Select(g => g.RemoveCommand).FirstOrDefault(c => c.Length > 0) is { } command
                        ? $"; or remove the others first: {command})"
                        : ")"
                )
        );

    /// <summary>
    /// The grant contains more than the use: a record could not be told from one that somebody widened.
    /// </summary>
    /// <param name="where">Which grant, as the beginning of a sentence.</param>
    public static CmekException GrantNotRestorable(string where, AwsKeyArn key, RoleArn role, CmekException reason) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            key.ToString(),
            $"{where} to {role} on {key} contains more than CMEK needs, so Restore-CrdbCmekAccess would refuse to put "
                + $"it back. Nothing was changed. {reason.Message}",
            "Revoke-CrdbCmek -Method Deny   (a Deny overrides every grant, and leaves them as they are)",
            reason
        );

    /// <summary>AWS would refuse the old key's policy on a new key.</summary>
    public static CmekException PolicyNotCopyable(
        string arn,
        IReadOnlyList<StalePrincipal> stale,
        string? role = null,
        string? cluster = null
    ) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            arn,
            $"The policy of {arn} names deleted principals ({string.Join(", ", stale)}). AWS refuses such a "
                + "policy on a new key. Nothing was created.",
            StaleRemedy(arn, stale, role, cluster)
        );
}
