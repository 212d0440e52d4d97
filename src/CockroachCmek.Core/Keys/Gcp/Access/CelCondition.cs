using System.Globalization;
using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Gcp.Access;

/// <summary>What a condition can be evaluated against.</summary>
/// <param name="Now">The time.</param>
/// <param name="Name">resource.name of the request; null when it is not known.</param>
/// <param name="Type">resource.type of the request; null when it is not known.</param>
/// <param name="Service">resource.service of the request; null when it is not known.</param>
internal sealed record CelFacts(DateTimeOffset Now, string? Name = null, string? Type = null, string? Service = null);

/// <summary>
/// Evaluates the condition of a binding in three values. The time and the resource are known; every other attribute
/// is named instead.
/// </summary>
/// <remarks>
/// Source: cloud.google.com/iam/docs/conditions-attribute-reference. A condition that is true now and will not be later
/// depends on request.time: a cluster that relies on it loses its key.
/// </remarks>
internal sealed class CelCondition
{
    /// <summary>Tokens of the longest condition that is read: the parser must not run out of stack.</summary>
    private const int Longest = 1000;

    private static readonly string[] Comparisons = ["==", "!=", "<", "<=", ">", ">="];

    private readonly IReadOnlyList<CelToken> _tokens;
    private readonly CelFacts _facts;
    private int _next;

    private CelCondition(IReadOnlyList<CelToken> tokens, CelFacts facts)
    {
        _tokens = tokens;
        _facts = facts;
    }

    /// <summary>Whether a condition holds, and on what that depends when it is not known.</summary>
    /// <param name="expression">The condition. One that cannot be read is named as a whole.</param>
    /// <param name="facts">What is known.</param>
    public static CelValue Evaluate(string expression, CelFacts facts)
    {
        try
        {
            if (CelToken.Split(expression) is { Count: <= Longest } tokens)
            {
                var condition = new CelCondition(tokens, facts);
                var value = condition.Or();
                if (condition._next == tokens.Count && (value.Known is bool || value.DependsOn.Count > 0))
                    return value;
            }
        }
        catch (FormatException)
        {
            // Not the grammar of conditions, or a part of it that is not known here.
        }

        return CelValue.Unknown(expression);
    }

    private CelValue Or()
    {
        var value = And();
        while (Accept("||"))
            value = value.Or(And());
        if (!Accept("?"))
            return value;
        var (yes, no) = (Or(), Expect(":", Or));
        return value.Known is bool known ? (known ? yes : no) : CelValue.Unknown([value, yes, no]);
    }

    private CelValue And()
    {
        var value = Comparison();
        while (Accept("&&"))
            value = value.And(Comparison());
        return value;
    }

    private CelValue Comparison()
    {
        var left = Sum();
        if (Comparisons.FirstOrDefault(Accept) is { } comparison)
            return CelOperations.Compare(left, comparison, Sum(), _facts.Now);
        return AcceptName("in") ? CelValue.Unknown([left, Sum()]) : left;
    }

    /// <summary>Arithmetic is not evaluated; what it is about is named.</summary>
    private CelValue Sum()
    {
        var value = Unary();
        while (new[] { "+", "-", "*", "/", "%" }.Any(Accept))
            value = CelValue.Unknown([value, Unary()]);
        return value;
    }

    private CelValue Unary() =>
        Accept("!") ? Unary().Not()
        : Accept("-") ? CelValue.Unknown([Unary()])
        : Member();

    private CelValue Member()
    {
        var token = Take();
        CelValue value;
        switch (token.Kind)
        {
            case CelTokenKind.Text:
                value = CelValue.Of(token.Text);
                break;
            case CelTokenKind.Number:
                value = CelValue.Unknown();
                break;
            case CelTokenKind.Name:
                value = Name(token.Text);
                break;
            default:
                value = token.Text switch
                {
                    "(" => Expect(Or, ")"),
                    "[" => CelValue.Unknown(Arguments("]")),
                    _ => throw new FormatException(),
                };
                break;
        }

        while (true)
        {
            if (Accept("."))
                value = CelOperations.Call(value, Take().Text, Accept("(") ? Arguments(")") : []);
            else if (Accept("["))
                value = CelValue.Unknown([value, Expect(Or, "]")]);
            else
                return value;
        }
    }

    /// <summary>true, false, a function, or an attribute such as request.auth.access_levels.</summary>
    private CelValue Name(string name)
    {
        if (name is "true" or "false")
            return CelValue.Of(name == "true");
        if (Accept("("))
            return Function(name, Arguments(")"));
        // A name before a bracket is a method: resource.name.startsWith(...).
        while (IsAt(0, ".") && _next + 1 < _tokens.Count && !IsAt(2, "("))
        {
            _next++;
            name += $".{Take().Text}";
        }

        return name switch
        {
            "request.time" => CelValue.RequestTime,
            "resource.name" when _facts.Name is { } known => CelValue.Of(known),
            "resource.type" when _facts.Type is { } known => CelValue.Of(known),
            "resource.service" when _facts.Service is { } known => CelValue.Of(known),
            _ => CelValue.Unknown(name),
        };
    }

    private static CelValue Function(string name, IReadOnlyList<CelValue> arguments) =>
        name == "timestamp" && arguments is [{ Known: string text }] && ParseTime(text) is { } time
            ? CelValue.Of(time)
            : CelValue.Unknown(arguments, name == "timestamp" ? [] : [name]);

    private static DateTimeOffset? ParseTime(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : null;

    private List<CelValue> Arguments(string end)
    {
        var arguments = new List<CelValue>();
        if (Accept(end))
            return arguments;
        do arguments.Add(Or());
        while (Accept(","));
        Expect(end);
        return arguments;
    }

    private CelToken Take() => _next < _tokens.Count ? _tokens[_next++] : throw new FormatException();

    private bool IsAt(int ahead, string text) =>
        _next + ahead < _tokens.Count
        && _tokens[_next + ahead].Kind == CelTokenKind.Operator
        && _tokens[_next + ahead].Text == text;

    private bool Accept(string text)
    {
        if (!IsAt(0, text))
            return false;
        _next++;
        return true;
    }

    private bool AcceptName(string text)
    {
        if (_next >= _tokens.Count || _tokens[_next] != new CelToken(CelTokenKind.Name, text))
            return false;
        _next++;
        return true;
    }

    private void Expect(string text)
    {
        if (!Accept(text))
            throw new FormatException();
    }

    private CelValue Expect(Func<CelValue> read, string end)
    {
        var value = read();
        Expect(end);
        return value;
    }

    private CelValue Expect(string begin, Func<CelValue> read)
    {
        Expect(begin);
        return read();
    }
}
