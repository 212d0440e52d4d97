using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Report;

/// <summary>Values of a report as text for people.</summary>
internal static class ReportText
{
    /// <summary>A value: nothing for null, and the items of a list with semicolons between them.</summary>
    public static string Of(JsonNode? value)
    {
        if (value is JsonArray items)
            return string.Join("; ", items.Select(Of));
        if (value is not JsonValue one)
            return "";
        return one.TryGetValue<bool>(out var truth)
            ? truth
                ? "True"
                : "False"
            : one.ToString();
    }
}
