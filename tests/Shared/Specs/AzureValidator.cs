using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace CockroachCmek.Testing.Specs;

/// <summary>
/// Checks requests and responses against one of Azure's REST documents (Swagger 2.0): path, method, query names,
/// bodies. Stricter than the documents: unknown members are problems, and so is a read-only member in a request.
/// </summary>
internal sealed class AzureValidator(string path)
{
    private readonly JsonElement _document = JsonDocument.Parse(File.ReadAllText(path)).RootElement;

    /// <summary>Lists every deviation from the document. Null when the document has no such path.</summary>
    public IReadOnlyList<string>? Check(
        string method,
        string target,
        string requestBody,
        int status,
        string responseBody
    )
    {
        var at = Uri.UnescapeDataString(target.Split('?')[0]).TrimEnd('/');
        if (Operation(method.ToLowerInvariant(), at) is not { } operation)
            return null;
        var parameters = operation.GetProperty("parameters").EnumerateArray().ToList();
        var query = (target.Contains('?') ? target.Split('?')[1] : "")
            .Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Select(p => Uri.UnescapeDataString(p.Split('=')[0]))
            .ToList();
        var known = parameters.Where(p => Text(p, "in") == "query").ToList();
        var problems = new List<string>();
        // The server adds its own token to the address of a next page.
        problems.AddRange(
            query
                .Where(q =>
                    !known.Any(p => Text(p, "name") == q)
                    && !(q == "$skiptoken" && operation.TryGetProperty("x-ms-pageable", out _))
                )
                .Select(q => $"no query parameter {q}")
        );
        problems.AddRange(
            known
                .Where(p => Flag(p, "required") && !query.Contains(Text(p, "name")!))
                .Select(p => $"query parameter {Text(p, "name")} is required")
        );

        var body = parameters.FirstOrDefault(p => Text(p, "in") == "body");
        if (body.ValueKind == JsonValueKind.Object)
            problems.AddRange(Body(body, requestBody, "request"));
        else if (requestBody.Length > 0)
            problems.Add("a body where none is specified");

        var responses = operation.GetProperty("responses");
        if (
            responses.TryGetProperty(status.ToString(CultureInfo.InvariantCulture), out var response)
            || (status >= 400 && responses.TryGetProperty("default", out response))
        )
            problems.AddRange(Body(response, responseBody, $"response {status}"));
        else
            problems.Add($"no status {status}");
        return problems;
    }

    private JsonElement? Operation(string method, string at)
    {
        // A request may leave out the version of a key, which the document's path contains.
        var paths = _document
            .GetProperty("paths")
            .EnumerateObject()
            .SelectMany(p =>
                p.Name.EndsWith("/{key-version}", StringComparison.Ordinal)
                    ? [(p.Name, p.Value), (p.Name[..^"/{key-version}".Length], p.Value)]
                    : new[] { (p.Name, p.Value) }
            );
        var found = paths
            .Where(p =>
                Regex.IsMatch(
                    at,
                    "^"
                        + Regex.Replace(Regex.Escape(p.Item1), @"\\\{([^}]*)}", m =>
                            m.Groups[1].Value == "scope" ? ".+" : "[^/]+"
                        )
                        + "$",
                    RegexOptions.IgnoreCase
                )
                && p.Value.TryGetProperty(method, out var operation)
                && operation.TryGetProperty("parameters", out _)
            )
            .OrderBy(p => p.Item1.Split('{').Length)
            .Select(p => p.Value.GetProperty(method))
            .ToList();
        return found.Count > 0 ? found[0] : null;
    }

    private IEnumerable<string> Body(JsonElement holder, string text, string what)
    {
        if (!holder.TryGetProperty("schema", out var schema))
            return text.Length > 0 && what != "request" ? [$"{what}: a body where none is specified"] : [];
        if (text.Length == 0)
            return [$"{what}: no body"];
        using var body = JsonDocument.Parse(text);
        return [.. Value(schema, body.RootElement, what, what == "request")];
    }

    private IEnumerable<string> Value(JsonElement schema, JsonElement value, string at, bool isRequest)
    {
        if (Text(schema, "$ref") is { } reference)
            schema = _document.GetProperty("definitions").GetProperty(reference.Split('/')[^1]);
        // Azure writes null for absent members.
        if (value.ValueKind == JsonValueKind.Null && !isRequest)
            return [];
        switch (Text(schema, "type"))
        {
            case "object":
                return value.ValueKind == JsonValueKind.Object
                    ? Members(schema, value, at, isRequest)
                    : [$"{at}: not an object"];
            case "array":
                return value.ValueKind == JsonValueKind.Array
                    ? value
                        .EnumerateArray()
                        .SelectMany((v, i) => Value(schema.GetProperty("items"), v, $"{at}[{i}]", isRequest))
                    : [$"{at}: not an array"];
            case "any":
                return [];
            case "boolean":
                return value.ValueKind is JsonValueKind.True or JsonValueKind.False ? [] : [$"{at}: not a boolean"];
            case "number":
                return value.ValueKind == JsonValueKind.Number ? [] : [$"{at}: not a number"];
            case "integer":
                return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _)
                    ? []
                    : [$"{at}: not an integer"];
            case "string":
                return value.ValueKind == JsonValueKind.String
                    ? String(schema, value.GetString()!, at)
                    : [$"{at}: not a string"];
            default:
                return [$"{at}: unknown type in the document"];
        }
    }

    private IEnumerable<string> Members(JsonElement schema, JsonElement value, string at, bool isRequest)
    {
        if (!schema.TryGetProperty("properties", out var properties))
            return schema.TryGetProperty("additionalProperties", out var any)
                ? value.EnumerateObject().SelectMany(p => Value(any, p.Value, $"{at}.{p.Name}", isRequest))
                : [];
        var required = schema.TryGetProperty("required", out var names)
            ? names.EnumerateArray().Select(n => n.GetString()!)
            : [];
        return
        [
            .. value
                .EnumerateObject()
                .SelectMany(p =>
                    !properties.TryGetProperty(p.Name, out var member) ? [$"{at}: no member {p.Name}"]
                    : isRequest && Flag(member, "readOnly") ? [$"{at}.{p.Name} is read-only"]
                    : Value(member, p.Value, $"{at}.{p.Name}", isRequest)
                ),
            .. required.Where(r => !value.TryGetProperty(r, out _)).Select(r => $"{at}: {r} is required"),
        ];
    }

    private static IEnumerable<string> String(JsonElement schema, string text, string at)
    {
        if (schema.TryGetProperty("enum", out var values) && !values.EnumerateArray().Any(v => v.GetString() == text))
            yield return $"{at}: '{text}' is not in the enumeration";
        if (Text(schema, "format") == "base64url" && !Regex.IsMatch(text, "^[A-Za-z0-9_-]*$"))
            yield return $"{at}: not base64url";
        if (
            Text(schema, "format") == "date-time"
            && !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out _)
        )
            yield return $"{at}: not a time";
    }

    private static string? Text(JsonElement item, string name) =>
        item.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static bool Flag(JsonElement item, string name) =>
        item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;
}
