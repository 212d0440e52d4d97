using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Aws.Access;

/// <summary>Whether a statement's principals include somebody, by the ways that AWS treats differently.</summary>
/// <param name="ByName">It names the role or user itself.</param>
/// <param name="AsEverybody">It is for everybody.</param>
/// <param name="BySession">It names a session of the role.</param>
/// <param name="ByAccount">It names the account, which leaves the decision to the account's IAM policies.</param>
internal sealed record PrincipalMatch(Finding ByName, Finding AsEverybody, Finding BySession, Finding ByAccount)
{
    /// <summary>It includes them in some way.</summary>
    public Finding Any => ByName.Or(AsEverybody).Or(BySession).Or(ByAccount);
}

/// <summary>Whether a statement applies to a request.</summary>
internal static class StatementMatch
{
    private const string PrincipalCause = "Principal";

    /// <summary>Whether a statement is about an action on a resource, whoever asks.</summary>
    public static Finding Covers(this PolicyStatement statement, string action, string resource)
    {
        var hit = statement.Actions.Any(a => Wildcard.Matches(a, action, ignoreCase: true));
        if (hit == statement.IsNotAction)
            return Finding.No;
        if (statement.Resources is null)
            return Finding.Yes;
        var on = statement
            .Resources.Select(r =>
                r.Variables.Count > 0
                    ? r.Variables.Select(Finding.Maybe).All()
                    : Finding.Of(Wildcard.Matches(r.Text, resource).ToTruth(), "")
            )
            .Any();
        return statement.IsNotResource ? Finding.Of(on.Truth.Not(), "NotResource") : on;
    }

    /// <summary>Whether its conditions are fulfilled.</summary>
    public static Finding Holds(this PolicyStatement statement, RequestContext context) =>
        statement.Conditions.Select(c => c.Evaluate(context)).All();

    /// <summary>Whom it includes.</summary>
    public static PrincipalMatch Match(this PolicyStatement statement, PolicySubject subject)
    {
        var byName = Of(statement, p => IsNamed(p, subject));
        var byAccount = Of(statement, p =>
            (p.Kind == PrincipalKind.Account && p.AccountId == subject.AccountId).ToTruth()
        );
        var bySession = Of(statement, p => IsSession(p, subject));
        var asEverybody = Of(statement, p => (p.Kind == PrincipalKind.Everybody).ToTruth());
        if (!statement.IsNotPrincipal)
            return new(byName, asEverybody, bySession, byAccount);
        return new(
            Finding.No,
            IsLeftOver(statement, byName, byAccount, bySession, asEverybody),
            Finding.No,
            Finding.No
        );
    }

    /// <summary>
    /// NotPrincipal leaves somebody out when it names them and their account. Where only one of the two is named, and
    /// where it is in an Allow, the sources disagree.
    /// </summary>
    private static Finding IsLeftOver(
        PolicyStatement statement,
        Finding byName,
        Finding byAccount,
        Finding bySession,
        Finding asEverybody
    )
    {
        if (asEverybody.Truth == Truth.Yes || (byName.Truth == Truth.Yes && byAccount.Truth == Truth.Yes))
            return Finding.No;
        var isNamed = byName.Or(byAccount).Or(bySession).Truth != Truth.No;
        return isNamed || statement.IsAllow ? Finding.Maybe($"NotPrincipal of {statement.Name}") : Finding.Yes;
    }

    private static Finding Of(PolicyStatement statement, Func<PolicyPrincipal, Truth> match) =>
        statement.Principals.Select(p => Finding.Of(match(p), PrincipalCause)).Any();

    private static Truth IsNamed(PolicyPrincipal principal, PolicySubject subject) =>
        principal.Kind switch
        {
            PrincipalKind.Identity when subject.Arn is null => (principal.AccountId == subject.AccountId).Maybe(),
            PrincipalKind.Identity => (principal.Text == subject.Arn).ToTruth(),
            PrincipalKind.Other => Truth.Maybe,
            _ => Truth.No,
        };

    private static Truth IsSession(PolicyPrincipal principal, PolicySubject subject) =>
        (
            principal.Kind == PrincipalKind.Session
            && principal.AccountId == subject.AccountId
            && (subject.Arn is null || (subject.IsRole && principal.Name == subject.RoleName))
        ).Maybe();

    private static Truth Maybe(this bool isPossible) => isPossible ? Truth.Maybe : Truth.No;
}
