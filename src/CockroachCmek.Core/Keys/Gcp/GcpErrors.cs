using CockroachCmek.Core.Http;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// Errors of Google Cloud. The method name is the error id; an id that several clouds share has the same name in each.
/// This part: credentials, projects and calls.
/// </summary>
internal static partial class GcpErrors
{
    /// <summary>No token, file, environment variable or metadata server gave credentials.</summary>
    public static CmekException GcpCredentialsMissing(string reason, Exception inner) =>
        Errors.Make(
            CmekErrorKind.Authentication,
            "Google Cloud credentials",
            $"No Google Cloud credentials were found: {reason}",
            "gcloud auth application-default login   (or Connect-CrdbCloud -GcpCredentialFile <file>)",
            inner
        );

    /// <summary>Google Cloud does not know the credentials, or they have expired.</summary>
    public static CmekException GcpCredentialsRefused(string message) =>
        Errors.Make(
            CmekErrorKind.Authentication,
            "Google Cloud credentials",
            $"Google Cloud does not accept the credentials: {message}",
            "gcloud auth application-default login   (or Connect-CrdbCloud -GcpAccessToken <token>)"
        );

    /// <summary>The credentials are valid but lack a permission, which Google's message names.</summary>
    public static CmekException GcpPermissionDenied(string target, GcpException inner) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            target,
            $"Google Cloud does not allow a call that '{target}' needs: {inner.Message}",
            "Get-CrdbCmekKeyPolicy   (prints the bindings and the gcloud commands for an administrator)",
            inner,
            statusCode: inner.Code
        );

    /// <summary>A check is not allowed to read something.</summary>
    public static CmekException ReadNotAllowed(string target, GcpException inner) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            target,
            $"The credentials are not allowed to read what this check needs: {inner.Message}",
            inner.Metadata("permission") is { } permission
                ? $"Have {permission} granted to the account that you use, and check again"
                : "Have these permissions granted to the account that you use, and check again: "
                    + "cloudkms.cryptoKeys.get, cloudkms.cryptoKeys.getIamPolicy, cloudkms.cryptoKeyVersions.list, "
                    + "iam.serviceAccounts.get, iam.serviceAccounts.getIamPolicy",
            inner,
            statusCode: inner.Code,
            id: nameof(GcpPermissionDenied)
        );

    /// <summary>The project has not enabled the API.</summary>
    public static CmekException GcpApiDisabled(string target, string service, string? project, string message) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            target,
            $"The API {service} is not enabled in the project used for '{target}': {message}",
            $"gcloud services enable {ShellQuote.PowerShell(service)}"
                + $"{(project is null ? "" : $" --project {ShellQuote.PowerShell(project)}")}; "
                + "then run the same command again in a minute"
        );

    /// <summary>Nothing names a project to create things in.</summary>
    public static CmekException ProjectUnknown() =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            "project",
            "No Google Cloud project is known: neither -Project, the session, GOOGLE_CLOUD_PROJECT nor the credentials "
                + "name one.",
            "Connect-CrdbCloud -GcpProject <project id>   (or -Project on this command)"
        );

    /// <summary>Too many requests, after all retries.</summary>
    public static CmekException GcpQuotaExceeded(string target, GcpException inner) =>
        Errors.Make(
            CmekErrorKind.LimitsExceeded,
            target,
            $"Google Cloud accepts no more requests for now, while working for '{target}': {inner.Message}",
            "Run the same command again with a smaller -ThrottleLimit   "
                + "(or Connect-CrdbCloud -GcpQuotaProject <project>)",
            inner,
            statusCode: inner.Code
        );

    /// <summary>Others kept changing the same policy.</summary>
    public static CmekException GcpConflict(string target, GcpException inner) =>
        Errors.Make(
            CmekErrorKind.Busy,
            target,
            $"Something else keeps changing the same IAM policy, while working for '{target}': {inner.Message}",
            "Run the same command again: it reads the policy again",
            inner,
            statusCode: inner.Code
        );

    /// <summary>No response, or an internal failure of the service, after all retries.</summary>
    public static CmekException GcpUnreachable(string target, Exception inner) =>
        inner is NoResponseException silent
            ? Errors.NoResponse(silent, target)
            : Errors.Make(
                CmekErrorKind.Connection,
                target,
                $"Google Cloud did not respond while working for '{target}': {inner.GetBaseException().Message}",
                "Run the same command again: it reads what exists before it creates anything",
                inner
            );

    /// <summary>Any other refusal.</summary>
    public static CmekException GcpRefused(string target, GcpException inner) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            target,
            $"Google Cloud refused ({(inner.Status.Length > 0 ? inner.Status : $"HTTP {inner.Code}")}) "
                + $"while working for '{target}': {inner.Message}",
            "Run the same command again with -Verbose, which shows every call",
            inner
        );

    /// <summary>A name that Google Cloud does not allow.</summary>
    public static CmekException NameMalformed(string name, string rule) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            name,
            $"'{name}' is not a valid name on Google Cloud: {rule}.",
            "Use another -Name, or none. Default: crdb-cmek- and the last 12 digits of the cluster's id"
        );

    /// <summary>Tags that Google Cloud does not allow as labels.</summary>
    public static CmekException LabelMalformed(string cluster, string problem) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            problem,
            $"Google Cloud does not allow these labels: {problem}. A label has up to 63 lower-case letters, digits, "
                + $"hyphens and underscores, and its name begins with a letter. Nothing was written for '{cluster}'.",
            "New-CrdbCmekKey -Tag @{ team = 'db' }"
        );

    /// <summary>The written policy cannot be read back.</summary>
    public static CmekException BindingNotSeen(string resource) =>
        Errors.Make(
            CmekErrorKind.Timeout,
            resource,
            $"Google Cloud accepted the IAM policy of {resource}, but does not show it after three minutes.",
            "Run the same command again"
        );

    /// <summary>A recorded change that this cloud cannot make or undo.</summary>
    public static CmekException ChangeMalformed(string target, string problem, Exception? inner = null) =>
        Errors.Make(
            CmekErrorKind.InvalidData,
            target,
            $"The change of {target} cannot be understood: {problem}.",
            "Restore-CrdbCmekAccess <cluster>   (without the record: finds what is missing in the cloud itself)",
            inner,
            id: nameof(Errors.BadAnswer)
        );
}
