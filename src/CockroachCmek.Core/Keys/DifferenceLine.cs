using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys;

/// <summary>A line of the difference that a change makes, for people.</summary>
internal static class DifferenceLine
{
    private static readonly JsonSerializerOptions Readable = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Something is added to a place.</summary>
    public static string Added(string place, JsonNode content) => $"+ {place}: {content.ToJsonString(Readable)}";

    /// <summary>Something is removed from a place.</summary>
    public static string Removed(string place, JsonNode content) => $"- {place}: {content.ToJsonString(Readable)}";

    /// <summary>A property is changed.</summary>
    public static IReadOnlyList<string> Changed(string place, string property, JsonNode before, JsonNode after) =>
        [Removed(place, new JsonObject { [property] = before }), Added(place, new JsonObject { [property] = after })];
}
