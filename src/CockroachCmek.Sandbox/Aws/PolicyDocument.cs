using System.Text.Json;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>
/// A policy of IAM, a key policy or a trust policy. Elements that the evaluator does not know never grant anything.
/// </summary>
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

    /// <summary>Every principal in the policy.</summary>
    public IEnumerable<string> Principals => _statements.SelectMany(s => s.Principals ?? []).Distinct();

    /// <exception cref="AwsException">MalformedPolicyDocument.</exception>
    public static PolicyDocument ParseIdentity(string text) =>
        Parse(text, needsPrincipal: false, "MalformedPolicyDocument");

    /// <exception cref="AwsException">MalformedPolicyDocument.</exception>
    public static PolicyDocument ParseTrust(string text) =>
        Parse(text, needsPrincipal: true, "MalformedPolicyDocument");

    /// <exception cref="AwsException">MalformedPolicyDocumentException.</exception>
    public static PolicyDocument ParseKeyPolicy(string text) =>
        Parse(text, needsPrincipal: true, "MalformedPolicyDocumentException");

    private static PolicyDocument Parse(string text, bool needsPrincipal, string errorCode)
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
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new AwsException(errorCode, "The policy document is malformed: " + error.Message);
        }
    }

    /// <summary>What the policy says about one action on one resource. Deny wins.</summary>
    /// <param name="uniqueIdAtWriting">
    /// The unique id that an ARN stood for when the policy was written; null if unknown.
    /// </param>
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
                || statement.Actions.Any(a => PolicyPattern.Matches(a, action)) == statement.NotAction
                || !statement.Resources.Any(r => PolicyPattern.Matches(r, resource))
                || !PolicyCondition.Holds(statement.Condition, caller, context)
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
            // An ARN means whoever had it when the policy was written. A role that was created again is another one.
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

    /// <summary>The items of an array, or the element itself.</summary>
    private static IEnumerable<JsonElement> Many(JsonElement element) =>
        element.ValueKind == JsonValueKind.Array ? [.. element.EnumerateArray()] : [element];

    /// <summary>One string or several, as policies may write either.</summary>
    internal static string[] Texts(JsonElement element) =>
        [
            .. Many(element)
                .Select(e =>
                    e.ValueKind switch
                    {
                        JsonValueKind.String => e.GetString()!,
                        JsonValueKind.True => "true",
                        JsonValueKind.False => "false",
                        _ => throw new JsonException("a string is expected"),
                    }
                ),
        ];
}
