using System.Management.Automation;
using CockroachCmek.Core;

namespace CockroachCmek.Session;

/// <summary>Patterns that a person typed.</summary>
internal static class Wildcards
{
    /// <summary>True for a pattern. A console URL with a query is none, although it has a question mark.</summary>
    public static bool IsPattern(string text) =>
        WildcardPattern.ContainsWildcardCharacters(text) && !text.Contains("://");

    /// <summary>A pattern that ignores case.</summary>
    /// <exception cref="CmekException">WildcardMalformed, for example an open bracket.</exception>
    public static WildcardPattern Parse(string text)
    {
        try
        {
            var pattern = WildcardPattern.Get(text, WildcardOptions.IgnoreCase);
            _ = pattern.IsMatch(""); // the engine reads a pattern when it is first used
            return pattern;
        }
        catch (WildcardPatternException error)
        {
            throw Errors.WildcardMalformed(text, error);
        }
    }
}
