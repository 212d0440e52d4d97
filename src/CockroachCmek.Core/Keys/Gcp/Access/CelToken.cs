using System.Text;

namespace CockroachCmek.Core.Keys.Gcp.Access;

/// <summary>A token of a condition: an identifier, a text, a number or an operator.</summary>
internal readonly record struct CelToken(CelTokenKind Kind, string Text)
{
    private static readonly string[] Operators = ["&&", "||", "==", "!=", "<=", ">="];

    /// <summary>Splits a condition into tokens; null when it holds a character that no token begins with.</summary>
    public static IReadOnlyList<CelToken>? Split(string expression)
    {
        var tokens = new List<CelToken>();
        for (var i = 0; i < expression.Length; )
        {
            var c = expression[i];
            if (char.IsWhiteSpace(c))
                i++;
            else if (c is '"' or '\'')
            {
                if (ReadText(expression, ref i) is not { } text)
                    return null;
                tokens.Add(new CelToken(CelTokenKind.Text, text));
            }
            else if (char.IsLetter(c) || c == '_')
                tokens.Add(
                    new CelToken(CelTokenKind.Name, Take(expression, ref i, k => char.IsLetterOrDigit(k) || k == '_'))
                );
            else if (char.IsDigit(c))
                tokens.Add(new CelToken(CelTokenKind.Number, Take(expression, ref i, k => char.IsLetterOrDigit(k))));
            else if (Operators.FirstOrDefault(o => string.CompareOrdinal(expression, i, o, 0, 2) == 0) is { } two)
            {
                tokens.Add(new CelToken(CelTokenKind.Operator, two));
                i += 2;
            }
            else if ("!<>()[]{},.?:+-*/%".IndexOf(c) >= 0)
            {
                tokens.Add(new CelToken(CelTokenKind.Operator, c.ToString()));
                i++;
            }
            else
                return null;
        }

        return tokens;
    }

    private static string Take(string expression, ref int i, Func<char, bool> belongs)
    {
        var start = i;
        while (i < expression.Length && belongs(expression[i]))
            i++;
        return expression.Substring(start, i - start);
    }

    /// <summary>A text in quotes; null when it does not end.</summary>
    private static string? ReadText(string expression, ref int i)
    {
        var quote = expression[i++];
        var text = new StringBuilder();
        while (i < expression.Length && expression[i] != quote)
        {
            if (expression[i] == '\\' && i + 1 < expression.Length)
                i++;
            text.Append(expression[i++]);
        }

        return i++ < expression.Length ? text.ToString() : null;
    }
}

/// <summary>Kinds of tokens.</summary>
internal enum CelTokenKind
{
    /// <summary>An identifier or a keyword.</summary>
    Name,

    /// <summary>A text in quotes.</summary>
    Text,

    /// <summary>A number.</summary>
    Number,

    /// <summary>An operator or a bracket.</summary>
    Operator,
}
