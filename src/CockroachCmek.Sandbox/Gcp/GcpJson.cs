using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>Reads the fields of messages and refuses what protobuf's JSON format refuses.</summary>
internal static class GcpJson
{
    /// <summary>Refuses unknown fields. Output-only fields are accepted and ignored, as in production.</summary>
    public static void AllowFields(JsonObject message, string at, params string[] names)
    {
        foreach (var field in message.Where(f => !names.Contains(f.Key)))
            throw GcpException.UnknownName(field.Key, at, "Cannot find field.");
    }

    /// <summary>A string field; null if it is missing or empty, which proto3 does not distinguish.</summary>
    public static string? Text(JsonObject message, string name) =>
        message[name] switch
        {
            null => null,
            JsonValue value when value.TryGetValue<string>(out var text) => text.Length > 0 ? text : null,
            _ => throw GcpException.Invalid($"Invalid value at '{name}' (TYPE_STRING)"),
        };

    public static JsonObject? Message(JsonObject message, string name) =>
        message[name] switch
        {
            null => null,
            JsonObject value => value,
            _ => throw GcpException.Invalid($"Invalid value at '{name}' (TYPE_MESSAGE)"),
        };

    public static string[] Texts(JsonObject message, string name) =>
        message[name] switch
        {
            null => [],
            JsonArray values when values.All(v => v is JsonValue value && value.TryGetValue<string>(out _)) =>
            [
                .. values.Select(v => (string)v!),
            ],
            _ => throw GcpException.Invalid($"Invalid value at '{name}' (TYPE_STRING)"),
        };

    /// <summary>A bytes field: base64 in either alphabet, with or without padding.</summary>
    public static byte[] Bytes(JsonObject message, string name)
    {
        var text = (Text(message, name) ?? "").Replace('-', '+').Replace('_', '/').TrimEnd('=');
        try
        {
            return Convert.FromBase64String(text + new string('=', (4 - (text.Length % 4)) % 4));
        }
        catch (FormatException)
        {
            throw GcpException.Invalid($"Invalid value at '{name}' (TYPE_BYTES), Base64 decoding failed");
        }
    }

    /// <summary>The paths of a field mask, in camel case.</summary>
    public static string[] Mask(string? mask) =>
        [
            .. (mask ?? "")
                .Split([','], StringSplitOptions.RemoveEmptyEntries)
                .Select(p => Regex.Replace(p.Trim(), "_([a-z])", m => m.Groups[1].Value.ToUpperInvariant())),
        ];
}
