using System.Management.Automation;

namespace CockroachCmek.Commands;

/// <summary>The one table from the module's faults to PowerShell's error records.</summary>
internal static class ErrorRecords
{
    public static ErrorRecord From(Exception fault) =>
        fault switch
        {
            CmekException known => From(known),
            _ => new ErrorRecord(fault, "UnexpectedFault", ErrorCategory.NotSpecified, null)
            {
                ErrorDetails = new ErrorDetails($"CockroachCmek met a fault it does not know: {fault.Message}")
                {
                    RecommendedAction = "Please report it, with the text of: Get-Error",
                },
            },
        };

    /// <summary>True when no other input could fare better: who is asking is not known.</summary>
    public static bool EndsEverything(Exception fault) => fault is CmekException { Kind: CmekErrorKind.Authentication };

    private static ErrorRecord From(CmekException fault) =>
        new(fault, fault.ErrorId, Category(fault.Kind), fault.Target)
        {
            ErrorDetails = new ErrorDetails(
                fault.RecommendedAction.Length == 0 ? fault.Message : $"{fault.Message} Next: {fault.RecommendedAction}"
            )
            {
                RecommendedAction = fault.RecommendedAction,
            },
        };

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
