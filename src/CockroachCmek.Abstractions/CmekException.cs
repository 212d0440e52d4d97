namespace CockroachCmek;

/// <summary>The kind of an error. One table maps it to PowerShell's error category.</summary>
public enum CmekErrorKind
{
    /// <summary>A value is not valid.</summary>
    InvalidArgument,

    /// <summary>A response or a file cannot be understood.</summary>
    InvalidData,

    /// <summary>The state of a resource does not allow the operation.</summary>
    InvalidState,

    /// <summary>The caller is not authenticated (401).</summary>
    Authentication,

    /// <summary>The caller is not authorized (403).</summary>
    PermissionDenied,

    /// <summary>The resource does not exist (404).</summary>
    NotFound,

    /// <summary>The resource exists already and differs (409).</summary>
    Exists,

    /// <summary>Another operation is running on the resource (409, 503, LOCKED).</summary>
    Busy,

    /// <summary>Too many requests (429).</summary>
    LimitsExceeded,

    /// <summary>The service failed (5xx).</summary>
    Unavailable,

    /// <summary>A wait timed out.</summary>
    Timeout,

    /// <summary>The service could not be reached, or the connection was lost.</summary>
    Connection,
}

/// <summary>
/// An error that the module reports. The message says what is wrong; <see cref="RecommendedAction"/> is the next
/// command.
/// </summary>
public sealed class CmekException : Exception
{
    internal CmekException(
        string errorId,
        CmekErrorKind kind,
        object? target,
        string message,
        string recommendedAction,
        Exception? inner = null
    )
        : base(message, inner)
    {
        ErrorId = errorId;
        Kind = kind;
        Target = target;
        RecommendedAction = recommendedAction;
    }

    /// <summary>Stable id of the error: the part of PowerShell's FullyQualifiedErrorId before the comma.</summary>
    public string ErrorId { get; }

    /// <summary>The same error with another message.</summary>
    internal CmekException WithMessage(string message) =>
        new(ErrorId, Kind, Target, message, RecommendedAction, InnerException)
        {
            ServerText = ServerText,
            StatusCode = StatusCode,
            RequestId = RequestId,
        };

    /// <summary>The kind of the error.</summary>
    public CmekErrorKind Kind { get; }

    /// <summary>What the error is about: a cluster's name, a key's URI.</summary>
    public object? Target { get; }

    /// <summary>The next command, or what to do.</summary>
    public string RecommendedAction { get; }

    /// <summary>The service's own sentence, where the message repeats it; otherwise empty.</summary>
    internal string ServerText { get; init; } = "";

    /// <summary>HTTP status of the response; null when there was none.</summary>
    public int? StatusCode { get; internal init; }

    /// <summary>The service's request id; null when it returned none.</summary>
    public string? RequestId { get; internal init; }
}
