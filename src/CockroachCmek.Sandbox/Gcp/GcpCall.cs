using System.Globalization;
using System.IO;
using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Cloud;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>A call of a REST API of Google: the resource's name, the verb after the colon, the query and the body.</summary>
internal sealed class GcpCall
{
    /// <summary>Query parameters that every API takes; they are named in each discovery document.</summary>
    private static readonly string[] Standard =
    [
        "alt",
        "fields",
        "key",
        "prettyPrint",
        "quotaUser",
        "access_token",
        "oauth_token",
        "callback",
        "uploadType",
        "upload_protocol",
        "$.xgafv",
    ];

    private GcpCall(
        string method,
        string[] path,
        string verb,
        IReadOnlyList<KeyValuePair<string, string>> query,
        JsonObject body
    ) => (Method, Path, Verb, Query, Body) = (method, path, verb, query, body);

    public string Method { get; }

    /// <summary>The name's segments, decoded, without the version.</summary>
    public string[] Path { get; }

    public string Verb { get; }

    public IReadOnlyList<KeyValuePair<string, string>> Query { get; }

    public JsonObject Body { get; }

    public GcpPrincipal Principal { get; set; } = GcpPrincipal.Nobody;

    public string Name => string.Join("/", Path);

    /// <summary>Method and path under the project, each id an asterisk: what the services switch on.</summary>
    public string Route
    {
        get
        {
            var under = Path.Skip(2).Select((segment, i) => i % 2 == 0 ? segment : "*");
            return $"{Method} {string.Join("/", under)}{(Verb.Length > 0 ? ":" + Verb : "")}";
        }
    }

    public static GcpCall Parse(SandboxRequest request)
    {
        var path = request.Path.Trim('/').Split('/').Select(Uri.UnescapeDataString).ToArray();
        if (path.Length < 2 || path[0] != "v1")
            throw new GcpFault("NOT_FOUND", $"There is no method {request.Method} {request.Path}.");
        var colon = path[^1].LastIndexOf(':');
        var verb = colon < 0 ? "" : path[^1].Substring(colon + 1);
        if (colon >= 0)
            path[^1] = path[^1].Substring(0, colon);
        return new GcpCall(request.Method, [.. path.Skip(1)], verb, Pairs(request.Query), ReadBody(request));
    }

    /// <summary>The name of a resource further up.</summary>
    public string Up(int segments) => string.Join("/", Path.Take(Path.Length - segments));

    /// <summary>A query parameter; null when it is absent or empty.</summary>
    public string? Argument(string name) =>
        Query.LastOrDefault(p => p.Key == name).Value is { Length: > 0 } value ? value : null;

    /// <summary>Refuses query parameters that the method does not have.</summary>
    public void AllowQuery(params string[] names)
    {
        foreach (var parameter in Query.Where(p => !names.Contains(p.Key) && !Standard.Contains(p.Key)))
            throw GcpFault.UnknownName(parameter.Key, "", "Cannot bind query parameter.");
    }

    /// <summary>Refuses fields that the message does not have. Output-only fields are allowed and mean nothing, as in life.</summary>
    public static void AllowFields(JsonObject message, string at, params string[] names)
    {
        foreach (var field in message.Where(f => !names.Contains(f.Key)))
            throw GcpFault.UnknownName(field.Key, at, "Cannot find field.");
    }

