using System.Text.Json;
using System.Text.RegularExpressions;

namespace CockroachCmek.Testing.Specs;

/// <summary>
/// Checks requests and responses against a Google discovery document: path, method, query names, and names, types,
/// formats and enumerations of the schemas.
/// </summary>
internal sealed class DiscoveryValidator
{
    private readonly JsonElement _root;
    private readonly JsonElement _schemas;
    private readonly List<(JsonElement Method, Regex Path)> _methods = [];

    public DiscoveryValidator(string path)
    {
        _root = JsonDocument.Parse(File.ReadAllText(path)).RootElement;
        _schemas = _root.GetProperty("schemas");
        Collect(_root);
    }

    /// <summary>Whether the document has a method for the path. It may be older than the API.</summary>
    public bool Knows(string method, string target) => Find(method, target).ValueKind == JsonValueKind.Object;

    /// <summary>Lists every deviation from the document. Of a refused request, only the error is checked.</summary>
    public IReadOnlyList<string> Check(
        string method,
        string target,
        string requestBody,
        int status,
        string responseBody
    )
    {
        var model = Find(method, target);
        if (model.ValueKind != JsonValueKind.Object)
            return [$"no method {method} {target}"];
        if (status >= 400)
            return [.. Refusal(status, responseBody)];
        var problems = new List<string>();
        var query = (target.Contains('?') ? target.Split('?')[1] : "")
            .Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Select(p => Uri.UnescapeDataString(p.Split('=')[0]));
        problems.AddRange(
            query
                .Where(q =>
                    !IsQuery(model.GetProperty("parameters"), q) && !IsQuery(_root.GetProperty("parameters"), q)
                )
                .Select(q => $"no query parameter {q}")
        );
        if (model.TryGetProperty("request", out var request))
            problems.AddRange(Body(request, requestBody, "request"));
        else if (requestBody.Length > 0)
            problems.Add("a body where none is specified");
        return [.. problems, .. Body(model.GetProperty("response"), responseBody, "response")];
    }

    private static bool IsQuery(JsonElement parameters, string name) =>
        parameters.TryGetProperty(name, out var parameter) && parameter.GetProperty("location").GetString() == "query";

    /// <summary>google.rpc.Status in JSON.</summary>
    private static IEnumerable<string> Refusal(int status, string text)
    {
        using var body = JsonDocument.Parse(text);
        if (!body.RootElement.TryGetProperty("error", out var error))
            return ["no error"];
        return
        [
            .. error.GetProperty("code").GetInt32() != status
                ? ["error.code is not the HTTP status"]
                : Array.Empty<string>(),
            .. new[] { "message", "status" }
                .Where(n => !error.TryGetProperty(n, out var value) || value.ValueKind != JsonValueKind.String)
                .Select(n => $"error.{n} is missing"),
        ];
    }

    private JsonElement Find(string method, string target)
    {
        var path = Uri.UnescapeDataString(target.Split('?')[0]).TrimStart('/');
        return _methods
            .FirstOrDefault(m => m.Method.GetProperty("httpMethod").GetString() == method && m.Path.IsMatch(path))
            .Method;
    }

    private void Collect(JsonElement holder)
    {
        if (holder.TryGetProperty("methods", out var methods))
            _methods.AddRange(methods.EnumerateObject().Select(m => (m.Value, Pattern(m.Value))));
        if (!holder.TryGetProperty("resources", out var resources))
            return;
        foreach (var resource in resources.EnumerateObject())
            Collect(resource.Value);
    }

    /// <summary>
    /// The path's template with the patterns of its parameters. Ids contain no colon; it begins the verb.
    /// </summary>
    private static Regex Pattern(JsonElement method)
    {
        var pattern = Regex.Replace(method.GetProperty("path").GetString()!, @"\{\+?(\w+)\}|[.]", m =>
            m.Groups[1].Success
                ? (
                    method.GetProperty("parameters").GetProperty(m.Groups[1].Value).TryGetProperty("pattern", out var p)
                        ? p.GetString()!.TrimStart('^').TrimEnd('$')
                        : "[^/]+"
                )
                    .Replace("[^/]+", "[^/:]+", StringComparison.Ordinal)
                    .Replace(".*", "[^:]*", StringComparison.Ordinal)
                : @"\."
        );
        return new Regex($"^{pattern}$");
    }

    private IEnumerable<string> Body(JsonElement reference, string text, string what)
    {
        using var body = JsonDocument.Parse(text.Length > 0 ? text : "{}");
        return [.. Value(reference, body.RootElement, what)];
    }

    private IEnumerable<string> Value(JsonElement schema, JsonElement value, string path)
    {
        if (schema.TryGetProperty("$ref", out var reference))
            return Value(_schemas.GetProperty(reference.GetString()!), value, path);
        switch (schema.GetProperty("type").GetString())
        {
            case "any":
                return [];
            case "object":
                if (value.ValueKind != JsonValueKind.Object)
                    return [$"{path}: not an object"];
                return value
                    .EnumerateObject()
                    .SelectMany(p =>
                        schema.TryGetProperty("properties", out var properties)
                        && properties.TryGetProperty(p.Name, out var property)
                            ? Value(property, p.Value, $"{path}.{p.Name}")
                        : schema.TryGetProperty("additionalProperties", out var additional)
                            ? Value(additional, p.Value, $"{path}.{p.Name}")
                        : [$"{path}: no property {p.Name}"]
                    );
            case "array":
                return value.ValueKind == JsonValueKind.Array
                    ? value.EnumerateArray().SelectMany((v, i) => Value(schema.GetProperty("items"), v, $"{path}[{i}]"))
                    : [$"{path}: not an array"];
            case "boolean":
                return value.ValueKind is JsonValueKind.True or JsonValueKind.False ? [] : [$"{path}: not a boolean"];
            case "integer" or "number":
                return value.ValueKind == JsonValueKind.Number ? [] : [$"{path}: not a number"];
            case "string":
                return value.ValueKind == JsonValueKind.String ? Text(schema, value, path) : [$"{path}: not a string"];
            default:
                return [$"{path}: unknown type in the document"];
        }
    }

    private static IEnumerable<string> Text(JsonElement schema, JsonElement value, string path)
    {
        var text = value.GetString()!;
        if (schema.TryGetProperty("enum", out var values) && !values.EnumerateArray().Any(v => v.GetString() == text))
            yield return $"{path}: '{text}' is not in the enumeration";
        var format = schema.TryGetProperty("format", out var name) ? name.GetString() : null;
        var holds = format switch
        {
            "google-datetime" => Regex.IsMatch(text, @"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$"),
            "google-duration" => Regex.IsMatch(text, @"^-?\d+(\.\d{1,9})?s$"),
            "byte" => Convert.TryFromBase64String(
                text.Replace('-', '+').Replace('_', '/'),
                new byte[text.Length],
                out _
            ),
            "int64" or "uint64" => long.TryParse(text, out _),
            _ => true,
        };
        if (!holds)
            yield return $"{path}: '{text}' is not a {format}";
    }
}
