using CockroachCmek.Core.Cloud;

namespace CockroachCmek.Core;

internal static partial class Errors
{
    /// <summary>Turns an error response of CockroachDB Cloud into an error.</summary>
    /// <param name="isWrite">The request was to change something: only such a request meets a busy cluster.</param>
    public static CmekException FromResponse(
        int status,
        ErrorBody body,
        RequestTarget target,
        string? requestId,
        bool isWrite
    )
    {
        var text = body.Text;
        return status switch
        {
            401 => ApiKeyRefused(text, requestId),
            403 => CloudPermissionDenied(target, text, requestId),
            404 => CloudNotFound(target, text, requestId),
            409 or 503 when isWrite && target.IsCluster => CloudBusy(status, target, text, requestId),
            _ when isWrite && target.IsCluster && MentionsLock(text) => CloudBusy(status, target, text, requestId),
            429 => CloudRateLimited(target, requestId),
            400
                when text.IndexOf("Insufficient permissions to access the KMS key", StringComparison.OrdinalIgnoreCase)
                    >= 0 => KeyAccessDenied(target, text, requestId),
            >= 500 => CloudFailed(status, target, text, requestId),
            400 when body.Fields.Count > 0 => CloudFieldRefused(target, body, requestId),
            _ => CloudRefused(status, target, body, requestId),
        };
    }

    /// <summary>Terraform's provider treats any message with "lock" as a locked cluster, whatever the status.</summary>
    private static bool MentionsLock(string text) =>
        System.Text.RegularExpressions.Regex.IsMatch(
            text,
            @"\block(ed)?\b",
            System.Text.RegularExpressions.RegexOptions.IgnoreCase
        );

    /// <summary>HTTP 401.</summary>
    public static CmekException ApiKeyRefused(string text, string? requestId) =>
        Make(
            CmekErrorKind.Authentication,
            "API key",
            $"CockroachDB Cloud does not accept the API key{FormatServerText(text)}",
            "Connect-CrdbCloud -ApiKey (Read-Host -AsSecureString 'API key')",
            statusCode: 401,
            requestId: requestId,
            serverText: text
        );

    /// <summary>HTTP 403.</summary>
    public static CmekException CloudPermissionDenied(RequestTarget target, string text, string? requestId) =>
        Make(
            CmekErrorKind.PermissionDenied,
            target.Name,
            $"The API key's service account is not allowed to do this on {target}{FormatServerText(text)} CMEK needs "
                + "the role Cluster Admin or Cluster Operator.",
            "Give the service account the role at https://cockroachlabs.cloud/access, then run the same command again",
            statusCode: 403,
            requestId: requestId,
            serverText: text
        );

    /// <summary>HTTP 404.</summary>
    public static CmekException CloudNotFound(RequestTarget target, string text, string? requestId) =>
        Make(
            CmekErrorKind.NotFound,
            target.Name,
            $"CockroachDB Cloud does not know {target}{FormatServerText(text)}",
            "Get-CrdbCluster",
            statusCode: 404,
            requestId: requestId
        );

    /// <summary>HTTP 503 or 409, or a message about a lock.</summary>
    public static CmekException CloudBusy(int status, RequestTarget target, string text, string? requestId) =>
        Make(
            CmekErrorKind.Busy,
            target.Name,
            $"{target} is busy with another operation{FormatServerText(text)}",
            $"Get-CrdbCluster {ShellQuote.PowerShell(target.Name)}   (State and OperationStatus show what is running)",
            statusCode: status,
            requestId: requestId
        );

    /// <summary>HTTP 429 after all retries.</summary>
    public static CmekException CloudRateLimited(RequestTarget target, string? requestId) =>
        Make(
            CmekErrorKind.LimitsExceeded,
            target.Name,
            "CockroachDB Cloud allows a user 10 requests a second, and other sessions use them too.",
            "Run the same command again with a smaller -ThrottleLimit",
            statusCode: 429,
            requestId: requestId
        );

    /// <summary>HTTP 5xx.</summary>
    public static CmekException CloudFailed(int status, RequestTarget target, string text, string? requestId) =>
        Make(
            CmekErrorKind.Unavailable,
            target.Name,
            $"CockroachDB Cloud failed with HTTP {status} on {target}{FormatServerText(text)}",
            "Run the same command again; https://status.cockroachlabs.cloud shows outages",
            statusCode: status,
            requestId: requestId
        );

    /// <summary>Any other HTTP 4xx. FAILED_PRECONDITION is about the state of the cluster.</summary>
    public static CmekException CloudRefused(int status, RequestTarget target, ErrorBody body, string? requestId) =>
        Make(
            body.Code == ErrorBody.FailedPrecondition ? CmekErrorKind.InvalidState : CmekErrorKind.InvalidArgument,
            target.Name,
            $"CockroachDB Cloud refused the request for {target} with HTTP {status}{FormatServerText(body.Text)}",
            AdviceOnRefusal(target),
            statusCode: status,
            requestId: requestId,
            serverText: body.Text
        );

