using System.Globalization;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>
/// A value that an expression cannot know. An error makes a condition false; what the evaluator was not told makes it
/// unknown.
/// </summary>
internal sealed record CelMissing(string Attribute, bool IsError);

/// <summary>An expression of the Common Expression Language, as far as IAM conditions use it.</summary>
internal abstract record Cel
{
    /// <summary>The value: bool, string, double, time, span, list, or <see cref="CelMissing"/>.</summary>
    public abstract object Evaluate(Func<string, object?> attribute);

    /// <summary>The attributes that the expression names.</summary>
    public abstract IEnumerable<string> Attributes { get; }

    /// <exception cref="FormatException">The text is not an expression.</exception>
    public static Cel Parse(string text) => new CelParser(text).Parse();

    private protected static CelMissing Error(string what) => new(what, IsError: true);
}

internal sealed record CelLiteral(object Value) : Cel
{
    public override IEnumerable<string> Attributes => [];

    public override object Evaluate(Func<string, object?> attribute) => Value;
}

internal sealed record CelList(IReadOnlyList<Cel> Items) : Cel
{
    public override IEnumerable<string> Attributes => Items.SelectMany(i => i.Attributes);

    public override object Evaluate(Func<string, object?> attribute)
    {
        var values = Items.Select(i => i.Evaluate(attribute)).ToList();
        return (object?)values.OfType<CelMissing>().FirstOrDefault() ?? values;
    }
}

internal sealed record CelAttribute(string Path) : Cel
{
    public override IEnumerable<string> Attributes => [Path];

    public override object Evaluate(Func<string, object?> attribute) => attribute(Path) ?? Error(Path);
}

internal sealed record CelNot(Cel Operand) : Cel
{
    public override IEnumerable<string> Attributes => Operand.Attributes;

    public override object Evaluate(Func<string, object?> attribute) =>
        Operand.Evaluate(attribute) switch
        {
            bool value => !value,
            CelMissing missing => missing,
            _ => Error("!"),
        };
}

/// <summary>"and" or "or". One side alone can decide, even when the other is an error.</summary>
internal sealed record CelLogic(bool IsAnd, Cel Left, Cel Right) : Cel
{
    public override IEnumerable<string> Attributes => Left.Attributes.Concat(Right.Attributes);

    public override object Evaluate(Func<string, object?> attribute)
    {
        var (left, right) = (Left.Evaluate(attribute), Right.Evaluate(attribute));
        if (left is bool one && one != IsAnd || right is bool other && other != IsAnd)
            return !IsAnd;
        if (left is bool && right is bool)
            return IsAnd;
        var missing = new[] { left, right }.OfType<CelMissing>().ToList();
        return missing.Find(m => !m.IsError) ?? missing.FirstOrDefault() ?? Error(IsAnd ? "&&" : "||");
    }
}

/// <summary>A comparison, membership of a list, or time arithmetic.</summary>
internal sealed record CelBinary(string Operator, Cel Left, Cel Right) : Cel
{
    public override IEnumerable<string> Attributes => Left.Attributes.Concat(Right.Attributes);

    public override object Evaluate(Func<string, object?> attribute)
    {
        var (left, right) = (Left.Evaluate(attribute), Right.Evaluate(attribute));
        var missing = new[] { left, right }.OfType<CelMissing>().ToList();
        if (missing.Count > 0)
            return missing.Find(m => !m.IsError) ?? missing[0];
        return (Operator, left, right) switch
        {
            ("in", _, List<object> items) => items.Contains(left),
            ("==", _, _) => Same(left, right),
            ("!=", _, _) => !Same(left, right),
            ("+", DateTimeOffset time, TimeSpan span) => time + span,
            ("-", DateTimeOffset time, TimeSpan span) => time - span,
            ("-", DateTimeOffset time, DateTimeOffset other) => time - other,
            ("+", string text, string other) => text + other,
            ("<" or "<=" or ">" or ">=", IComparable one, _) when one.GetType() == right.GetType() => Compares(
                one is string text ? string.CompareOrdinal(text, (string)right) : one.CompareTo(right)
            ),
            _ => Error(Operator),
        };
    }

    private static bool Same(object left, object right) =>
        left is List<object> one && right is List<object> other ? one.SequenceEqual(other) : Equals(left, right);

    private bool Compares(int order) =>
        Operator switch
        {
            "<" => order < 0,
            "<=" => order <= 0,
            ">" => order > 0,
            _ => order >= 0,
        };
}

/// <summary>A function, or a method of a value (IAM documentation, attribute reference for IAM conditions).</summary>
internal sealed record CelCall(Cel? Target, string Name, IReadOnlyList<Cel> Arguments) : Cel
{
    private static readonly string[] Functions = ["timestamp", "duration", "date"];

