using System.Text.Json;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>Who asks: the forms under which a policy may name them, and what else conditions look at.</summary>
internal sealed record Caller(string AccountId, string Arn, string? UniqueId)
{
    /// <summary>Of a role session, the role; of anybody else, the same as <see cref="Arn"/>.</summary>
    public string PrincipalArn { get; init; } = Arn;

    /// <summary>What the caller's own account allows: identity policies.</summary>
    public IReadOnlyList<PolicyDocument> IdentityPolicies { get; init; } = [];
}

/// <summary>What policies say to one question.</summary>
internal enum Verdict
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Yes.</summary>
    Allow,

    /// <summary>Yes to the account as a whole: its own identity policies decide.</summary>
    Delegate,

    /// <summary>No, whatever others say.</summary>
    Deny,
}

/// <summary>A policy of IAM, KMS or a role's trust. What the evaluator does not know never grants.</summary>
internal sealed class PolicyDocument : IConstant
{
    private sealed record Statement(
        bool Allow,
        string[]? Principals,
        string[] Actions,
        bool NotAction,
        string[] Resources,
        JsonElement? Condition
    );

    private readonly List<Statement> _statements = [];

    private PolicyDocument(string text) => Text = text;

    public string Text { get; }

    /// <summary>Every principal that an Allow or Deny names.</summary>
    public IEnumerable<string> Principals => _statements.SelectMany(s => s.Principals ?? []).Distinct();

    /// <exception cref="AwsFault">MalformedPolicyDocument: the text is no policy.</exception>
    public static PolicyDocument Parse(string text, bool needsPrincipal, string faultCode)
    {
        try
        {
            if (text.Any(c => c > 0xFF))
                throw new JsonException("characters beyond Latin-1");
            var document = new PolicyDocument(text);
            using var json = JsonDocument.Parse(text);
            foreach (var item in Many(json.RootElement.GetProperty("Statement")))
            {
                var effect = item.GetProperty("Effect").GetString();
                if (effect is not ("Allow" or "Deny"))
                    throw new JsonException("Effect");
                var notAction = item.TryGetProperty("NotAction", out var actions);
                if (!notAction)
                    actions = item.GetProperty("Action");
                string[]? principals = null;
                if (item.TryGetProperty("Principal", out var principal))
                    principals = PrincipalsOf(principal);
                if (needsPrincipal != principals is not null)
                    throw new JsonException("Principal");
                document._statements.Add(
                    new Statement(
                        effect == "Allow",
                        principals,
                        Texts(actions),
                        notAction,
                        item.TryGetProperty("Resource", out var resources) ? Texts(resources) : ["*"],
                        item.TryGetProperty("Condition", out var condition) ? condition.Clone() : null
                    )
                );
            }

            return document;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new AwsFault(faultCode, "The policy document is malformed: " + fault.Message);
        }
    }

    /// <summary>Answers one question. Deny wins.</summary>
    public Verdict Evaluate(
        Caller caller,
        string action,
        string resource,
        IReadOnlyDictionary<string, string> context,
        Func<string, string?> uniqueIdAtWriting
    )
    {
        var verdict = Verdict.None;
        foreach (var statement in _statements)
        {
            var named = statement.Principals is null
                ? Verdict.Allow
                : Names(statement.Principals, caller, uniqueIdAtWriting);
            if (
                named == Verdict.None
                || statement.Actions.Any(a => Glob(a, action)) == statement.NotAction
                || !statement.Resources.Any(r => Glob(r, resource))
                || !Holds(statement.Condition, caller, context)
            )
                continue;
            if (!statement.Allow)
                return Verdict.Deny;
            if (named == Verdict.Allow || verdict == Verdict.None)
                verdict = named;
        }

        return verdict;
    }

    private static Verdict Names(string[] principals, Caller caller, Func<string, string?> uniqueIdAtWriting)
    {
        var verdict = Verdict.None;
        foreach (var principal in principals)
        {
            if (
                principal == "*"
                || principal == caller.Arn
                || (principal == caller.UniqueId && caller.UniqueId is not null)
            )
                return Verdict.Allow;
            // An ARN means whoever had it when the policy was written: a role that was made anew is somebody else.
            if (
                principal == caller.PrincipalArn
                && (uniqueIdAtWriting(principal) is not { } id || id == caller.UniqueId)
            )
                return Verdict.Allow;
            if (
                principal == caller.AccountId
                || Regex.IsMatch(principal, $"^arn:aws[a-z-]*:iam::{caller.AccountId}:root$")
            )
                verdict = Verdict.Delegate;
        }

        return verdict;
    }

    private static bool Holds(JsonElement? condition, Caller caller, IReadOnlyDictionary<string, string> context)
    {
        if (condition is not { ValueKind: JsonValueKind.Object } operators)
            return true;
        foreach (var test in operators.EnumerateObject())
        {
            foreach (var key in test.Value.EnumerateObject())
            {
                var actual = key.Name.ToLowerInvariant() switch
                {
                    "aws:principalarn" => caller.PrincipalArn,
                    "aws:principalaccount" or "kms:calleraccount" => caller.AccountId,
                    var name => context
                        .FirstOrDefault(c => string.Equals(c.Key, name, StringComparison.OrdinalIgnoreCase))
                        .Value,
                };
                var ifExists = test.Name.EndsWith("IfExists", StringComparison.Ordinal);
                if (actual is null && ifExists)
                    continue;
                var wanted = Texts(key.Value);
                var holds = (ifExists ? test.Name.Substring(0, test.Name.Length - 8) : test.Name) switch
                {
                    "StringEquals" or "ArnEquals" => actual is not null && wanted.Contains(actual),
                    "StringLike" or "ArnLike" => actual is not null && wanted.Any(w => Glob(w, actual)),
                    "StringNotEquals" => actual is null || !wanted.Contains(actual),
                    "StringNotLike" => actual is null || !wanted.Any(w => Glob(w, actual)),
                    "Bool" => actual is not null && wanted.Contains(actual, StringComparer.OrdinalIgnoreCase),
                    _ => false,
                };
                if (!holds)
                    return false;
            }
        }

        return true;
    }

    private static bool Glob(string pattern, string text) =>
        Regex.IsMatch(
            text,
            "^" + Regex.Escape(pattern).Replace("\\*", ".*").Replace("\\?", ".") + "$",
            RegexOptions.IgnoreCase
        );

    private static string[] PrincipalsOf(JsonElement principal) =>
        principal.ValueKind switch
        {
            JsonValueKind.String when principal.GetString() == "*" => ["*"],
            JsonValueKind.Object =>
            [
                .. principal
                    .EnumerateObject()
                    .SelectMany(p => p.Name == "AWS" ? Texts(p.Value) : Texts(p.Value).Select(v => $"{p.Name}:{v}")),
            ],
            _ => throw new JsonException("Principal"),
        };

    private static IEnumerable<JsonElement> Many(JsonElement element) =>
        element.ValueKind == JsonValueKind.Array ? [.. element.EnumerateArray()] : [element];

    private static string[] Texts(JsonElement element) =>
        [
            .. Many(element)
                .Select(e =>
                    e.ValueKind switch
                    {
                        JsonValueKind.String => e.GetString()!,
                        JsonValueKind.True => "true",
                        JsonValueKind.False => "false",
                        _ => throw new JsonException("a text is expected"),
                    }
                ),
        ];
}
