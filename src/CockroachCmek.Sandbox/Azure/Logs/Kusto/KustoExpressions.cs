using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Azure.Logs.Kusto;

/// <summary>Reads the expressions of one operator over the columns of a table.</summary>
internal sealed class KustoExpressions(KustoReader reader, KustoTable table, DateTimeOffset now, string operatorName)
{
    private static readonly string[] TextOperators = ["has", "contains", "startswith", "endswith"];
    private readonly KustoFunctions _functions = new(table, now, operatorName);

    /// <summary>An expression, with "name =" before it or without.</summary>
    public KustoExpression ReadNamed(string otherwise)
    {
        if (!reader.Is("=", ahead: 1))
        {
            var plain = Read();
            return plain with { Name = plain.Name ?? otherwise };
        }

        var name = reader.Name();
        reader.Expect("=");
        return Read() with { Name = name };
    }

    public KustoExpression Read()
    {
        var left = And();
        while (reader.TryTake("or"))
        {
            var (one, other) = (Bool(left), Bool(And()));
            left = new KustoExpression("bool", r => one.Value(r) is true || other.Value(r) is true);
        }

        return left;
    }

    private KustoExpression And()
    {
        var left = Comparison();
        while (reader.TryTake("and"))
        {
            var (one, other) = (Bool(left), Bool(Comparison()));
            left = new KustoExpression("bool", r => one.Value(r) is true && other.Value(r) is true);
        }

        return left;
    }

    private KustoExpression Bool(KustoExpression expression) =>
        expression.Type == "bool"
            ? expression
            : throw KustoException.Semantic($"'{operatorName}' operator: expected a bool, found a {expression.Type}");

    private KustoExpression Comparison()
    {
        var left = Sum();
        foreach (var symbol in new[] { "==", "!=", "<>", "=~", "!~", "<=", ">=", "<", ">" })
            if (reader.TryTake(symbol))
                return Compare(left, symbol, Sum());
        var isNegated = reader.Is("!") && (reader.Is("in", 1) || TextOperators.Any(o => reader.Is(o, 1)));
        if (isNegated)
            reader.Take();
        if (reader.TryTake("in"))
            return Negate(In(left, ignoresCase: reader.TryTake("~")), isNegated);
        foreach (var name in TextOperators)
            if (reader.TryTake(name))
                return Negate(OfText(left, name, Sum()), isNegated);
        return left;
    }

    private static KustoExpression Negate(KustoExpression test, bool isNegated) =>
        isNegated ? new KustoExpression("bool", r => test.Value(r) is not true) : test;

    private static KustoExpression Compare(KustoExpression left, string symbol, KustoExpression right)
    {
        if (Family(left) is { } one && Family(right) is { } other && one != other)
            throw KustoException.Semantic($"Cannot compare values of types {left.Type} and {right.Type}. Try a cast");
        return new KustoExpression(
            "bool",
            symbol switch
            {
                "=~" => r => AzureDirectory.Same(KustoValue.Text(left.Value(r)), KustoValue.Text(right.Value(r))),
                "!~" => r => !AzureDirectory.Same(KustoValue.Text(left.Value(r)), KustoValue.Text(right.Value(r))),
                "==" => r => Order(r) == 0,
                "!=" or "<>" => r => Order(r) is not 0,
                // Nothing is smaller or larger than null.
                "<" => r => Order(r) < 0,
                ">" => r => Order(r) > 0,
                "<=" => r => Order(r) <= 0,
                _ => r => Order(r) >= 0,
            }
        );

        int? Order(IReadOnlyDictionary<string, object?> row)
        {
            var (a, b) = (left.Value(row), right.Value(row));
            return a is null || b is null ? null : KustoValue.Compare(a, b);
        }
    }

    /// <summary>The types that can be compared with each other; null for dynamic, which can be with all.</summary>
    private static string? Family(KustoExpression expression) =>
        expression.Type switch
        {
            "int" or "long" or "real" => "number",
            "dynamic" => null,
            var type => type,
        };

    private KustoExpression In(KustoExpression left, bool ignoresCase)
    {
        reader.Expect("(");
        var list = new List<KustoExpression>();
        do list.Add(Compare(left, ignoresCase ? "=~" : "==", Sum()));
        while (reader.TryTake(","));
        reader.Expect(")");
        return new KustoExpression("bool", r => list.Any(e => e.Value(r) is true));
    }

    private static KustoExpression OfText(KustoExpression left, string name, KustoExpression right)
    {
        if (left.Type is not ("string" or "dynamic") || right.Type is not "string")
            throw KustoException.Semantic($"Operator {name}: expected strings, found {left.Type} and {right.Type}");
        return new KustoExpression("bool", r =>
            Holds(name, KustoValue.Text(left.Value(r)), KustoValue.Text(right.Value(r)))
        );
    }

