using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Gcp.Logs;

/// <summary>A filter over log entries.</summary>
internal abstract record LogFilter
{
    public abstract bool Matches(JsonObject entry);
}

/// <summary>All of them match.</summary>
internal sealed record LogAll(IReadOnlyList<LogFilter> Filters) : LogFilter
{
    public override bool Matches(JsonObject entry) => Filters.All(f => f.Matches(entry));
}

/// <summary>One of them matches.</summary>
internal sealed record LogAny(IReadOnlyList<LogFilter> Filters) : LogFilter
{
    public override bool Matches(JsonObject entry) => Filters.Any(f => f.Matches(entry));
}

/// <summary>It does not match.</summary>
internal sealed record LogNot(LogFilter Filter) : LogFilter
{
    public override bool Matches(JsonObject entry) => !Filter.Matches(entry);
}

/// <summary>The log of this id.</summary>
internal sealed record LogId(string Id) : LogFilter
{
    public override bool Matches(JsonObject entry) =>
        ((string?)entry["logName"] ?? "").EndsWith(
            "/logs/" + Uri.EscapeDataString(Id),
            StringComparison.OrdinalIgnoreCase
        );
}

/// <summary>Any field has the text.</summary>
internal sealed record LogSearch(string Text) : LogFilter
{
    public override bool Matches(JsonObject entry) => Has(entry);

    private bool Has(JsonNode? node) =>
        node switch
        {
            JsonObject members => members.Any(m => Has(m.Value)),
            JsonArray items => items.Any(Has),
            null => false,
            _ => node.ToString().IndexOf(Text, StringComparison.OrdinalIgnoreCase) >= 0,
        };
}

/// <summary>A field compared with a value. Texts are compared without regard to case.</summary>
internal sealed record LogComparison(string[] Path, string Sign, string Value) : LogFilter
{
    private static readonly string[] Severities =
    [
        "DEFAULT",
        "DEBUG",
        "INFO",
        "NOTICE",
        "WARNING",
        "ERROR",
        "CRITICAL",
        "ALERT",
        "EMERGENCY",
    ];

    public override bool Matches(JsonObject entry)
    {
        var values = LogFields.Find(entry, Path);
        return Sign is "!=" or "!~"
            ? !values.Any(v => Holds(v, Sign == "!=" ? "=" : "=~"))
            : values.Any(v => Holds(v, Sign));
    }

    /// <exception cref="GcpException">INVALID_ARGUMENT: the field is a time and the value is not.</exception>
    public void RequireValue()
    {
        if (IsTime)
            Time(Value);
    }

    private bool IsTime => Path is ["timestamp" or "receiveTimestamp"];

    private bool Holds(JsonNode field, string sign)
    {
        if (sign == ":" && Value == "*")
            return true;
        if (field is not JsonValue)
            return false;
        var text = field.ToString();
        return sign switch
        {
            "=" => Order(text) == 0,
            "<" => Order(text) < 0,
            ">" => Order(text) > 0,
            "<=" => Order(text) <= 0,
            ">=" => Order(text) >= 0,
            "=~" => Regex.IsMatch(text, Value, RegexOptions.None, TimeSpan.FromSeconds(1)),
            _ => text.IndexOf(Value, StringComparison.OrdinalIgnoreCase) >= 0,
        };
    }

    private int Order(string text)
    {
        if (Path is ["severity"])
            return Array.IndexOf(Severities, text).CompareTo(Array.IndexOf(Severities, Value.ToUpperInvariant()));
        if (IsTime)
            return Time(text).CompareTo(Time(Value));
        return
            double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && double.TryParse(Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var other)
            ? number.CompareTo(other)
            : string.Compare(text, Value, StringComparison.OrdinalIgnoreCase);
    }

    private static DateTimeOffset Time(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : throw GcpException.Invalid($"Unparseable filter: '{text}' is not a timestamp.");
}

/// <summary>The fields of log entries, by their paths.</summary>
internal static class LogFields
{
    private static readonly string[] Known =
    [
        "logName",
        "resource",
        "timestamp",
        "receiveTimestamp",
        "severity",
        "insertId",
        "httpRequest",
        "labels",
        "metadata",
        "operation",
        "trace",
        "spanId",
        "traceSampled",
        "sourceLocation",
        "split",
        "errorGroups",
        "protoPayload",
        "textPayload",
        "jsonPayload",
    ];

    /// <exception cref="GcpException">INVALID_ARGUMENT: entries have no such field.</exception>
    public static void RequireKnown(string path)
    {
        if (!Known.Contains(path.Split('.')[0]))
            throw GcpException.Invalid($"Unparseable filter: unrecognized field '{path}'.");
    }

    /// <summary>The values of a field. One in a list has several.</summary>
    public static IReadOnlyList<JsonNode> Find(JsonNode node, string[] path)
    {
        IReadOnlyList<JsonNode> found = [node];
        foreach (var name in path)
            found = [.. found.SelectMany(Unfolded).OfType<JsonObject>().Select(o => o[name]).OfType<JsonNode>()];
        return [.. found.SelectMany(Unfolded)];
    }

    private static IEnumerable<JsonNode> Unfolded(JsonNode node) =>
        node is JsonArray items ? items.OfType<JsonNode>() : [node];
}
