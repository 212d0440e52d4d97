namespace CockroachCmek.Sandbox.Http;

/// <summary>A request as a sandbox service sees it: whole, with the body read.</summary>
public sealed record SandboxRequest
{
    /// <summary>Order of arrival over the whole sandbox, from 1.</summary>
    public int Index { get; init; }

    /// <summary>Which service it came to: cloud, aws, gcp, azure, msi (managed identity), vault.</summary>
    public string Service { get; init; } = "";

    /// <summary>GET, POST, PUT, PATCH, DELETE, LIST.</summary>
    public string Method { get; init; } = "";

    /// <summary>Path and query exactly as they stood on the request line: signatures are over this.</summary>
    public string RawTarget { get; init; } = "";

    /// <summary>Path without the query, still percent-encoded.</summary>
    public string Path => RawTarget.Split('?')[0];

    /// <summary>The query's text, without the question mark.</summary>
    public string Query => RawTarget.Contains('?') ? RawTarget.Substring(RawTarget.IndexOf('?') + 1) : "";

    /// <summary>Header fields in the order they came; names as sent.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>The body's bytes.</summary>
    public byte[] Body { get; init; } = [];

    /// <summary>First header field of a name, without regard to case; null when there is none.</summary>
    public string? Header(string name)
    {
        foreach (var field in Headers)
            if (string.Equals(field.Key, name, StringComparison.OrdinalIgnoreCase))
                return field.Value;
        return null;
    }
}

/// <summary>An answer of a sandbox service.</summary>
public sealed record SandboxResponse(int Status, byte[] Body, string ContentType)
{
    /// <summary>Further header fields.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];
}

/// <summary>One of the sandbox's services.</summary>
public interface ISandboxService
{
    /// <summary>Answers a request. Never throws for a bad request: that is an answer too.</summary>
    Task<SandboxResponse> HandleAsync(SandboxRequest request, CancellationToken cancellationToken);
}