    /// <summary>HTTP 400, and the response names the fields that are wrong.</summary>
    public static CmekException CloudFieldRefused(RequestTarget target, ErrorBody body, string? requestId) =>
        Make(
            CmekErrorKind.InvalidArgument,
            target.Name,
            $"CockroachDB Cloud refused {string.Join(", ", body.Fields.Distinct())} of the request for {target}"
                + FormatServerText(body.Text),
            AdviceOnRefusal(target),
            statusCode: 400,
            requestId: requestId,
            serverText: body.Text
        );

    /// <summary>HTTP 400 with the documented sentence about the KMS key.</summary>
    public static CmekException KeyAccessDenied(RequestTarget target, string text, string? requestId) =>
        Make(
            CmekErrorKind.PermissionDenied,
            target.Name,
            $"CockroachDB Cloud is not allowed to use the key for {target}{FormatServerText(text)} A new grant can "
                + "take minutes to take effect.",
            "$manifest | Test-CrdbCmekManifest   (names what is missing; $manifest | Enable-CrdbCmek -RetryFor 15m "
                + "waits for a grant that was made minutes ago)",
            statusCode: 400,
            requestId: requestId,
            serverText: text
        );

    /// <summary>
    /// A write is refused in a form that a missing grant on a key has, while the same API key can read: that says
    /// neither that the grant is the cause, nor that it is not.
    /// </summary>
    /// <param name="waited">How long the request was sent again; zero for not at all.</param>
    public static CmekException KeyUseRefused(string cluster, CmekException refusal, TimeSpan waited) =>
        Make(
            CmekErrorKind.PermissionDenied,
            cluster,
            $"CockroachDB Cloud refuses the request for '{cluster}' with HTTP {refusal.StatusCode}"
                + $"{FormatServerText(refusal.ServerText)} "
                + (waited > TimeSpan.Zero ? $"It was sent again for {waited:hh\\:mm\\:ss}. " : "")
                + "The API key can read the cluster's CMEK. Either a grant on a key is missing or has not taken effect "
                + $"yet, or {(refusal.StatusCode == 400 ? "the request is wrong" : "the service account is allowed to read and not to write")}.",
            "$manifest | Test-CrdbCmekManifest   (names what is missing; $manifest | Enable-CrdbCmek -RetryFor 15m "
                + "waits for a grant that was made minutes ago)",
            refusal,
            statusCode: refusal.StatusCode,
            requestId: refusal.RequestId,
            serverText: refusal.ServerText
        );

    /// <summary>Only a cluster has a state that may explain the refusal.</summary>
    private static string AdviceOnRefusal(RequestTarget target) =>
        target.IsCluster
            ? $"Get-CrdbCluster {ShellQuote.PowerShell(target.Name)} | Get-CrdbCmek   (shows the current state)"
            : "Run the same command again with -Verbose, which shows every request with its address and id";

    /// <summary>No response.</summary>
    public static CmekException CloudUnreachable(Uri endpoint, RequestTarget target, Exception inner) =>
        Make(
            CmekErrorKind.Connection,
            target.Name,
            $"No response from CockroachDB Cloud at {endpoint.Authority}: {inner.GetBaseException().Message}",
            "Run the same command again: it reads the state before it writes",
            inner
        );

    /// <summary>The response does not fit the request.</summary>
    public static CmekException BadAnswer(RequestTarget target, string reason, Exception? inner = null) =>
        Make(
            CmekErrorKind.InvalidData,
            target.Name,
            $"The response about {target} cannot be understood: {reason}.",
            "Connect-CrdbCloud -Endpoint https://cockroachlabs.cloud/   (another service may be listening at this "
                + "address)",
            inner
        );

    /// <summary>Plain http to a host that is not the loopback address.</summary>
    public static CmekException InsecureEndpoint(Uri endpoint) =>
        Make(
            CmekErrorKind.InvalidArgument,
            endpoint.ToString(),
            $"'{endpoint}' is not encrypted. Credentials are sent over https only, except to the loopback address.",
            "Connect-CrdbCloud -Endpoint https://..."
        );

    /// <summary>No cluster has the name or id.</summary>
    public static CmekException ClusterNotFound(
        string name,
        IReadOnlyCollection<string> near,
        Exception? inner = null
    ) =>
        Make(
            CmekErrorKind.NotFound,
            name,
            $"There is no cluster '{name}' that this API key can see.{(near.Count > 0 ? $" Did you mean {string.Join(" or ", near)}?" : "")}",
            "Get-CrdbCluster",
            inner,
            statusCode: 404
        );

    /// <summary>Several clusters have the name or the digits.</summary>
    public static CmekException AmbiguousCluster(string name, IEnumerable<CrdbCluster> matches) =>
        Make(
            CmekErrorKind.InvalidArgument,
            name,
            $"'{name}' matches several clusters: {string.Join(", ", matches.Select(c => $"{c.Name} ({c.Id})"))}.",
            "Get-CrdbCluster <UUID>"
        );

    internal static string FormatServerText(string text) => text.Length == 0 ? "." : $": {text.TrimEnd('.')}.";
}
