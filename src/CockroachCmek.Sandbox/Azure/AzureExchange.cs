using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>One of the services behind the one address: what it answers, and how it writes a refusal.</summary>
internal interface IAzureService
{
    AzureAnswer Answer(AzureRequest request);

    JsonObject Describe(AzureFault fault);
}

/// <summary>An answer before it is written.</summary>
internal sealed record AzureAnswer(int Status, JsonNode? Body)
{
    /// <summary>For the one answer that is a page for a person.</summary>
    public string? Html { get; init; }

    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    public static AzureAnswer Ok(JsonNode body) => new(200, body);

    /// <summary>A list in the shape that all of Azure shares.</summary>
    public static AzureAnswer List(IEnumerable<JsonObject> items) =>
        Ok(new JsonObject { ["value"] = new JsonArray([.. items]) });

    public static AzureAnswer NoContent { get; } = new(204, null);
}

/// <summary>A request, taken apart: host, decoded path segments without empty ones, decoded query.</summary>
internal sealed class AzureRequest
{
    private readonly SandboxRequest _request;
    private readonly Dictionary<string, string> _query;

    public AzureRequest(SandboxRequest request)
    {
        _request = request;
        Host = request.Header("Host") ?? "";
        Segments = [.. request.Path.Split(['/'], StringSplitOptions.RemoveEmptyEntries).Select(Uri.UnescapeDataString)];
        // Names too: the official clients send "api%2Dversion".
        _query = Form(request.Query);
    }

    public string Method => _request.Method;

    /// <summary>As sent, with the port if there is one.</summary>
    public string Host { get; }

    /// <summary>Without the port, lower case.</summary>
    public string HostName => Host.Split(':')[0].ToLowerInvariant();

    public bool IsLoopback => HostName is "localhost" or "127.0.0.1" or "";

    public IReadOnlyList<string> Segments { get; }

    /// <summary>Path and query as sent, decoded.</summary>
    public string Path => "/" + string.Join("/", Segments);

    public string? Query(string name) => _query.TryGetValue(name, out var value) && value.Length > 0 ? value : null;

    public string? Header(string name) => _request.Header(name);

    /// <summary>The bearer token; null when there is none.</summary>
    public string? Token =>
        Header("Authorization") is { } value && value.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
            ? value.Substring(7).Trim()
            : null;

    /// <summary>The body as a form.</summary>
    public IReadOnlyDictionary<string, string> FormBody() =>
        Form(Encoding.UTF8.GetString(_request.Body).Replace('+', ' '));

    /// <summary>The body as an object; read only where it is asked for, because a first call without a token has none.</summary>
    public JsonObject Body(string code)
    {
        try
        {
            var body =
                JsonNode.Parse(_request.Body) as JsonObject
                ?? throw new AzureFault(400, code, "The body of the request is no JSON object.");
            ReadThrough(body);
            return body;
        }
        catch (Exception fault) when (fault is JsonException or ArgumentException)
        {
            throw new AzureFault(400, code, $"The body of the request is no JSON: {fault.Message}");
        }
    }

    /// <summary>A member that is there twice shows only when its object is read: better now than in the middle of a change.</summary>
    private static void ReadThrough(JsonNode? node)
    {
        if (node is JsonObject item)
            foreach (var member in item)
                ReadThrough(member.Value);
        if (node is JsonArray array)
            foreach (var element in array)
                ReadThrough(element);
    }

    private static Dictionary<string, string> Form(string text) =>
        text.Split(['&'], StringSplitOptions.RemoveEmptyEntries)
            .Select(pair => pair.Split(['='], 2))
            .GroupBy(p => Uri.UnescapeDataString(p[0]), StringComparer.OrdinalIgnoreCase)
            .ToDictionary(
                g => g.Key,
                g => g.Last().Length > 1 ? Uri.UnescapeDataString(g.Last()[1]) : "",
                StringComparer.OrdinalIgnoreCase
            );
}

/// <summary>Reading members of a body without trusting their types.</summary>
internal static class AzureJson
{
    public static string? Text(this JsonObject? item, string name) =>
        item?[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    public static bool? Flag(this JsonObject? item, string name) =>
        item?[name] is JsonValue value && value.TryGetValue<bool>(out var flag) ? flag : null;

    public static long? Number(this JsonObject? item, string name) =>
        item?[name] is JsonValue value && value.TryGetValue<long>(out var number) ? number : null;

    public static JsonObject? Object(this JsonObject? item, string name) => item?[name] as JsonObject;

    public static List<string> Texts(this JsonObject? item, string name) =>
        item?[name] is JsonArray array
            ?
            [
                .. array
                    .OfType<JsonValue>()
                    .Select(v => v.TryGetValue<string>(out var text) ? text : "")
                    .Where(t => t.Length > 0),
            ]
            : [];

    public static Dictionary<string, string> Map(this JsonObject? item, string name) =>
        item.Object(name) is { } map
            ? map.Where(p => map.Text(p.Key) is not null).ToDictionary(p => p.Key, p => map.Text(p.Key)!)
            : [];

    public static JsonObject ToJson(this IReadOnlyDictionary<string, string> map)
    {
        var json = new JsonObject();
        foreach (var pair in map)
            json[pair.Key] = pair.Value;
        return json;
    }

    public static JsonArray ToJson(this IEnumerable<string> texts) => new([.. texts.Select(t => (JsonNode)t)]);

    public static string Time(DateTimeOffset time) =>
        time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
}
