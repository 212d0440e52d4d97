using System.Text;

namespace CockroachCmek.Tests.Packaging;

/// <summary>
/// The string literals of a C# source. Concatenated literals are one text; an interpolated value is "x".
/// </summary>
internal sealed class CSharpStrings(string source)
{
    private readonly List<string> _found = [];
    private int _at;

    /// <summary>Every text, nested ones included.</summary>
    public static IReadOnlyList<string> Of(string source)
    {
        var strings = new CSharpStrings(source);
        strings.ReadCode(end: '\0');
        return strings._found;
    }

    private bool Sees(string text) => string.CompareOrdinal(source, _at, text, 0, text.Length) == 0;

    /// <summary>Reads code up to an end that is not inside brackets, for example of an interpolated value.</summary>
    private void ReadCode(char end)
    {
        var depth = 0;
        var text = new StringBuilder();
        while (_at < source.Length && !(depth == 0 && end != '\0' && source[_at] == end))
        {
            var before = _at;
            if (TryReadString() is { } literal)
            {
                text.Append(literal);
                continue;
            }

            if (Sees("//"))
                _at = source.IndexOf('\n', _at) is >= 0 and var line ? line : source.Length;
            else if (Sees("'"))
                _at = source.IndexOf('\'', _at + (source[_at + 1] == '\\' ? 3 : 2)) + 1;
            else
                depth += source[_at++] switch
                {
                    '{' or '(' or '[' => 1,
                    '}' or ')' or ']' => -1,
                    _ => 0,
                };
            // Only "+" and space stand between the parts of one text.
            if (source[before] == '+' || char.IsWhiteSpace(source[before]))
                continue;
            Add(text);
        }

        Add(text);
    }

    private void Add(StringBuilder text)
    {
        if (text.Length > 0)
            _found.Add(text.ToString());
        text.Clear();
    }

    private string? TryReadString()
    {
        var start = _at;
        while (_at < source.Length && source[_at] is '$' or '@')
            _at++;
        if (_at >= source.Length || source[_at] != '"')
        {
            _at = start;
            return null;
        }

        var prefix = source[start.._at];
        var quotes = 0;
        while (_at + quotes < source.Length && source[_at + quotes] == '"')
            quotes++;
        // Two quotes are an empty string, three or more open a raw one.
        if (quotes == 2)
        {
            _at += 2;
            return "";
        }

        _at += quotes;
        return ReadText(
            prefix.Count(c => c == '$'),
            new string('"', quotes),
            prefix.Contains('@', StringComparison.Ordinal)
        );
    }

    private string ReadText(int dollars, string close, bool verbatim)
    {
        var text = new StringBuilder();
        var open = new string('{', Math.Max(dollars, 1));
        while (!Sees(close) || (verbatim && Sees("\"\"")))
        {
            var isRaw = close.Length > 1;
            if (dollars > 0 && Sees(open) && (isRaw || !Sees("{{")))
            {
                _at += open.Length;
                ReadCode('}');
                _at += open.Length;
                text.Append('x');
                continue;
            }

            if (!isRaw && (Sees("{{") || Sees("}}") || (verbatim ? Sees("\"\"") : Sees("\\"))))
                _at++;
            text.Append(source[_at++]);
        }

        _at += close.Length;
        return text.ToString();
    }
}
