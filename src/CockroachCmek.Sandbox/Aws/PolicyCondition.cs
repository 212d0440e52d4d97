using System.Text.Json;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>The Condition of a policy statement. A condition with an unknown operator does not hold.</summary>
internal static class PolicyCondition
{
    private const string IfExists = "IfExists";

    public static bool Holds(JsonElement? condition, Caller caller, IReadOnlyDictionary<string, string> context) =>
        condition is not { ValueKind: JsonValueKind.Object } operators
        || operators
            .EnumerateObject()
            .All(test =>
                test.Value.EnumerateObject()
                    .All(key => Holds(test.Name, Actual(key.Name, caller, context), PolicyDocument.Texts(key.Value)))
            );

    /// <summary>The value of a condition key in this request; null when it has none.</summary>
    private static string? Actual(string key, Caller caller, IReadOnlyDictionary<string, string> context) =>
        key.ToLowerInvariant() switch
        {
            "aws:principalarn" => caller.PrincipalArn,
            "aws:principalaccount" or "kms:calleraccount" => caller.AccountId,
            var name => context
                .FirstOrDefault(c => string.Equals(c.Key, name, StringComparison.OrdinalIgnoreCase))
                .Value,
        };

    private static bool Holds(string name, string? actual, string[] wanted)
    {
        if (name.EndsWith(IfExists, StringComparison.Ordinal))
            return actual is null || Holds(name.Substring(0, name.Length - IfExists.Length), actual, wanted);
        return name switch
        {
            "StringEquals" or "ArnEquals" => actual is not null && wanted.Contains(actual),
            "StringLike" or "ArnLike" => actual is not null && wanted.Any(w => PolicyPattern.Matches(w, actual)),
            "StringNotEquals" => actual is null || !wanted.Contains(actual),
            "StringNotLike" => actual is null || !wanted.Any(w => PolicyPattern.Matches(w, actual)),
            "Bool" => actual is not null && wanted.Contains(actual, StringComparer.OrdinalIgnoreCase),
            _ => false,
        };
    }
}

/// <summary>Patterns of actions, resources and conditions: * for any characters, ? for one.</summary>
internal static class PolicyPattern
{
    public static bool Matches(string pattern, string text) =>
        Regex.IsMatch(
            text,
            "^" + Regex.Escape(pattern).Replace("\\*", ".*").Replace("\\?", ".") + "$",
            RegexOptions.IgnoreCase
        );
}
