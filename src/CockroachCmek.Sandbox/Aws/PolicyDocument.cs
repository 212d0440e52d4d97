using System.Text.Json;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>A policy of IAM, a key policy or a trust policy.</summary>
internal sealed class PolicyDocument : IConstant
{
    private PolicyDocument(string text, bool variables, IReadOnlyList<PolicyStatement> statements) =>
        (Text, HasVariables, Statements) = (text, variables, statements);

    public string Text { get; }

    public IReadOnlyList<PolicyStatement> Statements { get; }

    /// <summary>Every principal in the policy.</summary>
    public IEnumerable<string> Principals => Statements.SelectMany(s => s.Principals ?? []).Distinct();

    private bool HasVariables { get; }

    /// <exception cref="AwsException">MalformedPolicyDocument.</exception>
    public static PolicyDocument ParseIdentity(string text) => Parse(text, PolicyKind.Identity);

    /// <exception cref="AwsException">MalformedPolicyDocument.</exception>
    public static PolicyDocument ParseTrust(string text) => Parse(text, PolicyKind.Trust);

    /// <exception cref="AwsException">MalformedPolicyDocumentException.</exception>
    public static PolicyDocument ParseKeyPolicy(string text) => Parse(text, PolicyKind.Key);

    /// <summary>Reads a policy of an organization. It may have Principal "*", or none.</summary>
    /// <exception cref="AwsException">MalformedPolicyDocument.</exception>
    public static PolicyDocument ParseControl(string text) => Parse(text, PolicyKind.Control);

    private static PolicyDocument Parse(string text, PolicyKind kind)
    {
        var rules = new PolicyRules(kind);
        try
        {
            using var json = JsonDocument.Parse(text);
            rules.CheckDocument(json.RootElement);
            var statements = Many(json.RootElement.GetProperty("Statement")).Select(rules.Read).ToList();
            rules.CheckStatements(statements);
            return new PolicyDocument(text, PolicyRules.HasVariables(json.RootElement), statements);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw rules.Broken(error is JsonException);
        }
    }

    /// <summary>What the policy says about one action on one resource. Deny wins.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="action">For example kms:Decrypt.</param>
    /// <param name="resource">An ARN.</param>
    /// <param name="context">The condition keys of the request.</param>
    /// <param name="uniqueIdAtWriting">
    /// The unique id that an ARN stood for when the policy was written; null if unknown.
    /// </param>
    public Verdict Evaluate(
        Caller caller,
        string action,
        string resource,
        RequestContext context,
        Func<string, string?> uniqueIdAtWriting
    )
    {
        var verdict = Verdict.None;
        foreach (var statement in Statements)
        {
            var named = Names(statement, caller, uniqueIdAtWriting);
            if (
                named == Verdict.None
                || statement.Actions.Any(a => PolicyPattern.MatchesAction(a, action)) == statement.IsNotAction
                || statement.Resources.Any(r => Matches(r, resource, context)) == statement.IsNotResource
                || !PolicyCondition.Holds(statement.Condition, context, HasVariables)
            )
                continue;
            if (!statement.IsAllow)
                return Verdict.Deny;
            if (named > verdict)
                verdict = named;
        }

        return verdict;
    }

    private bool Matches(string pattern, string resource, RequestContext context) =>
        PolicyCondition.Expand(pattern, context, HasVariables) is { } known && PolicyPattern.Matches(known, resource);

    private static Verdict Names(PolicyStatement statement, Caller caller, Func<string, string?> uniqueIdAtWriting)
    {
        if (statement.Principals is not { } principals)
            return Verdict.Allow;
        var verdicts = principals.Select(p => Names(p, caller, uniqueIdAtWriting)).ToList();
        if (!statement.IsNotPrincipal)
            return verdicts.Max();
        // Spared is who is named together with the account: the documentation asks for both.
        var isSpared = verdicts.Any(v => v >= Verdict.Allow) && verdicts.Contains(Verdict.Delegate);
        return isSpared ? Verdict.None : Verdict.Allow;
    }

    private static Verdict Names(string principal, Caller caller, Func<string, string?> uniqueIdAtWriting)
    {
        if (principal == "*")
            return Verdict.Allow;
        if (principal == caller.AccountId || Regex.IsMatch(principal, $"^arn:aws[a-z-]*:iam::{caller.AccountId}:root$"))
            return Verdict.Delegate;
        if (caller.UniqueId is not null && principal == caller.UniqueId)
            return Verdict.Allow;
        if (principal != caller.Arn && principal != caller.PrincipalArn)
            return Verdict.None;
        // An ARN means whoever had it when the policy was written. A role that was created again is another one.
        if (uniqueIdAtWriting(principal) is { } id && id != caller.UniqueId)
            return Verdict.None;
        return principal == caller.Arn ? Verdict.AllowDirectly : Verdict.Allow;
    }

    /// <summary>The items of an array, or the element itself.</summary>
    internal static IEnumerable<JsonElement> Many(JsonElement element) =>
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
                        JsonValueKind.Number => e.GetRawText(),
                        _ => throw new InvalidOperationException("a string is expected"),
                    }
                ),
        ];
}
