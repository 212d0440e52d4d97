using System.Globalization;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>Reads members of a body without trusting their types, and writes common JSON values.</summary>
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
