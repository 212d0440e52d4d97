using System.Runtime.CompilerServices;

namespace CockroachCmek.Core;

/// <summary>
/// The one factory of faults. Each fault is a method; the method's name is the error id, so that id and text cannot drift apart.
/// The other halves of this class stand beside what they are about (Errors.Cloud.cs, Errors.Aws.cs, ...).
/// </summary>
public static partial class Errors
{
    private static CmekException Make(
        CmekErrorKind kind,
        object? target,
        string message,
        string next,
        Exception? inner = null,
        int? statusCode = null,
        string? requestId = null,
        [CallerMemberName] string id = ""
    ) => new(id, kind, target, message, next, inner) { StatusCode = statusCode, RequestId = requestId };
}
