namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// Errors of AWS: calls, credentials and roles. The method name is the error id. An id that several clouds share has
/// the same name in each.
/// </summary>
internal static partial class AwsErrors
{
    /// <summary>The SDK's credential chain found nothing: neither environment, profile nor metadata service.</summary>
    public static CmekException AwsCredentialsMissing(string reason, Exception inner) =>
        Errors.Make(
            CmekErrorKind.Authentication,
            "AWS credentials",
            $"No AWS credentials were found: {reason}",
            "Connect-CrdbCloud -AwsProfile <profile>   (or: aws configure sso)",
            inner
        );

    /// <summary>AWS does not know the credentials, or they have expired.</summary>
    public static CmekException AwsCredentialsRefused(string code, string message) =>
        Errors.Make(
            CmekErrorKind.Authentication,
            "AWS credentials",
            $"AWS does not accept the credentials ({code}): {message}",
            "aws sts get-caller-identity   (shows which credentials are found)"
        );

    /// <summary>The credentials lack a permission. AWS's message says who, what and on which resource.</summary>
    /// <param name="action">The denied action, for example kms:CreateKey; null when AWS does not name it.</param>
    public static CmekException AwsPermissionDenied(string target, string message, string? action, Exception inner) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            target,
            $"AWS denied a call for '{target}': {message}",
            $"Ask an administrator to allow {action ?? "the action"} for these credentials"
                + $"   (Get-CrdbCmekKeyPolicy prints the key policy and the commands for an administrator)",
            inner
        );

    /// <summary>No response, or an internal failure of the service, after all retries.</summary>
    public static CmekException AwsUnreachable(string target, Exception inner) =>
        Errors.Make(
            CmekErrorKind.Connection,
            target,
            $"AWS did not respond while working on '{target}': {inner.GetBaseException().Message}",
            "Run the same command again   (what exists already is reused)",
            inner
        );

    /// <summary>Any other refusal.</summary>
    public static CmekException AwsRefused(string target, string code, string message, Exception inner) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            target,
            $"AWS refused a call for '{target}' ({code}): {message}",
            "Run the same command again with -Verbose, which shows every call",
            inner
        );

    /// <summary>The text is not a role ARN.</summary>
    public static CmekException RoleArnMalformed(string text) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            text,
            $"'{text}' is not a role ARN. Expected arn:aws:iam::<account>:role/<name>.",
            "Get-CrdbCluster <name> | New-CrdbCmekRole"
        );

    /// <summary>A role of this name exists, but not as the cluster needs it.</summary>
    public static CmekException RoleDiffers(string arn, string cluster, IReadOnlyList<string> differences) =>
        Errors.Make(
            CmekErrorKind.Exists,
            arn,
            $"The role {arn} does not fit '{cluster}': {string.Join("; ", differences)}. It was not changed.",
            $"Get-CrdbCluster {cluster} | New-CrdbCmekRole -Update   (or -Name <another name>)"
        );
}
