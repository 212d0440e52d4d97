using System.Text.RegularExpressions;

namespace CockroachCmek;

/// <summary>Finds the command in advice for people.</summary>
internal static class NextCommands
{
    /// <summary>A remark to a command follows after three spaces, in parentheses.</summary>
    private const string Remark = "   (";

    /// <summary>How a command begins: a cmdlet, a variable or parenthesis before one, or the tool of a cloud.</summary>
    private static readonly Regex Command = new(
        @"^(?:[(&$]|[A-Z][a-z]+-[A-Z][A-Za-z]+\b|(?:aws|gcloud|az|vault) )",
        RegexOptions.CultureInvariant
    );

    /// <summary>The command at the beginning of an advice, without the remark; empty when there is none.</summary>
    public static string Of(string advice)
    {
        var end = advice.IndexOf(Remark, StringComparison.Ordinal);
        var command = end < 0 ? advice : advice.Substring(0, end);
        return Command.IsMatch(command) ? command.Trim() : "";
    }
}
