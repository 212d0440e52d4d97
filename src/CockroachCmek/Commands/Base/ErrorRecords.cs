using System.Management.Automation;
using CockroachCmek.Core;

namespace CockroachCmek.Commands;

/// <summary>Turns the module's errors into PowerShell's error records.</summary>
internal static class ErrorRecords
{
    /// <summary>The record of an error.</summary>
    /// <param name="failure">The error.</param>
    /// <param name="cluster">
    /// The cluster that the work was about; empty for none. It is the record's target and is named in the message; the
    /// key, role or file that the error is about is the exception's Target.
    /// </param>
    public static ErrorRecord From(Exception failure, string cluster = "") =>
        failure switch
        {
            CmekException known when EndsEverything(known) => Record(known, known.Target),
            CmekException known => Record(ClusterLabel.On(cluster, known), cluster.Length > 0 ? cluster : known.Target),
            _ => new ErrorRecord(
                failure,
                "UnexpectedFault",
                ErrorCategory.NotSpecified,
                cluster.Length > 0 ? cluster : null
            )
            {
                ErrorDetails = new ErrorDetails(
                    ClusterLabel.On(
                        cluster,
                        $"CockroachCmek met an unexpected error: {VisibleText.Line(failure.Message)}"
                    )
                )
                {
                    RecommendedAction = "Get-Error   (please report its text)",
                },
            },
        };

    /// <summary>
    /// True when every other input would fail in the same way: CockroachDB Cloud does not accept the API key.
    /// Credentials
    /// of one cloud that have expired say nothing about another cloud's.
    /// </summary>
    public static bool EndsEverything(Exception error) =>
        error is CmekException { ErrorId: nameof(Errors.ApiKeyRefused) or nameof(Errors.SessionEnded) };

    private static ErrorRecord Record(CmekException error, object? target) =>
        new(error, error.ErrorId, Category(error.Kind), target)
        {
            ErrorDetails = new ErrorDetails(Text(error)) { RecommendedAction = error.RecommendedAction },
        };

    /// <summary>
    /// PowerShell 7 shows the recommended action below the message. Windows PowerShell does not show it, so it is
    /// appended.
    /// </summary>
    private static string Text(CmekException error) =>
#if NETFRAMEWORK
        error.RecommendedAction.Length == 0 ? error.Message : $"{error.Message} Next: {error.RecommendedAction}";
#else
        error.Message;
#endif

    private static ErrorCategory Category(CmekErrorKind kind) =>
        kind switch
        {
            CmekErrorKind.InvalidArgument => ErrorCategory.InvalidArgument,
            CmekErrorKind.InvalidData => ErrorCategory.InvalidData,
            CmekErrorKind.InvalidState => ErrorCategory.InvalidOperation,
            CmekErrorKind.Authentication => ErrorCategory.AuthenticationError,
            CmekErrorKind.PermissionDenied => ErrorCategory.PermissionDenied,
            CmekErrorKind.NotFound => ErrorCategory.ObjectNotFound,
            CmekErrorKind.Exists => ErrorCategory.ResourceExists,
            CmekErrorKind.Busy => ErrorCategory.ResourceBusy,
            CmekErrorKind.LimitsExceeded => ErrorCategory.LimitsExceeded,
            CmekErrorKind.Unavailable => ErrorCategory.ResourceUnavailable,
            CmekErrorKind.Timeout => ErrorCategory.OperationTimeout,
            CmekErrorKind.Connection => ErrorCategory.ConnectionError,
            _ => ErrorCategory.NotSpecified,
        };
}
