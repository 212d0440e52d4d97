using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>A parsed request: host, decoded path segments without empty ones, decoded query.</summary>
internal sealed class AzureRequest
{
    private readonly SandboxRequest _request;
    private readonly Dictionary<string, string> _query;

    public AzureRequest(SandboxRequest request)
    {
        _request = request;
        Host = request.Header("Host") ?? "";
        Segments = [.. request.Path.Split(['/'], StringSplitOptions.RemoveEmptyEntries).Select(Uri.UnescapeDataString)];
        // Names are decoded too: the official clients send "api%2Dversion".
        _query = ParseForm(request.Query);
    }

    public string Method => _request.Method;

    /// <summary>The host as sent, with its port if it has one.</summary>
    public string Host { get; }

    /// <summary>The host without its port, in lower case.</summary>
    public string HostName => Host.Split(':')[0].ToLowerInvariant();

    public bool IsLoopback => HostName is "localhost" or "127.0.0.1" or "";

    public IReadOnlyList<string> Segments { get; }

    /// <summary>The decoded path.</summary>
    public string Path => "/" + string.Join("/", Segments);

    /// <summary>A query parameter; null if it is missing or empty.</summary>
    public string? Query(string name) => _query.TryGetValue(name, out var value) && value.Length > 0 ? value : null;

    public string? Header(string name) => _request.Header(name);

    /// <summary>The bearer token, if there is one.</summary>
    public string? Token =>
        Header("Authorization") is { } value && value.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
            ? value.Substring(7).Trim()
            : null;

    /// <summary>The body as a form.</summary>
    public IReadOnlyDictionary<string, string> FormBody() =>
        ParseForm(Encoding.UTF8.GetString(_request.Body).Replace('+', ' '));

    /// <summary>
    /// The body as a JSON object. Parsed on demand, because a client's first request, without a token, has no body.
    /// </summary>
    /// <exception cref="AzureException">The body is not a JSON object. Has the given error code.</exception>
    public JsonObject Body(string errorCode)
    {
        try
        {
            var body =
                JsonNode.Parse(_request.Body) as JsonObject
                ?? throw new AzureException(400, errorCode, "The body of the request is not a JSON object.");
            ReadThrough(body);
            return body;
        }
        catch (Exception error) when (error is JsonException or ArgumentException)
        {
            throw new AzureException(400, errorCode, $"The body of the request is not JSON: {error.Message}");
        }
    }

    /// <summary>
    /// Reads every member. A duplicate member is reported only when its object is read, which must not happen in the
    /// middle of a change.
    /// </summary>
    private static void ReadThrough(JsonNode? node)
    {
        if (node is JsonObject item)
            foreach (var member in item)
                ReadThrough(member.Value);
        if (node is JsonArray array)
            foreach (var element in array)
                ReadThrough(element);
    }

    private static Dictionary<string, string> ParseForm(string text) =>
        text.Split(['&'], StringSplitOptions.RemoveEmptyEntries)
            .Select(pair => pair.Split(['='], 2))
            .GroupBy(p => Uri.UnescapeDataString(p[0]), StringComparer.OrdinalIgnoreCase)
            .ToDictionary(
                g => g.Key,
                g => g.Last().Length > 1 ? Uri.UnescapeDataString(g.Last()[1]) : "",
                StringComparer.OrdinalIgnoreCase
            );
}
