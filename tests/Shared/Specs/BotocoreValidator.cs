using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace CockroachCmek.Testing.Specs;

/// <summary>
/// Checks requests and responses against one of botocore's service models: names, types, required members,
/// enumerations, lengths and patterns of the shapes.
/// </summary>
internal sealed class BotocoreValidator
{
    private readonly JsonElement _operations;
    private readonly JsonElement _shapes;

    public BotocoreValidator(string path)
    {
        var document = JsonDocument.Parse(File.ReadAllText(path)).RootElement;
        _operations = document.GetProperty("operations");
        _shapes = document.GetProperty("shapes");
    }

    /// <summary>A JSON 1.1 request, or its response.</summary>
    public IReadOnlyList<string> CheckJson(string operation, string member, string text)
    {
        if (!_operations.TryGetProperty(operation, out var model))
            return [$"no operation {operation}"];
        if (!model.TryGetProperty(member, out var shape))
            return [];
        using var body = JsonDocument.Parse(text);
        return [.. Json(shape.GetProperty("shape").GetString()!, body.RootElement, member)];
    }

    /// <summary>The form of a Query request.</summary>
    public IReadOnlyList<string> CheckForm(string operation, IReadOnlyDictionary<string, string> form)
    {
        if (!_operations.TryGetProperty(operation, out var model))
            return [$"no operation {operation}"];
        if (!model.TryGetProperty("input", out var input))
            return [];
        var shape = Shape(input.GetProperty("shape").GetString()!);
        var problems = new List<string>();
        foreach (var field in form.Where(f => f.Key is not ("Action" or "Version")))
        {
            var parts = field.Key.Split('.');
            var current = shape;
            for (var i = 0; i < parts.Length && current.ValueKind == JsonValueKind.Object; i++)
            {
                if (current.GetProperty("type").GetString() == "list")
                {
                    if (parts[i] != "member" || ++i >= parts.Length || !int.TryParse(parts[i], out _))
                        problems.Add($"{field.Key}: not a list");
                    current = Shape(current.GetProperty("member").GetProperty("shape").GetString()!);
                    continue;
                }

                if (!current.GetProperty("members").TryGetProperty(parts[i], out var member))
                {
                    problems.Add($"no member {field.Key}");
                    current = default;
                    break;
                }

                current = Shape(member.GetProperty("shape").GetString()!);
            }

            if (current.ValueKind == JsonValueKind.Object && current.GetProperty("type").GetString() == "string")
                problems.AddRange(Text(current, field.Value, field.Key));
        }

        return
        [
            .. problems,
            .. Required(shape)
                .Where(r => !form.Keys.Any(k => k == r || k.StartsWith(r + ".", StringComparison.Ordinal)))
                .Select(r => $"{r} is required"),
        ];
    }

    /// <summary>A Query response.</summary>
    public IReadOnlyList<string> CheckXml(string operation, string text)
    {
        var root = XDocument.Parse(text).Root!;
        if (root.Name.LocalName != operation + "Response")
            return [$"root {root.Name.LocalName}"];
        if (!_operations.GetProperty(operation).TryGetProperty("output", out var output))
            return [];
        var wrapper = output.GetProperty("resultWrapper").GetString()!;
        var result = root.Elements().FirstOrDefault(e => e.Name.LocalName == wrapper);
        return result is null ? [$"no {wrapper}"] : [.. Xml(output.GetProperty("shape").GetString()!, result, wrapper)];
    }

