namespace CockroachCmek.Core.Cmek;

/// <summary>
/// Which refusals of a write may be CockroachDB Cloud's refusal to use a key. While a grant takes effect, it responds
/// with 400, 401 or 403 (terraform-provider-cockroach 1.22 internal/provider/utils.go waits out all three). One
/// sentence is known, so the decision rests on status and code. What cannot pass by itself is final: a response about
/// the cluster's state (FAILED_PRECONDITION: the plan, a missing feature) or about a field of the request.
/// </summary>
internal static class KeyRefusal
{
    /// <summary>True when the refusal may pass without any change of ours.</summary>
    public static bool MayBe(CmekException fault) =>
        IsCertain(fault)
        || fault.StatusCode is 401 or 403
        || fault is { StatusCode: 400, Kind: CmekErrorKind.InvalidArgument, ErrorId: nameof(Errors.CloudRefused) };

    /// <summary>True for the documented sentence: it is about the key and nothing else.</summary>
    public static bool IsCertain(CmekException fault) => fault.ErrorId == nameof(Errors.KeyAccessDenied);

    /// <summary>Shows what is waited for, with the API's own sentence.</summary>
    public static OperationProgress Progress(string cluster, CmekException fault, TimeSpan waited, TimeSpan longest) =>
        new()
        {
            Activity = $"Trying again on {cluster}: a grant on its key may not have taken effect yet",
            Status =
                $"CockroachDB Cloud refuses with HTTP {fault.StatusCode}{Errors.FormatServerText(fault.ServerText)} "
                + $"For {waited:hh\\:mm\\:ss} of {longest:hh\\:mm\\:ss}",
        };

    /// <summary>The error to report when the write is not sent again.</summary>
    public static CmekException Final(string cluster, CmekException fault, TimeSpan waited) =>
        fault.StatusCode is 401 or 403 || (waited > TimeSpan.Zero && !IsCertain(fault))
            ? Errors.KeyUseRefused(cluster, fault, waited)
            : fault;
}
