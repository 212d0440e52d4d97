namespace CockroachCmek.Sandbox.Http;

/// <summary>A complete request, as a sandbox service receives it.</summary>
public sealed record SandboxRequest
{
    /// <summary>Order of arrival over the whole sandbox, from 1.</summary>
    public int Index { get; init; }

    /// <summary>The service that received it: cloud, aws, gcp, azure, msi (managed identity), vault.</summary>
    public string Service { get; init; } = "";

    /// <summary>GET, POST, PUT, PATCH, DELETE, LIST.</summary>
    public string Method { get; init; } = "";

    /// <summary>Path and query exactly as on the request line, because signatures cover them.</summary>
    public string RawTarget { get; init; } = "";

    /// <summary>Path without the query, still percent-encoded.</summary>
    public string Path => RawTarget.Split('?')[0];

    /// <summary>The query, without the question mark.</summary>
    public string Query => RawTarget.Contains('?') ? RawTarget.Substring(RawTarget.IndexOf('?') + 1) : "";

    /// <summary>Header fields in the order received, with names as sent.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>The bytes of the body.</summary>
    public byte[] Body { get; init; } = [];

    /// <summary>The first header field of a name, in any case; null when there is none.</summary>
    public string? Header(string name)
    {
        foreach (var field in Headers)
            if (string.Equals(field.Key, name, StringComparison.OrdinalIgnoreCase))
                return field.Value;
        return null;
    }
}

/// <summary>The response of a sandbox service.</summary>
public sealed record SandboxResponse(int Status, byte[] Body, string ContentType)
{
    /// <summary>Additional header fields.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];
}

/// <summary>One of the sandbox's services.</summary>
public interface ISandboxService
{
    /// <summary>Handles a request. A bad request gets an error response, not an exception.</summary>
    Task<SandboxResponse> HandleAsync(SandboxRequest request, CancellationToken cancellationToken);
}
