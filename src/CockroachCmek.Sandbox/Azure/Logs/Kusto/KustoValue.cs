using System.Globalization;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Azure.Logs.Kusto;

/// <summary>Values: string, long, double, bool, DateTimeOffset, TimeSpan, JSON (dynamic), and null.</summary>
internal static class KustoValue
{
    public static IComparer<object?> Order { get; } = Comparer<object?>.Create(Compare);

    /// <summary>A dynamic scalar as the scalar; null of any kind as null.</summary>
    public static object? Plain(object? value) =>
        value is not JsonValue json ? value
        : json.TryGetValue<string>(out var text) ? text
        : json.TryGetValue<bool>(out var flag) ? flag
        : json.TryGetValue<long>(out var number) ? number
        : json.TryGetValue<double>(out var real) ? real
        : json.ToJsonString();

    /// <summary>tostring(): null becomes empty.</summary>
    public static string Text(object? value) =>
        Plain(value) switch
        {
            null => "",
            string text => text,
            bool flag => flag ? "true" : "false",
            DateTimeOffset time => AzureJson.Time(time),
            TimeSpan span => span.ToString("c", CultureInfo.InvariantCulture),
            JsonNode node => node.ToJsonString(),
            var other => Convert.ToString(other, CultureInfo.InvariantCulture)!,
        };

    public static int Compare(object? one, object? other)
    {
        (one, other) = (Plain(one), Plain(other));
        return (one, other) switch
        {
            (null, null) => 0,
            (null, _) => -1,
            (_, null) => 1,
            (string a, string b) => string.CompareOrdinal(a, b),
            (DateTimeOffset a, DateTimeOffset b) => a.CompareTo(b),
            (TimeSpan a, TimeSpan b) => a.CompareTo(b),
            (bool a, bool b) => a.CompareTo(b),
            (long or double, long or double) => Real(one).CompareTo(Real(other)),
            _ => string.CompareOrdinal(Text(one), Text(other)),
        };
    }

    public static double Real(object? value) => Convert.ToDouble(value, CultureInfo.InvariantCulture);

    /// <summary>tolong(), toint(): null if the value is not a number.</summary>
    public static object? Whole(object? value) =>
        Plain(value) switch
        {
            long number => number,
            double real => (long)real,
            bool flag => flag ? 1L : 0L,
            string text when long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) =>
                number,
            _ => null,
        };

    /// <summary>toreal(): null if the value is not a number.</summary>
    public static object? Fraction(object? value) =>
        Plain(value) switch
        {
            long number => (double)number,
            double real => real,
            string text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) =>
                real,
            _ => null,
        };

    /// <summary>todatetime(): null if the value is not a time.</summary>
    public static object? Time(object? value) =>
        Plain(value) switch
        {
            DateTimeOffset time => time,
            string text
                when DateTimeOffset.TryParse(
                    text,
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal,
                    out var time
                ) => time,
            _ => null,
        };

    /// <summary>parse_url(): the parts of an absolute address.</summary>
    public static JsonObject Url(object? value) =>
        Uri.TryCreate(Text(value), UriKind.Absolute, out var uri)
            ? new JsonObject
            {
                ["Scheme"] = uri.Scheme,
                ["Host"] = uri.Host,
                ["Port"] = uri.IsDefaultPort ? "" : uri.Port.ToString(CultureInfo.InvariantCulture),
                ["Path"] = uri.AbsolutePath,
                ["Username"] = "",
                ["Password"] = "",
                ["Query Parameters"] = new JsonObject(),
                ["Fragment"] = "",
            }
            : new JsonObject
            {
                ["Scheme"] = "",
                ["Host"] = "",
                ["Path"] = "",
            };

    /// <summary>A value as the response carries it. Every dynamic value is a string of JSON.</summary>
    public static JsonNode? Json(object? value) =>
        value switch
        {
            null => null,
            JsonNode node => JsonValue.Create(node.ToJsonString()),
            string text => JsonValue.Create(text),
            bool flag => JsonValue.Create(flag),
            long number => JsonValue.Create(number),
            double real => JsonValue.Create(real),
            _ => JsonValue.Create(Text(value)),
        };
}