    private static bool Holds(string name, string text, string part) =>
        name switch
        {
            "startswith" => text.StartsWith(part, StringComparison.OrdinalIgnoreCase),
            "endswith" => text.EndsWith(part, StringComparison.OrdinalIgnoreCase),
            "contains" => text.IndexOf(part, StringComparison.OrdinalIgnoreCase) >= 0,
            // "has" finds whole terms: letters and digits do not continue before or after it.
            _ => Regex.IsMatch(
                text,
                $"(?<![A-Za-z0-9]){Regex.Escape(part)}(?![A-Za-z0-9])",
                RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
            ),
        };

    private KustoExpression Sum()
    {
        var left = Primary();
        while (reader.Is("+") || reader.Is("-"))
        {
            var isPlus = reader.Take().Text == "+";
            var (one, right) = (left, Primary());
            left = new KustoExpression(
                (one.Type, right.Type) switch
                {
                    ("datetime", "timespan") => "datetime",
                    ("datetime", "datetime") when !isPlus => "timespan",
                    ("timespan", "timespan") => "timespan",
                    ("long" or "int", "long" or "int") => "long",
                    _ => throw KustoException.Semantic($"Cannot add or subtract {one.Type} and {right.Type}"),
                },
                r =>
                    (one.Value(r), right.Value(r)) switch
                    {
                        (DateTimeOffset time, TimeSpan span) => isPlus ? time + span : time - span,
                        (DateTimeOffset time, DateTimeOffset start) => time - start,
                        (TimeSpan a, TimeSpan b) => isPlus ? a + b : a - b,
                        (long a, long b) => isPlus ? a + b : a - b,
                        _ => null,
                    }
            );
        }

        return left;
    }

    private KustoExpression Primary()
    {
        var expression = Start();
        while (true)
            if (reader.TryTake("."))
                expression = Member(expression, reader.Name());
            else if (reader.TryTake("["))
            {
                expression = Member(expression, reader.Take().Value as string ?? throw KustoException.Syntax("[ ]"));
                reader.Expect("]");
            }
            else
                return expression;
    }

    private static KustoExpression Member(KustoExpression of, string name) =>
        of.Type == "dynamic"
            ? new KustoExpression("dynamic", r => (of.Value(r) as JsonObject)?[name], name)
            : throw KustoException.Semantic($"Path expression source must be of type dynamic, not {of.Type}");

    private KustoExpression Start()
    {
        var token = reader.Take();
        switch (token)
        {
            case { Kind: KustoTokenKind.Text or KustoTokenKind.Number or KustoTokenKind.Span, Value: { } value }:
                return Constant(value);
            case { Kind: KustoTokenKind.Symbol, Text: "(" }:
                var inner = Read();
                reader.Expect(")");
                return inner with { Name = null };
            case { Kind: KustoTokenKind.Symbol, Text: "-" } when reader.Next.Value is TimeSpan or long or double:
                return Constant(
                    reader.Take().Value switch
                    {
                        TimeSpan span => -span,
                        long number => -number,
                        var real => -(double)real!,
                    }
                );
            case { Kind: KustoTokenKind.Name, Text: "true" or "false" }:
                return Constant(token.Text == "true");
            case { Kind: KustoTokenKind.Name } when reader.TryTake("("):
                return Call(token.Text);
            case { Kind: KustoTokenKind.Name }:
                return _functions.Column(token.Text);
            default:
                throw KustoException.Syntax($"unexpected '{token.Text}'");
        }
    }

    private static KustoExpression Constant(object value) =>
        new(
            value switch
            {
                string => "string",
                long => "long",
                double => "real",
                bool => "bool",
                _ => "timespan",
            },
            _ => value
        );

    private KustoExpression Call(string name)
    {
        if (name is "datetime" or "timespan")
            return Literal(name);
        var arguments = new List<KustoExpression>();
        if (!reader.Is(")"))
            do arguments.Add(Read());
            while (reader.TryTake(","));
        reader.Expect(")");
        return _functions.Call(name, arguments);
    }

    /// <summary>datetime(2026-11-28T08:00:00Z): what is in the parentheses is not an expression.</summary>
    private KustoExpression Literal(string type)
    {
        var text = "";
        while (!reader.Is(")") && !reader.IsAtEnd)
            text += reader.Take() is var token && token.Value is string quoted ? quoted : token.Text;
        reader.Expect(")");
        object value =
            type == "timespan"
                ? KustoLexer.Span(text)
                : KustoValue.Time(text) ?? throw KustoException.Syntax($"datetime({text}) is not a time");
        return new KustoExpression(type, _ => value);
    }
}
