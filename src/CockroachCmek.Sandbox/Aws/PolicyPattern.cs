namespace CockroachCmek.Sandbox.Aws;

/// <summary>Patterns of actions, resources and conditions: * for any characters, ? for one.</summary>
internal static class PolicyPattern
{
    /// <summary>For actions, which have no case.</summary>
    public static bool MatchesAction(string pattern, string action) =>
        Matches(pattern.ToLowerInvariant(), action.ToLowerInvariant());

    public static bool Matches(string pattern, string text)
    {
        var (p, t, star, resume) = (0, 0, -1, 0);
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
                (star, resume) = (p++, t);
            else if (p < pattern.Length && (pattern[p] == '?' || pattern[p] == text[t]))
                (p, t) = (p + 1, t + 1);
            else if (star >= 0)
                (p, t) = (star + 1, ++resume);
            else
                return false;
        }

        return pattern.Skip(p).All(c => c == '*');
    }

    /// <summary>ARNs are compared part by part, so a star does not reach beyond a colon of the first five.</summary>
    public static bool MatchesArn(string pattern, string arn)
    {
        var (wanted, actual) = (pattern.Split([':'], 6), arn.Split([':'], 6));
        return pattern == "*"
            || (wanted.Length == actual.Length && wanted.Zip(actual, Matches).All(matches => matches));
    }
}