    private IEnumerable<string> Json(string name, JsonElement value, string path)
    {
        var shape = Shape(name);
        switch (shape.GetProperty("type").GetString())
        {
            case "structure":
                if (value.ValueKind != JsonValueKind.Object)
                    return [$"{path}: not an object"];
                var members = shape.GetProperty("members");
                return
                [
                    .. value
                        .EnumerateObject()
                        .SelectMany(p =>
                            members.TryGetProperty(p.Name, out var member)
                                ? Json(member.GetProperty("shape").GetString()!, p.Value, $"{path}.{p.Name}")
                                : [$"{path}: no member {p.Name}"]
                        ),
                    .. Required(shape)
                        .Where(r => !value.TryGetProperty(r, out _))
                        .Select(r => $"{path}: {r} is required"),
                ];
            case "list":
                return value.ValueKind == JsonValueKind.Array
                    ? value
                        .EnumerateArray()
                        .SelectMany(
                            (v, i) =>
                                Json(shape.GetProperty("member").GetProperty("shape").GetString()!, v, $"{path}[{i}]")
                        )
                    : [$"{path}: not a list"];
            case "map":
                return value.ValueKind == JsonValueKind.Object ? [] : [$"{path}: not a map"];
            case "string":
                return value.ValueKind == JsonValueKind.String
                    ? Text(shape, value.GetString()!, path)
                    : [$"{path}: not a string"];
            case "boolean":
                return value.ValueKind is JsonValueKind.True or JsonValueKind.False ? [] : [$"{path}: not a boolean"];
            case "integer" or "long" or "timestamp":
                return value.ValueKind == JsonValueKind.Number ? [] : [$"{path}: not a number"];
            case "blob":
                return value.ValueKind == JsonValueKind.String && value.TryGetBytesFromBase64(out _)
                    ? []
                    : [$"{path}: not base64"];
            default:
                return [$"{path}: unknown type in the model"];
        }
    }

    private IEnumerable<string> Xml(string name, XElement value, string path)
    {
        var shape = Shape(name);
        switch (shape.GetProperty("type").GetString())
        {
            case "structure":
                var members = shape.GetProperty("members");
                return
                [
                    .. value
                        .Elements()
                        .SelectMany(e =>
                            members.TryGetProperty(e.Name.LocalName, out var member)
                                ? Xml(member.GetProperty("shape").GetString()!, e, $"{path}.{e.Name.LocalName}")
                                : [$"{path}: no member {e.Name.LocalName}"]
                        ),
                    .. Required(shape)
                        .Where(r => !value.Elements().Any(e => e.Name.LocalName == r))
                        .Select(r => $"{path}: {r} is required"),
                ];
            case "list":
                return value
                    .Elements()
                    .SelectMany(e =>
                        e.Name.LocalName == "member"
                            ? Xml(shape.GetProperty("member").GetProperty("shape").GetString()!, e, path + "[]")
                            : [$"{path}: {e.Name.LocalName} in a list"]
                    );
            case "string":
                return Text(shape, value.Value, path);
            case "boolean":
                return value.Value is "true" or "false" ? [] : [$"{path}: not a boolean"];
            case "integer":
                return long.TryParse(value.Value, out _) ? [] : [$"{path}: not a number"];
            case "timestamp":
                return DateTimeOffset.TryParse(value.Value, System.Globalization.CultureInfo.InvariantCulture, out _)
                    ? []
                    : [$"{path}: not a time"];
            default:
                return [$"{path}: unknown type in the model"];
        }
    }

    private static IEnumerable<string> Text(JsonElement shape, string text, string path)
    {
        if (shape.TryGetProperty("enum", out var values) && !values.EnumerateArray().Any(v => v.GetString() == text))
            yield return $"{path}: '{text}' is not in the enumeration";
        if (shape.TryGetProperty("min", out var min) && text.Length < min.GetInt32())
            yield return $"{path}: shorter than {min}";
        if (shape.TryGetProperty("max", out var max) && text.Length > max.GetInt32())
            yield return $"{path}: longer than {max}";
        // Patterns are Java's; the few that .NET reads otherwise are character classes of Unicode escapes.
        if (shape.TryGetProperty("pattern", out var pattern) && !Regex.IsMatch(text, $"^(?:{pattern.GetString()})$"))
            yield return $"{path}: '{text}' does not match {pattern}";
    }

    private static IEnumerable<string> Required(JsonElement shape) =>
        shape.TryGetProperty("required", out var required) ? required.EnumerateArray().Select(r => r.GetString()!) : [];

    private JsonElement Shape(string name) => _shapes.GetProperty(name);
}
