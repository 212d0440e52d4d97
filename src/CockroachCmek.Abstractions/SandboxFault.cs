namespace CockroachCmek;

/// <summary>
/// A fault that requests to the sandbox meet, to rehearse how a script behaves when a cloud has a bad day.
/// </summary>
public sealed class SandboxFault
{
    /// <summary>Service: cloud, aws, gcp, azure, msi (managed identity) or vault; null for any.</summary>
    public string? Service { get; set; }

    /// <summary>HTTP method; null for any.</summary>
    public string? Method { get; set; }

    /// <summary>Regular expression over method, target, AWS operation and body; null for any.</summary>
    public string? Pattern { get; set; }

    /// <summary>Matching requests that pass before the fault. Default: 0.</summary>
    public int Skip { get; set; }

    /// <summary>Matching requests that meet the fault; later ones pass. Default: 1.</summary>
    public int Count { get; set; } = 1;

    /// <summary>What happens to the request. Default: Delay.</summary>
    public SandboxFaultAction Action { get; set; }

    /// <summary>HTTP status of a Status fault. Default: 503.</summary>
    public int Status { get; set; } = 503;

    /// <summary>Seconds in the Retry-After header of a Status fault; null for none.</summary>
    public int? RetryAfter { get; set; }
}

/// <summary>What a fault does to a request.</summary>
public enum SandboxFaultAction : long
{
    /// <summary>The response is five seconds late, in sandbox time.</summary>
    Delay,

    /// <summary>The request is refused with an HTTP status and not processed.</summary>
    Status,

    /// <summary>The connection is cut before the request is processed: nothing happened.</summary>
    CutBefore,

    /// <summary>The connection is cut after the request was processed: it happened, and the response is lost.</summary>
    CutAfter,
}
