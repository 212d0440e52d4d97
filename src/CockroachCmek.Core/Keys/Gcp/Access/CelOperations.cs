using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Gcp.Access;

/// <summary>Comparisons and methods of conditions.</summary>
internal static class CelOperations
{
    private static readonly Regex ProjectNumber = new(@"projects/\d+(/|\z)", RegexOptions.CultureInvariant);

    /// <summary>Calls a method of a value, or reads a member of it.</summary>
    public static CelValue Call(CelValue value, string method, IReadOnlyList<CelValue> arguments)
    {
        if (value.Known is string text && arguments is [{ Known: string other }] && !HasNumber(text, other))
            switch (method)
            {
                case "startsWith":
                    return CelValue.Of(text.StartsWith(other, StringComparison.Ordinal));
                case "endsWith":
                    return CelValue.Of(text.EndsWith(other, StringComparison.Ordinal));
                case "contains":
                    return CelValue.Of(text.Contains(other));
            }

        // resource.matchTag(...) and api.getAttribute(...) are named whole.
        if (value.Known is null && value.DependsOn is [var root] && root.IndexOf('.') < 0)
            return CelValue.Unknown(arguments, $"{root}.{method}");
        // What a text of the resource becomes by other methods is not followed.
        var resource = value.Known is string ? ["resource.name"] : Array.Empty<string>();
        return CelValue.Unknown([value, .. arguments], resource);
    }

    /// <summary>Compares two values.</summary>
    public static CelValue Compare(CelValue left, string comparison, CelValue right, DateTimeOffset now)
    {
        if (right.Known is CelRequestTime && left.Known is not CelRequestTime)
            return Compare(right, Mirror(comparison), left, now);
        if (left.Known is CelRequestTime && right.Known is DateTimeOffset time)
            return CompareTime(comparison, time, now);
        if (left.Known is bool one && right.Known is bool other && comparison is "==" or "!=")
            return CelValue.Of(one == (bool)right.Known == (comparison == "=="));
        if (left.Known is not string a || right.Known is not string b)
            return CelValue.Unknown([left, right]);
        if (HasNumber(a, b))
            return CelValue.Unknown("resource.name");
        var order = string.CompareOrdinal(a, b);
        return CelValue.Of(
            comparison switch
            {
                "==" => order == 0,
                "!=" => order != 0,
                "<" => order < 0,
                "<=" => order <= 0,
                ">" => order > 0,
                _ => order >= 0,
            }
        );
    }

    /// <summary>True when a project is named by its number, which cannot be compared with an id.</summary>
    private static bool HasNumber(string one, string other) =>
        ProjectNumber.IsMatch(one) || ProjectNumber.IsMatch(other);

    /// <summary>Only what the time can no longer change is known.</summary>
    private static CelValue CompareTime(string comparison, DateTimeOffset time, DateTimeOffset now)
    {
        var hasPassed = time <= now;
        return comparison switch
        {
            "<" or "<=" when hasPassed => CelValue.Of(false),
            ">" or ">=" when hasPassed => CelValue.Of(true),
            _ => CelValue.Unknown("request.time"),
        };
    }

    private static string Mirror(string comparison) =>
        comparison switch
        {
            "<" => ">",
            "<=" => ">=",
            ">" => "<",
            ">=" => "<=",
            _ => comparison,
        };
}