    /// <summary>A page of a list, under the pageSize and pageToken of the query.</summary>
    public JsonObject Page(string collection, IEnumerable<JsonObject> items, int largest, bool withTotal)
    {
        if (Argument("filter") is not null || Argument("orderBy") is not null)
            throw GcpFault.Invalid("This sandbox neither filters nor sorts lists.");
        var size = largest;
        if (
            Argument("pageSize") is { } text
            && (!int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out size) || size < 0)
        )
            throw GcpFault.Invalid($"Invalid value at 'page_size': \"{text}\"");
        if (size == 0 || size > largest)
            size = largest;
        var start = 0;
        if (Argument("pageToken") is { } token && !PageToken.TryRead(token, out start))
            throw GcpFault.Invalid("The page token is invalid.");
        var all = items.ToList();
        var answer = new JsonObject();
        if (all.Count > start)
            answer[collection] = new JsonArray([.. all.Skip(start).Take(size).Select(i => (JsonNode)i)]);
        if (start + size < all.Count)
            answer["nextPageToken"] = PageToken.Write(start + size);
        if (withTotal)
            answer["totalSize"] = all.Count;
        return answer;
    }

    /// <summary>A text field; null when absent or empty, which proto3 does not tell apart.</summary>
    public static string? Text(JsonObject message, string name) =>
        message[name] switch
        {
            null => null,
            JsonValue value when value.TryGetValue<string>(out var text) => text.Length > 0 ? text : null,
            _ => throw GcpFault.Invalid($"Invalid value at '{name}' (TYPE_STRING)"),
        };

    public static JsonObject? Message(JsonObject message, string name) =>
        message[name] switch
        {
            null => null,
            JsonObject value => value,
            _ => throw GcpFault.Invalid($"Invalid value at '{name}' (TYPE_MESSAGE)"),
        };

    public static string[] Texts(JsonObject message, string name) =>
        message[name] switch
        {
            null => [],
            JsonArray values when values.All(v => v is JsonValue value && value.TryGetValue<string>(out _)) =>
            [
                .. values.Select(v => (string)v!),
            ],
            _ => throw GcpFault.Invalid($"Invalid value at '{name}' (TYPE_STRING)"),
        };

    /// <summary>Bytes: standard base64 or the URL-safe one, padded or not.</summary>
    public static byte[] Bytes(JsonObject message, string name)
    {
        var text = (Text(message, name) ?? "").Replace('-', '+').Replace('_', '/').TrimEnd('=');
        try
        {
            return Convert.FromBase64String(text + new string('=', (4 - (text.Length % 4)) % 4));
        }
        catch (FormatException)
        {
            throw GcpFault.Invalid($"Invalid value at '{name}' (TYPE_BYTES), Base64 decoding failed");
        }
    }

    /// <summary>A field mask: names in camel or snake case, in camel case.</summary>
    public static string[] Mask(string? mask) =>
        [
            .. (mask ?? "")
                .Split([','], StringSplitOptions.RemoveEmptyEntries)
                .Select(p =>
                    System.Text.RegularExpressions.Regex.Replace(p.Trim(), "_([a-z])", m =>
                        m.Groups[1].Value.ToUpperInvariant()
                    )
                ),
        ];

    public static List<KeyValuePair<string, string>> Pairs(string form) =>
        [
            .. form.Split(['&'], StringSplitOptions.RemoveEmptyEntries)
                .Select(p => p.Split(['='], 2))
                .Select(p => new KeyValuePair<string, string>(Decode(p[0]), p.Length > 1 ? Decode(p[1]) : "")),
        ];

    /// <summary>The body's bytes; Google's own clients compress them.</summary>
    public static byte[] Plain(SandboxRequest request)
    {
        if (!string.Equals(request.Header("Content-Encoding"), "gzip", StringComparison.OrdinalIgnoreCase))
            return request.Body;
        try
        {
            using var packed = new GZipStream(new MemoryStream(request.Body), CompressionMode.Decompress);
            using var plain = new MemoryStream();
            packed.CopyTo(plain);
            return plain.ToArray();
        }
        catch (InvalidDataException)
        {
            throw GcpFault.Invalid("The body is not gzip, as its Content-Encoding says.");
        }
    }

    private static JsonObject ReadBody(SandboxRequest request)
    {
        var bytes = Plain(request);
        if (bytes.Length == 0)
            return [];
        try
        {
            var body = JsonNode.Parse(bytes) as JsonObject ?? throw new JsonException("not an object");
            Touch(body);
            return body;
        }
        catch (Exception fault) when (fault is JsonException or ArgumentException)
        {
            throw GcpFault.Invalid("Invalid JSON payload received. " + fault.Message);
        }
    }

    /// <summary>The parser is lazy: names that are there twice are found only when they are looked at.</summary>
    private static void Touch(JsonNode? node)
    {
        if (node is JsonObject members)
            foreach (var member in members)
                Touch(member.Value);
        if (node is JsonArray items)
            foreach (var item in items)
                Touch(item);
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}