    private static readonly string[] Methods =
    [
        "startsWith",
        "endsWith",
        "contains",
        "matches",
        "extract",
        "size",
        "hasOnly",
        "getAttribute",
        "matchTag",
        "matchTagId",
        "hasTagKey",
        "hasTagKeyId",
        "getFullYear",
        "getMonth",
        "getDate",
        "getDayOfMonth",
        "getDayOfWeek",
        "getDayOfYear",
        "getHours",
        "getMinutes",
        "getSeconds",
    ];

    public static bool Exists(string name, bool isMethod) => (isMethod ? Methods : Functions).Contains(name);

    public override IEnumerable<string> Attributes =>
        (OnService ? [] : Target?.Attributes ?? []).Concat(Arguments.SelectMany(a => a.Attributes));

    /// <summary>Methods of the service itself and of a resource's tags. No resource has tags here.</summary>
    private bool OnService => Name is "getAttribute" or "matchTag" or "matchTagId" or "hasTagKey" or "hasTagKeyId";

    public override object Evaluate(Func<string, object?> attribute)
    {
        var arguments = Arguments.Select(a => a.Evaluate(attribute)).ToList();
        if (OnService)
            return Name == "getAttribute" && arguments.Count == 2 ? arguments[1] : false;
        var target = Target?.Evaluate(attribute);
        if (arguments.Append(target).OfType<CelMissing>().FirstOrDefault() is { } missing)
            return missing;
        var first = arguments.FirstOrDefault();
        return (Name, target, first) switch
        {
            ("timestamp", null, string text) => Time(text),
            ("date", null, string text) => Time(text + "T00:00:00Z"),
            ("duration", null, string text) => Span(text),
            ("startsWith", string text, string part) => text.StartsWith(part, StringComparison.Ordinal),
            ("endsWith", string text, string part) => text.EndsWith(part, StringComparison.Ordinal),
            ("contains", string text, string part) => text.Contains(part),
            ("matches", string text, string pattern) => Regex.IsMatch(text, pattern),
            ("extract", string text, string template) => Extract(text, template),
            ("size", string text, null) => (double)text.Length,
            ("size", List<object> items, null) => (double)items.Count,
            ("hasOnly", List<object> items, List<object> allowed) => items.All(allowed.Contains),
            (_, DateTimeOffset time, null) => Part(time),
            (_, DateTimeOffset time, string zone) => InZone(time, zone) is { } local ? Part(local) : Error(zone),
            _ => Error(Name),
        };
    }

    private object Part(DateTimeOffset time) =>
        Name switch
        {
            "getFullYear" => (double)time.Year,
            "getMonth" => (double)(time.Month - 1),
            "getDate" => (double)time.Day,
            "getDayOfMonth" => (double)(time.Day - 1),
            "getDayOfWeek" => (double)time.DayOfWeek,
            "getDayOfYear" => (double)(time.DayOfYear - 1),
            "getHours" => (double)time.Hour,
            "getMinutes" => (double)time.Minute,
            "getSeconds" => (double)time.Second,
            _ => Error(Name),
        };

    private static DateTimeOffset? InZone(DateTimeOffset time, string zone)
    {
        try
        {
            return TimeZoneInfo.ConvertTime(time, TimeZoneInfo.FindSystemTimeZoneById(zone));
        }
        catch (TimeZoneNotFoundException)
        {
            return null;
        }
    }

    private static object Time(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : Error("timestamp");

    private static object Span(string text) =>
        Regex.Match(text, @"^(-?\d+(?:\.\d+)?)(h|m|s)$") is { Success: true } match
            ? TimeSpan.FromSeconds(
                double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)
                    * (
                        match.Groups[2].Value == "h" ? 3600
                        : match.Groups[2].Value == "m" ? 60
                        : 1
                    )
            )
            : Error("duration");

    /// <summary>The part of a text between the fixed parts of a template such as "keyRings/{ring}/".</summary>
    private static object Extract(string text, string template)
    {
        if (Regex.Match(template, @"^([^{}]*)\{\w+\}([^{}]*)$") is not { Success: true } match)
            return Error("extract");
        var (before, after) = (match.Groups[1].Value, match.Groups[2].Value);
        var start = text.IndexOf(before, StringComparison.Ordinal);
        if (start < 0)
            return "";
        start += before.Length;
        var end = after.Length == 0 ? text.Length : text.IndexOf(after, start, StringComparison.Ordinal);
        return end < 0 ? "" : text.Substring(start, end - start);
    }
}
