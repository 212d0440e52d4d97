using System.Runtime.CompilerServices;

namespace CockroachCmek.Core;

/// <summary>
/// The one factory of faults. Each fault is a method; the method's name is the error id, so that id and text cannot drift apart.
/// The other halves of this class stand beside what they are about (Errors.Cloud.cs, Errors.Aws.cs, ...).
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
        [CallerMemberName] string id = ""
    ) => new(id, kind, target, message, next, inner) { StatusCode = statusCode, RequestId = requestId };

    /// <summary>Throws what was found: one fault as it is, several as one error that names all of them.</summary>
    internal static void ThrowCombined(string cluster, IReadOnlyList<CmekException> faults)
    {
        if (faults.Count == 0)
            return;
        if (faults.Select(f => f.ErrorId).Distinct().Count() == 1 && faults.Count == 1)
            throw faults[0];
        throw Make(
            faults[0].Kind,
            cluster,
            $"Nothing was written for '{cluster}'. {string.Join(" ", faults.Select(f => f.Message).Distinct())}",
            string.Join("; ", faults.Select(f => f.RecommendedAction).Distinct()),
            id: faults.Select(f => f.ErrorId).Distinct().Count() == 1 ? faults[0].ErrorId : "KeysUnfit"
        );
    }
}
