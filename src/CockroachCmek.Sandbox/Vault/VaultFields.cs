using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Vault;

/// <summary>The parameters of a write. Vault is lenient: the CLI sends every value as a text, and one list item as the item itself.</summary>
internal sealed class VaultFields
{
    private readonly JsonObject _body;
    private readonly HashSet<string> _asked = [];

    private VaultFields(JsonObject body) => _body = body;

    /// <exception cref="VaultFault">The body is no JSON object.</exception>
    public static VaultFields Parse(byte[] body)
    {
        if (body.Length == 0)
            return new VaultFields([]);
        try
        {
            if (JsonNode.Parse(body) is not JsonObject fields)
                throw VaultFault.Invalid("failed to parse JSON input: an object is expected");
            // A name that is there twice shows only when the object is looked at.
            _ = fields.Count;
            return new VaultFields(fields);
        }
        catch (Exception fault) when (fault is JsonException or ArgumentException)
        {
            throw VaultFault.Invalid("failed to parse JSON input: " + fault.Message);
        }
    }

    /// <summary>What Vault says of parameters that nobody asked for.</summary>
    public IReadOnlyList<string> Warnings
    {
        get
        {
            var ignored = _body
                .Select(f => f.Key)
                .Where(n => !_asked.Contains(n))
                .OrderBy(n => n, StringComparer.Ordinal)
                .ToList();
            return ignored.Count > 0
                ? [$"Endpoint ignored these unrecognized parameters: [{string.Join(" ", ignored)}]"]
                : [];
        }
    }

    /// <summary>A parameter that is taken and makes no difference here.</summary>
    public void Know(string name) => _asked.Add(name);

    public string? Text(string name) => Field(name) is { } node ? Scalar(name, node) : null;

    public int? Number(string name) =>
        Text(name) is not { } text ? null
        : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number
        : throw Refused(name, $"'{text}' is no whole number");

    public bool? Flag(string name) =>
        Text(name) is not { } text
            ? null
            : text.ToLowerInvariant() switch
            {
                "true" or "1" or "t" => true,
                "false" or "0" or "f" => false,
                _ => throw Refused(name, $"'{text}' is no bool"),
            };

    /// <summary>A list, or its items in one text between commas.</summary>
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

    /// <summary>A map, or texts of the form name=value.</summary>
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
            var at = pair.IndexOf('=');
            // Not the text itself: it may be a secret.
            if (at <= 0)
                throw Refused(name, "a pair is not of the form name=value");
            map[pair.Substring(0, at)] = pair.Substring(at + 1);
        }

        return map;
    }

    private JsonNode? Field(string name)
    {
        _asked.Add(name);
        return _body[name];
    }

    private static string Scalar(string name, JsonNode? node) =>
        node is JsonValue value
            ? value.TryGetValue<string>(out var text)
                ? text
                : value.ToJsonString()
            : throw Refused(name, "a text is expected");

    private static VaultFault Refused(string name, string why) =>
        VaultFault.Invalid($"Field validation failed: error converting input for field \"{name}\": {why}");
}
