using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>
/// The Condition of a policy statement. All its operators and keys must hold; one value of several is enough. Source:
/// the IAM user guide, "Condition operators" and "Multivalued context keys".
/// </summary>
internal static class PolicyCondition
{
    private const string IfExists = "IfExists";
    private const string ForAllValues = "ForAllValues:";
    private const string ForAnyValue = "ForAnyValue:";
    private static readonly Regex Variable = new(@"\$\{([^}]+)\}");

    private static readonly Dictionary<string, Func<string, string, bool>> Tests = new()
    {
        ["StringEquals"] = static (wanted, actual) => wanted == actual,
        ["StringEqualsIgnoreCase"] = static (wanted, actual) =>
            string.Equals(wanted, actual, StringComparison.OrdinalIgnoreCase),
        ["StringLike"] = PolicyPattern.Matches,
        ["ArnEquals"] = PolicyPattern.MatchesArn,
        ["ArnLike"] = PolicyPattern.MatchesArn,
        ["Bool"] = static (wanted, actual) => string.Equals(wanted, actual, StringComparison.OrdinalIgnoreCase),
        ["BinaryEquals"] = static (wanted, actual) => wanted == actual,
        ["IpAddress"] = IsInRange,
        ["NumericEquals"] = static (wanted, actual) => Number(actual) == Number(wanted),
        ["NumericLessThan"] = static (wanted, actual) => Number(actual) < Number(wanted),
        ["NumericLessThanEquals"] = static (wanted, actual) => Number(actual) <= Number(wanted),
        ["NumericGreaterThan"] = static (wanted, actual) => Number(actual) > Number(wanted),
        ["NumericGreaterThanEquals"] = static (wanted, actual) => Number(actual) >= Number(wanted),
        ["DateEquals"] = static (wanted, actual) => Date(actual) == Date(wanted),
        ["DateLessThan"] = static (wanted, actual) => Date(actual) < Date(wanted),
        ["DateLessThanEquals"] = static (wanted, actual) => Date(actual) <= Date(wanted),
        ["DateGreaterThan"] = static (wanted, actual) => Date(actual) > Date(wanted),
        ["DateGreaterThanEquals"] = static (wanted, actual) => Date(actual) >= Date(wanted),
    };

    private static readonly Dictionary<string, string> Negations = new()
    {
        ["StringNotEquals"] = "StringEquals",
        ["StringNotEqualsIgnoreCase"] = "StringEqualsIgnoreCase",
        ["StringNotLike"] = "StringLike",
        ["ArnNotEquals"] = "ArnEquals",
        ["ArnNotLike"] = "ArnLike",
        ["NotIpAddress"] = "IpAddress",
        ["NumericNotEquals"] = "NumericEquals",
        ["DateNotEquals"] = "DateEquals",
    };

    /// <summary>True for a name that IAM accepts as an operator.</summary>
    public static bool IsOperator(string name)
    {
        var (_, plain, _) = Split(name);
        return plain == "Null" || Tests.ContainsKey(plain) || Negations.ContainsKey(plain);
    }

    /// <summary>Whether a condition holds in a request. One with an unknown operator does not.</summary>
    /// <param name="condition">Null: none.</param>
    /// <param name="context">The condition keys of the request.</param>
    /// <param name="variables">Replaces policy variables, as Version 2012-10-17 does.</param>
    public static bool Holds(JsonElement? condition, RequestContext context, bool variables) =>
        condition is not { ValueKind: JsonValueKind.Object } operators
        || operators
            .EnumerateObject()
            .All(test =>
                test.Value.EnumerateObject()
                    .All(key =>
                        Holds(
                            test.Name,
                            context[key.Name],
                            [.. PolicyDocument.Texts(key.Value).Select(v => Expand(v, context, variables) ?? "")]
                        )
                    )
            );

    /// <summary>A text with its policy variables replaced; null when the request lacks one of them.</summary>
    public static string? Expand(string text, RequestContext context, bool variables)
    {
        if (!variables)
            return text;
        var isKnown = true;
        var expanded = Variable.Replace(text, match =>
        {
            var name = match.Groups[1].Value;
            if (name is "*" or "?" or "$")
                return name;
            isKnown &= context[name] is { Length: 1 };
            return context[name]?.FirstOrDefault() ?? "";
        });
        return isKnown ? expanded : null;
    }

    private static bool Holds(string name, string[]? actual, string[] wanted)
    {
        var (set, plain, ifExists) = Split(name);
        if (plain == "Null")
            return wanted.Contains(actual is null ? "true" : "false", StringComparer.OrdinalIgnoreCase);
        var isNegated = Negations.TryGetValue(plain, out var positive);
        if (!Tests.TryGetValue(positive ?? plain, out var test))
            return false;
        if (actual is null)
            return ifExists || set == ForAllValues || (isNegated && set.Length == 0);
        bool Fits(string value) => wanted.Any(w => test(w, value)) != isNegated;
        return set == ForAllValues || (isNegated && set.Length == 0) ? actual.All(Fits) : actual.Any(Fits);
    }

    private static (string Set, string Name, bool IfExists) Split(string name)
    {
        var set =
            name.StartsWith(ForAllValues, StringComparison.Ordinal) ? ForAllValues
            : name.StartsWith(ForAnyValue, StringComparison.Ordinal) ? ForAnyValue
            : "";
        name = name.Substring(set.Length);
        var ifExists = name.EndsWith(IfExists, StringComparison.Ordinal);
        return (set, ifExists ? name.Substring(0, name.Length - IfExists.Length) : name, ifExists);
    }

    private static decimal? Number(string text) =>
        decimal.TryParse(text, NumberStyles.Number, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static DateTimeOffset? Date(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date)
            ? date
        : null;

    private static bool IsInRange(string range, string address)
    {
        var parts = range.Split('/');
        if (!IPAddress.TryParse(parts[0], out var network) || !IPAddress.TryParse(address, out var actual))
            return false;
        var (wanted, given) = (network.GetAddressBytes(), actual.GetAddressBytes());
        if (wanted.Length != given.Length)
            return false;
        var bits = parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : wanted.Length * 8;
        return Enumerable.Range(0, bits).All(bit => ((wanted[bit / 8] ^ given[bit / 8]) & (0x80 >> (bit % 8))) == 0);
    }
}
