namespace CockroachCmek;

/// <summary>What kind of fault it is: one table maps it to an HTTP status and to PowerShell's error category.</summary>
public enum CmekErrorKind
{
    /// <summary>A value cannot be right.</summary>
    InvalidArgument,

    /// <summary>An answer or a file cannot be understood.</summary>
    InvalidData,

    /// <summary>Something is in a state that does not allow the operation.</summary>
    InvalidState,

    /// <summary>Who is asking is not known (401).</summary>
    Authentication,

    /// <summary>Who is asking may not (403).</summary>
    PermissionDenied,

    /// <summary>It is not there (404).</summary>
    NotFound,

    /// <summary>It is there already and differs (409).</summary>
    Exists,

    /// <summary>Something else is running on it (409, 503, LOCKED).</summary>
    Busy,

    /// <summary>Too many requests (429).</summary>
    LimitsExceeded,

    /// <summary>The service failed (5xx).</summary>
    Unavailable,

    /// <summary>A wait ran out of time.</summary>
    Timeout,

    /// <summary>The service could not be reached, or the connection broke.</summary>
    Connection,
}

/// <summary>Every fault that the module reports. The message names the thing, <see cref="RecommendedAction"/> the next command.</summary>
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

    /// <summary>Stable name of the fault: the part before the comma of PowerShell's FullyQualifiedErrorId.</summary>
    public string ErrorId { get; }

    /// <summary>The kind of fault.</summary>
    public CmekErrorKind Kind { get; }

    /// <summary>The thing that the fault is about: a cluster's name, a key's URI.</summary>
    public object? Target { get; }

    /// <summary>The next command to type, or what to do.</summary>
    public string RecommendedAction { get; }

    /// <summary>HTTP status of the answer, where there was one.</summary>
    public int? StatusCode { get; internal init; }

    /// <summary>The service's id of the request, where it gave one.</summary>
    public string? RequestId { get; internal init; }
}
