using System.Globalization;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>Reads an expression by recursive descent.</summary>
internal sealed class CelParser
{
    private static readonly Regex Token = new(
        """
        \G\s*(?:
          (?<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
        | (?<number>\d+(?:\.\d+)?)
        | (?<name>[A-Za-z_]\w*)
        | (?<sign>&&|\|\||==|!=|<=|>=|[<>!()\[\],.+-])
        )
        """,
        RegexOptions.IgnorePatternWhitespace
    );

    private readonly List<(string Kind, string Text)> _tokens = [];
    private int _next;

    public CelParser(string text)
    {
        var at = 0;
        while (text.Substring(at).Trim().Length > 0)
        {
            var match = Token.Match(text, at);
            if (!match.Success)
                throw new FormatException($"Syntax error at '{text.Substring(at).Trim()}'");
            var kind = new[] { "text", "number", "name", "sign" }.First(k => match.Groups[k].Success);
            _tokens.Add((kind, match.Groups[kind].Value));
            at = match.Index + match.Length;
        }
    }

    public Cel Parse()
    {
        var expression = Or();
        return _next == _tokens.Count ? expression : throw Unexpected();
    }

    private Cel Or()
    {
        var left = And();
        while (Takes("||"))
            left = new CelLogic(IsAnd: false, left, And());
        return left;
    }

    private Cel And()
    {
        var left = Relation();
        while (Takes("&&"))
            left = new CelLogic(IsAnd: true, left, Relation());
        return left;
    }

    private Cel Relation()
    {
        var left = Sum();
        foreach (var sign in new[] { "==", "!=", "<=", ">=", "<", ">", "in" })
            if (Takes(sign))
                return new CelBinary(sign, left, Sum());
        return left;
    }

    private Cel Sum()
    {
        var left = Unary();
        while (true)
        {
            if (Takes("+"))
                left = new CelBinary("+", left, Unary());
            else if (Takes("-"))
                left = new CelBinary("-", left, Unary());
            else
                return left;
        }
    }

    private Cel Unary() => Takes("!") ? new CelNot(Unary()) : Member();

    private Cel Member()
    {
        var value = Primary();
        while (Takes("."))
        {
            var name = Take("name");
            if (Takes("("))
                value = Call(value, name);
            else if (value is CelAttribute attribute)
                value = new CelAttribute($"{attribute.Path}.{name}");
            else
                throw new FormatException($"There is no member '{name}'");
        }

        return value;
    }

    private Cel Primary()
    {
        if (_next >= _tokens.Count)
            throw Unexpected();
        var (kind, text) = _tokens[_next++];
        switch (kind)
        {
            case "text":
                return new CelLiteral(Regex.Replace(text.Substring(1, text.Length - 2), @"\\(.)", "$1"));
            case "number":
                return new CelLiteral(double.Parse(text, CultureInfo.InvariantCulture));
            case "name" when text is "true" or "false":
                return new CelLiteral(text == "true");
            case "name":
                return Takes("(") ? Call(null, text) : new CelAttribute(text);
            case "sign" when text == "(":
                var inner = Or();
                Require(")");
                return inner;
            case "sign" when text == "[":
                return new CelList(Items("]"));
            default:
                _next--;
                throw Unexpected();
        }
    }

    private CelCall Call(Cel? target, string name)
    {
        if (!CelCall.Exists(name, isMethod: target is not null))
            throw new FormatException($"undeclared reference to '{name}'");
        return new CelCall(target, name, Items(")"));
    }

    private List<Cel> Items(string end)
    {
        var items = new List<Cel>();
        if (Takes(end))
            return items;
        do items.Add(Or());
        while (Takes(","));
        Require(end);
        return items;
    }

    private bool Takes(string text)
    {
        if (_next >= _tokens.Count || _tokens[_next].Kind is "text" or "number" || _tokens[_next].Text != text)
            return false;
        _next++;
        return true;
    }

    private string Take(string kind) =>
        _next < _tokens.Count && _tokens[_next].Kind == kind ? _tokens[_next++].Text : throw Unexpected();

    private void Require(string text)
    {
        if (!Takes(text))
            throw Unexpected();
    }

    private FormatException Unexpected() =>
        new($"Syntax error: unexpected {(_next < _tokens.Count ? $"'{_tokens[_next].Text}'" : "end of input")}");
}
