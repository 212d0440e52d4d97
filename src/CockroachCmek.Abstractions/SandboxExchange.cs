using System.Globalization;

namespace CockroachCmek;

/// <summary>A request that the sandbox received, and its response.</summary>
public sealed record SandboxExchange
{
    /// <summary>Order of arrival, from 1.</summary>
    public int Index { get; internal init; }

    /// <summary>The service that received it: cloud, aws, gcp, azure, msi (managed identity) or vault.</summary>
    public string Service { get; internal init; } = "";

    /// <summary>HTTP method.</summary>
    public string Method { get; internal init; } = "";

    /// <summary>Path and query.</summary>
    public string Target { get; internal init; } = "";

    /// <summary>
    /// The operation. On AWS its name, for example kms:CreateKey; on Azure method, host and path; otherwise method and
    /// path.
    /// </summary>
    public string Operation { get; internal init; } = "";

    /// <summary>Header fields of the request. Credentials are redacted.</summary>
    public CmekFields RequestHeaders { get; internal init; } = new(new Dictionary<string, object?>());

    /// <summary>Body of the request. Credentials are redacted.</summary>
    public string RequestBody { get; internal init; } = "";

    /// <summary>HTTP status; null when the connection was cut.</summary>
    public int? Status { get; internal init; }

    /// <summary>
    /// HTTP status of a lost response: the request was processed, then the connection was cut. Null otherwise.
    /// </summary>
    public int? LostStatus { get; internal init; }

    /// <summary>Body of the response. Credentials are redacted.</summary>
    public string ResponseBody { get; internal init; } = "";

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Index} {Operation}: {Status?.ToString(CultureInfo.InvariantCulture) ?? "cut"}";
}
