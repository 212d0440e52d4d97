using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Gcp.Logs;

/// <summary>
/// Reads a filter of the Logging query language by recursive descent. NOT binds closest, then OR, then AND; expressions
/// side by side are joined by AND.
/// </summary>
/// <remarks>Source: docs.cloud.google.com/logging/docs/view/logging-query-language.</remarks>
internal sealed class LogFilterParser
{
    private static readonly Regex Token = new(
        """
        \G(?:\s+|--[^\n]*)*(?:
          (?<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
        | (?<sign>=~|!~|!=|<=|>=|[=<>:()])
        | (?<word>\d{4}-\d\d-\d\dT[^\s()]+|[^\s()"'=<>:!~]+)
        )
        """,
        RegexOptions.IgnorePatternWhitespace
    );

    private static readonly string[] Operators = ["=~", "!~", "!=", "<=", ">=", "=", "<", ">", ":"];

    private readonly List<(string Kind, string Text)> _tokens = [];
    private int _next;

    private LogFilterParser(string text)
    {
        for (var at = 0; Regex.Replace(text.Substring(at), @"--[^\n]*", "").Trim().Length > 0; )
        {
            var match = Token.Match(text, at);
            if (!match.Success)
                throw Unparseable(text.Substring(at).Trim());
            var kind = new[] { "text", "sign", "word" }.First(k => match.Groups[k].Success);
            _tokens.Add((kind, match.Groups[kind].Value));
            at = match.Index + match.Length;
        }
    }

    /// <exception cref="GcpException">INVALID_ARGUMENT.</exception>
    public static LogFilter Parse(string text)
    {
        if (text.Length > 20_000)
            throw GcpException.Invalid("The filter is longer than 20,000 characters.");
        var parser = new LogFilterParser(text);
        if (parser._tokens.Count == 0)
            return new LogAll([]);
        var filter = parser.And();
        return parser._next == parser._tokens.Count ? filter : throw parser.Unexpected();
    }

    private LogFilter And()
    {
        var all = new List<LogFilter> { Or() };
        while (_next < _tokens.Count && !Is("sign", ")"))
        {
            TakesWord("AND");
            all.Add(Or());
        }

        return all.Count == 1 ? all[0] : new LogAll(all);
    }

    private LogFilter Or()
    {
        var any = new List<LogFilter> { Not() };
        while (TakesWord("OR"))
            any.Add(Not());
        return any.Count == 1 ? any[0] : new LogAny(any);
    }

    private LogFilter Not()
    {
        if (TakesWord("NOT") || TakesWord("-"))
            return new LogNot(Not());
        if (_next < _tokens.Count && _tokens[_next] is { Kind: "word", Text: ['-', _, ..] } negated)
        {
            _tokens[_next] = ("word", negated.Text.Substring(1));
            return new LogNot(Not());
        }

        if (!Takes("("))
            return Comparison();
        var inner = And();
        Require(")");
        return inner;
    }

    private LogFilter Comparison()
    {
        var (kind, text) = Next();
        if (kind == "sign" || text is "AND" or "OR")
            throw Unexpected();
        if (kind == "word" && Takes("("))
        {
            if (text != "log_id")
                throw GcpException.Invalid($"The sandbox does not know the function {text}.");
            var id = Value();
            Require(")");
            return new LogId(id);
        }

        if (_next == _tokens.Count || _tokens[_next].Kind != "sign" || !Operators.Contains(_tokens[_next].Text))
            return new LogSearch(Unquoted(kind, text));
        var sign = Next().Text;
        LogFields.RequireKnown(text);
        return Values(text.Split('.'), sign);
    }

    /// <summary>A value, or values with AND, OR and NOT in parentheses.</summary>
    private LogFilter Values(string[] path, string sign)
    {
        if (!Takes("("))
        {
            var comparison = new LogComparison(path, sign, Value());
            comparison.RequireValue();
            return comparison;
        }

        var values = ValueAnd(path, sign);
        Require(")");
        return values;
    }

    private LogFilter ValueAnd(string[] path, string sign)
    {
        var all = new List<LogFilter> { ValueOr(path, sign) };
        while (!Is("sign", ")"))
        {
            TakesWord("AND");
            all.Add(ValueOr(path, sign));
        }

        return all.Count == 1 ? all[0] : new LogAll(all);
    }

    private LogFilter ValueOr(string[] path, string sign)
    {
        var any = new List<LogFilter> { ValueNot(path, sign) };
        while (TakesWord("OR"))
            any.Add(ValueNot(path, sign));
        return any.Count == 1 ? any[0] : new LogAny(any);
    }

    private LogFilter ValueNot(string[] path, string sign) =>
        TakesWord("NOT") ? new LogNot(ValueNot(path, sign)) : Values(path, sign);

    private string Value()
    {
        var (kind, text) = Next();
        return kind == "sign" ? throw Unexpected() : Unquoted(kind, text);
    }

    private static string Unquoted(string kind, string text) =>
        kind == "text" ? Regex.Replace(text.Substring(1, text.Length - 2), @"\\(.)", "$1") : text;

    private bool Is(string kind, string text) => _next < _tokens.Count && _tokens[_next] == (kind, text);

    private bool Takes(string sign) => TakesToken("sign", sign);

    private bool TakesWord(string word) => TakesToken("word", word);

    private bool TakesToken(string kind, string text)
    {
        if (!Is(kind, text))
            return false;
        _next++;
        return true;
    }

    private void Require(string sign)
    {
        if (!Takes(sign))
            throw Unexpected();
    }

    private (string Kind, string Text) Next() => _next < _tokens.Count ? _tokens[_next++] : throw Unexpected();

    private GcpException Unexpected() => Unparseable(_next < _tokens.Count ? _tokens[_next].Text : "end of filter");

    private static GcpException Unparseable(string at) =>
        GcpException.Invalid($"Unparseable filter: syntax error at '{at}'");
}
