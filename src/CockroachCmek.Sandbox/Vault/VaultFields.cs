using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Vault;

/// <summary>
/// The parameters of a write. Like Vault, accepts what its CLI sends: every value as a string, and a single list item
/// without a list.
/// </summary>
internal sealed class VaultFields
{
    private readonly JsonObject _body;
    private readonly HashSet<string> _used = [];

    private VaultFields(JsonObject body) => _body = body;

    /// <exception cref="VaultException">400: the body is not a JSON object.</exception>
    public static VaultFields Parse(byte[] body)
    {
        if (body.Length == 0)
            return new VaultFields([]);
        try
        {
            if (JsonNode.Parse(body) is not JsonObject fields)
                throw VaultException.Invalid("failed to parse JSON input: an object is expected");
            // A duplicate member is reported only when the object is read.
            _ = fields.Count;
            return new VaultFields(fields);
        }
        catch (Exception error) when (error is JsonException or ArgumentException)
        {
            throw VaultException.Invalid("failed to parse JSON input: " + error.Message);
        }
    }

    /// <summary>Vault's warning about parameters that the path does not use.</summary>
    public IReadOnlyList<string> Warnings
    {
        get
        {
            var ignored = _body
                .Select(f => f.Key)
                .Where(n => !_used.Contains(n))
                .OrderBy(n => n, StringComparer.Ordinal)
                .ToList();
            return ignored.Count > 0
                ? [$"Endpoint ignored these unrecognized parameters: [{string.Join(" ", ignored)}]"]
                : [];
        }
    }

    /// <summary>Accepts a parameter that has no effect here.</summary>
    public void Ignore(string name) => _used.Add(name);

    public string? Text(string name) => Field(name) is { } node ? Scalar(name, node) : null;

    public int? Number(string name) =>
        Text(name) is not { } text ? null
        : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number
        : throw Refused(name, $"'{text}' is not a whole number");

    public bool? Flag(string name) =>
        Text(name) is not { } text
            ? null
            : text.ToLowerInvariant() switch
            {
                "true" or "1" or "t" => true,
                "false" or "0" or "f" => false,
                _ => throw Refused(name, $"'{text}' is not a bool"),
            };

    /// <summary>A list, or a string with its items between commas.</summary>
    public IReadOnlyList<string>? List(string name) =>
        Field(name) switch
        {
            null => null,
            JsonArray items => [.. items.Select(i => Scalar(name, i))],
            { } text =>
            [
                .. Scalar(name, text).Split([','], StringSplitOptions.RemoveEmptyEntries).Select(t => t.Trim()),
            ],
        };

    /// <summary>A map, or strings of the form name=value.</summary>
    public IReadOnlyDictionary<string, string>? Pairs(string name) =>
        Field(name) switch
        {
            null => null,
            JsonObject map => map.ToDictionary(m => m.Key, m => Scalar(name, m.Value)),
            JsonArray items => Split(name, items.Select(i => Scalar(name, i))),
            { } text => Split(name, [Scalar(name, text)]),
        };

    private static Dictionary<string, string> Split(string name, IEnumerable<string> pairs)
    {
        var map = new Dictionary<string, string>();
        foreach (var pair in pairs)
        {
            var equals = pair.IndexOf('=');
            // The message omits the value, which can be a secret.
            if (equals <= 0)
                throw Refused(name, "a pair is not of the form name=value");
            map[pair.Substring(0, equals)] = pair.Substring(equals + 1);
        }

        return map;
    }

    private JsonNode? Field(string name)
    {
        _used.Add(name);
        return _body[name];
    }

    private static string Scalar(string name, JsonNode? node) =>
        node is JsonValue value
            ? value.TryGetValue<string>(out var text)
                ? text
                : value.ToJsonString()
            : throw Refused(name, "a text is expected");

    private static VaultException Refused(string name, string why) =>
        VaultException.Invalid($"Field validation failed: error converting input for field \"{name}\": {why}");
}
