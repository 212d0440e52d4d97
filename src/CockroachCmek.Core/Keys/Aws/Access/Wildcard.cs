using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Aws.Access;

/// <summary>Patterns of AWS's policies: * stands for any text, ? for one character.</summary>
internal static class Wildcard
{
    private const int ArnParts = 6;

    /// <summary>True when a pattern includes a text.</summary>
    public static bool Matches(string pattern, string text, bool ignoreCase = false)
    {
        var (p, t, star, mark) = (0, 0, -1, 0);
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
                (star, mark, p) = (p, t, p + 1);
            else if (p < pattern.Length && (pattern[p] == '?' || Same(pattern[p], text[t], ignoreCase)))
                (p, t) = (p + 1, t + 1);
            else if (star >= 0)
                (p, mark, t) = (star + 1, mark + 1, mark + 1);
            else
                return false;
        }

        while (p < pattern.Length && pattern[p] == '*')
            p++;
        return p == pattern.Length;
    }

    /// <summary>
    /// True when a pattern of an ARN includes an ARN. Each of the six parts is compared by itself, so that a * does not
    /// cross a colon. Source: IAM user guide, "ARN condition operators".
    /// </summary>
    public static bool MatchesArn(string pattern, string arn)
    {
        var (patterns, parts) = (pattern.Split([':'], ArnParts), arn.Split([':'], ArnParts));
        if (patterns.Length != ArnParts || parts.Length != ArnParts)
            return Matches(pattern, arn);
        return Enumerable.Range(0, ArnParts).All(i => Matches(patterns[i], parts[i]));
    }

    /// <summary>Whether a pattern includes the ARN of an unknown identity of an account.</summary>
    public static Truth MatchesSomeArn(string pattern, string accountId)
    {
        if (pattern.Trim('*').Length == 0 && pattern.Length > 0)
            return Truth.Yes;
        var parts = pattern.Split([':'], ArnParts);
        return parts.Length == ArnParts && !Matches(parts[4], accountId) ? Truth.No : Truth.Maybe;
    }

    /// <summary>A text that a pattern includes.</summary>
    public static string Example(string pattern) => pattern.Replace('*', 'x').Replace('?', 'x');

    private static bool Same(char one, char other, bool ignoreCase) =>
        one == other || (ignoreCase && char.ToUpperInvariant(one) == char.ToUpperInvariant(other));
}
