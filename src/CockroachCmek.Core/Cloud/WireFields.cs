using System.Text.Json;

namespace CockroachCmek.Core.Cloud;

/// <summary>
/// Fields of the API that this module does not know, as objects that PowerShell shows and serializes.
/// </summary>
internal static class WireFields
{
    public static CmekFields Of(IEnumerable<(string Name, JsonElement Value)> fields)
    {
        var made = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (name, value) in fields)
            made[VisibleText.Line(name)] = ValueOf(value);
        return new CmekFields(made);
    }

    private static object? ValueOf(JsonElement json) =>
        json.ValueKind switch
        {
            JsonValueKind.String => VisibleText.Line(json.GetString()!),
            JsonValueKind.Number => json.TryGetInt64(out var whole) ? (object)whole : json.GetDouble(),
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.Array => json.EnumerateArray().Select(ValueOf).ToArray(),
            JsonValueKind.Object => Of(json.EnumerateObject().Select(p => (p.Name, p.Value))),
            _ => null,
        };
}
