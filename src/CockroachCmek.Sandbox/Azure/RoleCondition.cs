using System.Globalization;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>
/// A condition of a role assignment, version 2.0 (learn.microsoft.com, "Azure role assignment condition format and
/// syntax"). Evaluates actions, the time and private links. Key Vault supports attributes of the resource for secrets
/// only, so everything else is unknown: null.
/// </summary>
internal sealed class RoleCondition
{
    private static readonly Regex Token = new(
        """\G\s*(\|\||&&|[!(){},]|'(?:[^']|'')*'|@\w+\[[^\]]*\]|[A-Za-z][\w:.]*|[+-]?\d+(?:\.\d+)?)""",
        RegexOptions.CultureInvariant
    );

    private readonly List<string> _tokens;
    private readonly string _action;
    private readonly DateTimeOffset _now;
    private int _next;

    private RoleCondition(List<string> tokens, string action, DateTimeOffset now) =>
        (_tokens, _action, _now) = (tokens, action, now);

    /// <exception cref="FormatException">The text is not a condition.</exception>
    public static bool? Evaluate(string text, string action, DateTimeOffset now)
    {
        var reader = new RoleCondition(Split(text), action, now);
        var value = reader.Or();
        return reader._next == reader._tokens.Count
            ? value
            : throw new FormatException($"The condition has an unexpected '{reader.Peek}'.");
    }

    private string Peek => _next < _tokens.Count ? _tokens[_next] : "";

    private static List<string> Split(string text)
    {
        var tokens = new List<string>();
        var end = text.TrimEnd().Length;
        for (var at = 0; at < end; )
        {
            var match = Token.Match(text, at);
            if (!match.Success)
                throw new FormatException($"The condition cannot be read from '{text.Substring(at)}' on.");
            tokens.Add(match.Groups[1].Value);
            at = match.Index + match.Length;
        }

        return tokens;
    }

    private bool? Or()
    {
        var value = And();
        while (Accept("OR") || Accept("||"))
        {
            var right = And();
            value =
                value is true || right is true ? true
                : value is false && right is false ? false
                : null;
        }

        return value;
    }

    private bool? And()
    {
        var value = Not();
        while (Accept("AND") || Accept("&&"))
        {
            var right = Not();
            value =
                value is false || right is false ? false
                : value is true && right is true ? true
                : null;
        }

        return value;
    }

    private bool? Not() => Accept("!") || Accept("NOT") ? !Not() : Primary();

    private bool? Primary()
    {
        if (Accept("("))
        {
            var value = Or();
            Expect(")");
            return value;
        }

        if (Accept("ActionMatches"))
            return RolePermission.Matches([Braced()], _action);
        // The actions on keys have no suboperations.
        if (Accept("SubOperationMatches"))
        {
            Braced();
            return false;
        }

        if (Accept("Exists"))
            return Known(Take()) is null ? null : true;
        var left = Known(Take());
        var comparison = Take();
        if (comparison.Length == 0 || !char.IsLetter(comparison[0]))
            throw new FormatException($"The condition needs an operator instead of '{comparison}'.");
        var right = Operand();
        return left is null || right is null ? null : Compare(left, comparison, right);
    }

    private string Braced()
    {
        Expect("{");
        var text = Take();
        Expect("}");
        return text.Trim('\'');
    }

    /// <summary>A value, or the first of a set; null if it is an attribute that the sandbox does not know.</summary>
    private string? Operand()
    {
        if (!Accept("{"))
            return Known(Take());
        var first = Known(Take());
        var count = 1;
        for (; Accept(","); count++)
            Take();
        Expect("}");
        return count == 1 ? first : null;
    }

    private string? Known(string token) =>
        token.StartsWith("'", StringComparison.Ordinal) ? token.Substring(1, token.Length - 2).Replace("''", "'")
        : AzureDirectory.Same(token, "@Environment[UtcNow]") ? _now.ToString("O", CultureInfo.InvariantCulture)
        : AzureDirectory.Same(token, "@Environment[isPrivateLink]") ? "false"
        : token.StartsWith("@", StringComparison.Ordinal) ? null
        : token.Length > 0 && (char.IsLetterOrDigit(token[0]) || token[0] is '+' or '-') ? token
        : throw new FormatException($"The condition needs a value instead of '{token}'.");

    private static bool? Compare(string left, string comparison, string right)
    {
        if (!comparison.StartsWith("DateTime", StringComparison.OrdinalIgnoreCase))
            return comparison.ToUpperInvariant() switch
            {
                "STRINGEQUALS" => left == right,
                "STRINGNOTEQUALS" => left != right,
                "STRINGEQUALSIGNORECASE" or "BOOLEQUALS" => AzureDirectory.Same(left, right),
                "STRINGNOTEQUALSIGNORECASE" or "BOOLNOTEQUALS" => !AzureDirectory.Same(left, right),
                _ => null,
            };
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        if (
            !DateTimeOffset.TryParse(left, CultureInfo.InvariantCulture, Utc, out var one)
            || !DateTimeOffset.TryParse(right, CultureInfo.InvariantCulture, Utc, out var other)
        )
            throw new FormatException($"'{left}' and '{right}' are not both times.");
        return comparison.ToUpperInvariant() switch
        {
            "DATETIMEEQUALS" => one == other,
            "DATETIMENOTEQUALS" => one != other,
            "DATETIMEGREATERTHAN" => one > other,
            "DATETIMEGREATERTHANEQUALS" => one >= other,
            "DATETIMELESSTHAN" => one < other,
            "DATETIMELESSTHANEQUALS" => one <= other,
            _ => throw new FormatException($"The condition has no operator {comparison}."),
        };
    }

    private string Take() =>
        _next < _tokens.Count ? _tokens[_next++] : throw new FormatException("The condition ends too early.");

    private bool Accept(string token)
    {
        if (!AzureDirectory.Same(Peek, token))
            return false;
        _next++;
        return true;
    }

    private void Expect(string token)
    {
        if (!Accept(token))
            throw new FormatException($"The condition needs '{token}' instead of '{Peek}'.");
    }
}
