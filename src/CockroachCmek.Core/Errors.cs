using System.Runtime.CompilerServices;

namespace CockroachCmek.Core;

/// <summary>
/// Creates the module's errors. Each error is a method whose name is the error id, so that id and text cannot drift
/// apart. Errors of one cloud are in its folder (AwsErrors, GcpErrors, …).
/// </summary>
internal static partial class Errors
{
    internal static CmekException Make(
        CmekErrorKind kind,
        object? target,
        string message,
        string next,
        Exception? inner = null,
        int? statusCode = null,
        string? requestId = null,
        string serverText = "",
        [CallerMemberName] string id = ""
    ) =>
        new(
            id,
            kind,
            target is string text ? VisibleText.Line(text) : target,
            VisibleText.Line(message),
            VisibleText.Line(next),
            inner
        )
        {
            StatusCode = statusCode,
            RequestId = requestId,
            ServerText = VisibleText.Line(serverText),
        };

    /// <summary>The same with a command as advice: the values in it are quoted where a shell needs it.</summary>
    internal static CmekException Make(
        CmekErrorKind kind,
        object? target,
        string message,
        CommandLine next,
        Exception? inner = null,
        int? statusCode = null,
        string? requestId = null,
        string serverText = "",
        [CallerMemberName] string id = ""
    ) => Make(kind, target, message, next.ToString(), inner, statusCode, requestId, serverText, id);

    /// <summary>An error of this module that another exception carries; null when there is none.</summary>
    internal static CmekException? Within(Exception? error)
    {
        for (; error is not null; error = error.InnerException)
            if (error is CmekException known)
                return known;
        return null;
    }

    /// <summary>Throws what was found: one error as it is, several as one error that names all of them.</summary>
    internal static void ThrowCombined(string cluster, IReadOnlyList<CmekException> errors)
    {
        if (errors.Count == 0)
            return;
        if (errors.Select(f => f.ErrorId).Distinct().Count() == 1 && errors.Count == 1)
            throw errors[0];
        throw Make(
            errors[0].Kind,
            cluster,
            $"Nothing was written for '{cluster}'. {string.Join(" ", errors.Select(f => f.Message).Distinct())}",
            string.Join("; ", errors.Select(f => f.RecommendedAction).Distinct()),
            id: errors.Select(f => f.ErrorId).Distinct().Count() == 1 ? errors[0].ErrorId : "KeysUnfit"
        );
    }
}
