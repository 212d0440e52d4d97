using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;

namespace CockroachCmek.Core;

/// <summary>
/// Advice with a command that a person pastes. Values in it come from APIs and files: one that a shell would not read
/// as
/// mere words is quoted. Parameters of this type take an interpolated string; every value in it goes through here.
/// </summary>
[InterpolatedStringHandler]
internal readonly struct CommandLine
{
    /// <summary>The format of a hole that holds a part of a command, and is not quoted: {part:raw}.</summary>
    private const string Raw = "raw";

    private static readonly Regex Quoted = new("'[^']*'", RegexOptions.CultureInvariant);

    private readonly StringBuilder _text;

    public CommandLine(int literalLength, int formattedCount) =>
        _text = new StringBuilder(literalLength + 16 * formattedCount);

    public void AppendLiteral(string text) => _text.Append(text);

    public void AppendFormatted<T>(T value)
    {
        var text = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        _text.Append(IsWords(text) ? text : ShellQuote.PowerShell(text));
    }

    public void AppendFormatted(string value, string format)
    {
        if (format == Raw)
            _text.Append(value);
        else
            throw new FormatException($"A command has no format '{format}'.");
    }

    public override string ToString() => _text.ToString();

    /// <summary>
    /// Words, a list of them, or a placeholder such as &lt;another file&gt;: what no shell runs. What is in single
    /// quotes already stays so.
    /// </summary>
    private static bool IsWords(string given)
    {
        var text = Quoted.Replace(given, "q");
        return text.All(c => char.IsLetterOrDigit(c) || " _.,:/@%+=~-".IndexOf(c) >= 0)
            ? text.Length == 0 || text[0] is not ('-' or '@') || text.StartsWith("--", StringComparison.Ordinal)
            : text.Length > 2
                && text[0] == '<'
                && text[text.Length - 1] == '>'
                && text.Substring(1, text.Length - 2).All(c => char.IsLetterOrDigit(c) || " ,.'-".IndexOf(c) >= 0);
    }
}
