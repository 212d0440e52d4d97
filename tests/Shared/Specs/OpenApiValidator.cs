using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.RegularExpressions;
using NJsonSchema;

namespace CockroachCmek.Testing.Specs;

/// <summary>
/// Checks requests and responses against a vendor's OpenAPI document: path, method, query names, bodies.
/// </summary>
internal sealed class OpenApiValidator
{
    private readonly JsonDocument _document;
    private readonly ConcurrentDictionary<string, JsonSchema> _schemas = [];

    public OpenApiValidator(string path) => _document = JsonDocument.Parse(File.ReadAllText(path));

    /// <summary>Lists every deviation from the document.</summary>
    public async Task<IReadOnlyList<string>> CheckAsync(
        string method,
        string target,
        string requestBody,
        int status,
        string responseBody
    )
    {
        var path = target.Split('?')[0];
        var match = _document
            .RootElement.GetProperty("paths")
            .EnumerateObject()
            .Select(p =>
                (
                    Item: p,
                    Pattern: "^"
                        + Regex.Replace(
                            Regex.Escape(p.Name).Replace(@"\{", "{", StringComparison.Ordinal),
                            @"\{[^}]*}",
                            "[^/]+"
                        )
                        + "$"
                )
            )
            .Where(p => Regex.IsMatch(path, p.Pattern))
            .OrderBy(p => p.Pattern.Contains("[^/]", StringComparison.Ordinal))
            .Select(p => p.Item)
            .FirstOrDefault();
        if (match.Value.ValueKind != JsonValueKind.Object)
            return [$"no path {path}"];
        if (!match.Value.TryGetProperty(method.ToLowerInvariant(), out var operation))
            return [$"no {method} on {match.Name}"];

        var problems = new List<string>();
        var known = operation.TryGetProperty("parameters", out var parameters)
            ? parameters.EnumerateArray().Select(p => p.GetProperty("name").GetString()).ToList()
            : [];
        problems.AddRange(
            (target.Contains('?') ? target.Split('?')[1] : "")
                .Split('&', StringSplitOptions.RemoveEmptyEntries)
                .Select(p => Uri.UnescapeDataString(p.Split('=')[0]))
                .Where(p => !known.Contains(p))
                .Select(p => $"no query parameter {p}")
        );
        if (operation.TryGetProperty("requestBody", out var body))
            problems.AddRange(await BodyAsync(body, requestBody, "request"));
        else if (requestBody.Length > 0)
            problems.Add("a body where none is specified");

        var responses = operation.GetProperty("responses");
        if (
            !responses.TryGetProperty(
                status.ToString(System.Globalization.CultureInfo.InvariantCulture),
                out var response
            ) || !HasSchema(response)
        )
            responses.TryGetProperty("default", out response);
        if (response.ValueKind == JsonValueKind.Object)
            problems.AddRange(await BodyAsync(response, responseBody, $"response {status}"));
        return problems;
    }

    private static bool HasSchema(JsonElement response) =>
        response.TryGetProperty("content", out var content)
        && content
            .EnumerateObject()
            .Any(c => c.Value.TryGetProperty("schema", out var schema) && schema.EnumerateObject().Any());

    private async Task<IEnumerable<string>> BodyAsync(JsonElement holder, string text, string what)
    {
        if (!HasSchema(holder))
            return [];
        var schema = await SchemaAsync(
            holder.GetProperty("content").EnumerateObject().First().Value.GetProperty("schema")
        );
        return schema.Validate(text).Select(e => $"{what}: {e.Kind} at {e.Path}");
    }

    /// <summary>The schema together with the document's components, so that its references resolve.</summary>
    private async Task<JsonSchema> SchemaAsync(JsonElement schema)
    {
        var key = schema.GetRawText();
        if (_schemas.TryGetValue(key, out var known))
            return known;
        // NJsonSchema resolves references to "definitions", OpenAPI keeps its schemas in "components/schemas".
        var definitions = _document.RootElement.GetProperty("components").GetProperty("schemas").GetRawText();
        var text = $$"""{"allOf":[{{key}}],"definitions":{{definitions}}}""".Replace(
            "#/components/schemas/",
            "#/definitions/",
            StringComparison.Ordinal
        );
        return _schemas[key] = await JsonSchema.FromJsonAsync(text);
    }
}
