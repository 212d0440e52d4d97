using System.Globalization;
using System.IO;
using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Cloud;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>A request to a Google REST API: resource name, verb after the colon, query and body.</summary>
internal sealed class GcpCall
{
    /// <summary>Query parameters that every API accepts, according to its discovery document.</summary>
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
        string version,
        string[] path,
        string verb,
        IReadOnlyList<KeyValuePair<string, string>> query,
        JsonObject body
    ) => (Method, Version, Path, Verb, Query, Body) = (method, version, path, verb, query, body);

    public string Method { get; }

    /// <summary>The API version: v1, v2 or v3.</summary>
    public string Version { get; }

    /// <summary>The decoded segments of the resource name, without the API version.</summary>
    public string[] Path { get; }

    public string Verb { get; }

    public IReadOnlyList<KeyValuePair<string, string>> Query { get; }

    public JsonObject Body { get; }

    /// <summary>The project that the caller wants to be charged, if it says.</summary>
    public string? QuotaProject { get; private init; }

    public GcpPrincipal Principal { get; set; } = GcpPrincipal.Nobody;

    public string Name => string.Join("/", Path);

    /// <summary>Method and path below the project, with an asterisk for each id. Services switch on it.</summary>
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
        if (path.Length < 2 || path[0] is not ("v1" or "v2" or "v3"))
            throw new GcpException("NOT_FOUND", $"There is no method {request.Method} {request.Path}.");
        var colon = path[^1].LastIndexOf(':');
        var verb = colon < 0 ? "" : path[^1].Substring(colon + 1);
        if (colon >= 0)
            path[^1] = path[^1].Substring(0, colon);
        return new GcpCall(request.Method, path[0], [.. path.Skip(1)], verb, Pairs(request.Query), ReadBody(request))
        {
            QuotaProject = request.Header("X-Goog-User-Project"),
        };
    }

    /// <summary>True if the response's enums are numbers.</summary>
    public bool WantsEnumNumbers => (Argument("$alt") ?? Argument("alt") ?? "").Contains("enum-encoding=int");

    /// <summary>True for a request about import jobs.</summary>
    public bool IsAboutImportJobs => Path.Contains("importJobs");

    /// <summary>The name of an ancestor.</summary>
    public string Parent(int segments) => string.Join("/", Path.Take(Path.Length - segments));

    /// <summary>A query parameter; null if it is missing or empty.</summary>
    public string? Argument(string name) =>
        Query.LastOrDefault(p => p.Key == name).Value is { Length: > 0 } value ? value : null;

    /// <summary>Refuses unknown query parameters.</summary>
    public void AllowQuery(params string[] names)
    {
        foreach (var parameter in Query.Where(p => !names.Contains(p.Key) && !IsStandard(p.Key)))
            throw GcpException.UnknownName(parameter.Key, "", "Cannot bind query parameter.");
    }

    /// <summary>Each parameter of every API also has a name with a dollar sign.</summary>
    private static bool IsStandard(string name) =>
        Standard.Contains(name)
        || (name.StartsWith("$", StringComparison.Ordinal) && Standard.Contains(name.Substring(1)));

    /// <summary>A page of a list, according to pageSize and pageToken.</summary>
    public JsonObject Page(string collection, IEnumerable<JsonObject> items, int maxSize, bool withTotal)
    {
        if (Argument("filter") is not null || Argument("orderBy") is not null)
            throw GcpException.Invalid("This sandbox neither filters nor sorts lists.");
        var size = maxSize;
        if (
            Argument("pageSize") is { } text
            && (!int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out size) || size < 0)
        )
            throw GcpException.Invalid($"Invalid value at 'page_size': \"{text}\"");
        if (size == 0 || size > maxSize)
            size = maxSize;
        var start = 0;
        if (Argument("pageToken") is { } token && !PageToken.TryRead(token, out start))
            throw GcpException.Invalid("The page token is invalid.");
        var all = items.ToList();
        var page = new JsonObject();
        if (all.Count > start)
            page[collection] = new JsonArray([.. all.Skip(start).Take(size).Select(i => (JsonNode)i)]);
        if (start + size < all.Count)
            page["nextPageToken"] = PageToken.Write(start + size);
        if (withTotal)
            page["totalSize"] = all.Count;
        return page;
    }

    /// <summary>The operation that a deletion returns. It is always done.</summary>
    public JsonObject DoneOperation() =>
        new()
        {
            ["name"] = $"{string.Join("/", Path.Take(4))}/operations/{Guid.NewGuid():D}",
            ["done"] = true,
            ["response"] = new JsonObject { ["@type"] = "type.googleapis.com/google.protobuf.Empty" },
        };

    public static List<KeyValuePair<string, string>> Pairs(string form) =>
        [
            .. form.Split(['&'], StringSplitOptions.RemoveEmptyEntries)
                .Select(p => p.Split(['='], 2))
                .Select(p => new KeyValuePair<string, string>(Decode(p[0]), p.Length > 1 ? Decode(p[1]) : "")),
        ];

    /// <summary>The body's bytes, decompressed if needed. Google's clients compress bodies.</summary>
    public static byte[] BodyBytes(SandboxRequest request)
    {
        if (!string.Equals(request.Header("Content-Encoding"), "gzip", StringComparison.OrdinalIgnoreCase))
            return request.Body;
        try
        {
            using var gzip = new GZipStream(new MemoryStream(request.Body), CompressionMode.Decompress);
            using var plain = new MemoryStream();
            gzip.CopyTo(plain);
            return plain.ToArray();
        }
        catch (InvalidDataException)
        {
            throw GcpException.Invalid("The body is not gzip, as its Content-Encoding says.");
        }
    }

    private static JsonObject ReadBody(SandboxRequest request)
    {
        var bytes = BodyBytes(request);
        if (bytes.Length == 0)
            return [];
        try
        {
            var parsed = JsonNode.Parse(bytes);
            // The official Node client of Cloud KMS sends an empty text for an empty message.
            if (parsed is JsonValue value && value.TryGetValue<string>(out var text) && text.Length == 0)
                return [];
            var body = parsed as JsonObject ?? throw new JsonException("not an object");
            ReadThrough(body);
            return body;
        }
        catch (Exception error) when (error is JsonException or ArgumentException)
        {
            throw GcpException.Invalid("Invalid JSON payload received. " + error.Message);
        }
    }

    /// <summary>Reads every member, because a duplicate member is reported only when its object is read.</summary>
    private static void ReadThrough(JsonNode? node)
    {
        if (node is JsonObject members)
            foreach (var member in members)
                ReadThrough(member.Value);
        if (node is JsonArray items)
            foreach (var item in items)
                ReadThrough(item);
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}
