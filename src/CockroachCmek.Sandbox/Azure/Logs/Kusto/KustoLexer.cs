using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Azure.Logs.Kusto;

/// <summary>What a token of a query is.</summary>
internal enum KustoTokenKind
{
    Name,
    Text,
    Number,
    Span,
    Symbol,
    End,
}

internal sealed record KustoToken(KustoTokenKind Kind, string Text, object? Value = null);

/// <summary>
/// Splits a query into tokens. Source: the Kusto language reference, "Scalar data types" and "Operators".
/// </summary>
internal static class KustoLexer
{
    private static readonly Regex Pattern = new(
        @"\G(?:(?<skip>\s+|//[^\n]*)|(?<span>\d+(?:\.\d+)?(?:d|h|m|s|ms)\b)|(?<number>\d+(?:\.\d+)?)"
            + @"|(?<verbatim>@""[^""]*""|@'[^']*')|(?<text>""(?:[^""\\\n]|\\.)*""|'(?:[^'\\\n]|\\.)*')"
            + @"|(?<name>[A-Za-z_][A-Za-z0-9_]*)|(?<symbol>==|!=|=~|!~|<=|>=|<>|[|()\[\],.:=<>+\-*/!~]))",
        RegexOptions.CultureInvariant
    );

    public static List<KustoToken> Read(string query)
    {
        var tokens = new List<KustoToken>();
        for (var at = 0; at < query.Length; )
        {
            var match = Pattern.Match(query, at);
            if (!match.Success || match.Length == 0)
                throw KustoException.Syntax($"unexpected character '{query[at]}' at position {at}");
            at += match.Length;
            if (!match.Groups["skip"].Success)
                tokens.Add(Token(match));
        }

        tokens.Add(new KustoToken(KustoTokenKind.End, "end of query"));
        return tokens;
    }

    /// <summary>A span such as 30d or 5m.</summary>
    public static TimeSpan Span(string text)
    {
        var unit = text.TrimStart("0123456789.".ToCharArray());
        var count = double.Parse(text.Substring(0, text.Length - unit.Length), CultureInfo.InvariantCulture);
        return unit switch
        {
            "d" => TimeSpan.FromDays(count),
            "h" => TimeSpan.FromHours(count),
            "m" => TimeSpan.FromMinutes(count),
            "s" => TimeSpan.FromSeconds(count),
            _ => TimeSpan.FromMilliseconds(count),
        };
    }

    private static KustoToken Token(Match match)
    {
        var text = match.Value;
        if (match.Groups["span"].Success)
            return new KustoToken(KustoTokenKind.Span, text, Span(text));
        if (match.Groups["number"].Success)
            return text.Contains('.')
                ? new KustoToken(KustoTokenKind.Number, text, double.Parse(text, CultureInfo.InvariantCulture))
                : new KustoToken(KustoTokenKind.Number, text, long.Parse(text, CultureInfo.InvariantCulture));
        if (match.Groups["verbatim"].Success)
            return new KustoToken(KustoTokenKind.Text, text, text.Substring(2, text.Length - 3));
        if (match.Groups["text"].Success)
            return new KustoToken(KustoTokenKind.Text, text, Unescape(text.Substring(1, text.Length - 2)));
        return new KustoToken(match.Groups["name"].Success ? KustoTokenKind.Name : KustoTokenKind.Symbol, text);
    }

    private static string Unescape(string text)
    {
        var plain = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                plain.Append(text[i]);
                continue;
            }

            plain.Append(
                text[++i] switch
                {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    '\\' or '"' or '\'' => text[i],
                    var other => throw KustoException.Syntax($"unknown escape \\{other} in a string"),
                }
            );
        }

        return plain.ToString();
    }
}
