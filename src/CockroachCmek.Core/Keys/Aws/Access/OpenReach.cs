using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Aws.Access;

/// <summary>Whom a statement for everybody reaches.</summary>
/// <param name="Who">For people: everybody, everybody in an account, an ARN or a pattern of ARNs.</param>
internal sealed record OpenReach(string Who, PolicySubject Subject)
{
    private static readonly string[] OfAccounts = ["kms:CallerAccount", "aws:PrincipalAccount"];

    private static readonly string[] OfArns = ["aws:PrincipalArn"];

    /// <summary>
    /// Those whom a statement for everybody, or for everybody but some, reaches by its conditions; none for a statement
    /// that names whom it is for.
    /// </summary>
    public static IEnumerable<OpenReach> Of(PolicyStatement statement)
    {
        if (!statement.IsNotPrincipal && statement.Principals.All(p => p.Kind != PrincipalKind.Everybody))
            return [];
        if (ValuesOf(statement, OfArns) is { Count: > 0 } arns)
            return arns.Select(OfArn);
        if (ValuesOf(statement, OfAccounts) is { Count: > 0 } accounts)
            return accounts.Select(a => new OpenReach($"everybody in account {a}", PolicySubject.In(a)));
        var who = statement.IsNotPrincipal
            ? $"everybody but {string.Join(", ", statement.Principals.Select(p => p.Text))}"
            : "*";
        return [new OpenReach(who, PolicySubject.Somebody)];
    }

    private static OpenReach OfArn(string pattern) =>
        PolicyPrincipal.Parse("AWS", pattern) is { Kind: PrincipalKind.Identity } identity && !IsPattern(pattern)
            ? new OpenReach(pattern, PolicySubject.Of(identity))
            : new OpenReach($"everybody whose ARN is like {pattern}", PolicySubject.Somebody);

    /// <summary>The values of a test that is fulfilled only by one of them.</summary>
    private static IReadOnlyList<string> ValuesOf(PolicyStatement statement, string[] keys) =>
        statement
            .Conditions.Where(c => c.IsOnlyForItsValues && keys.Contains(c.Key, StringComparer.OrdinalIgnoreCase))
            .Select(c => c.Values)
            .FirstOrDefault(values => values.All(v => v.Variables.Count == 0 && v.Text.Length > 0))
            ?.Select(v => v.Text)
            .Distinct()
            .ToList()
        ?? [];

    private static bool IsPattern(string text) => text.IndexOfAny(['*', '?']) >= 0;
}
