using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Aws.Access;

/// <summary>The access review of a key: a line for each principal and each place that lets it do something.</summary>
internal sealed class KeyReview(KeyAccessReading reading, JudgedKey key, PolicySubject role)
{
    private readonly KeyPolicies _policies = reading.Policies;
    private readonly KeyJudge _judge = new(reading.Policies, key, role);
    private readonly ResourceJudge _resource = new(reading.Policies.Key, reading.Policies.ResourceControl, key);

    /// <summary>Every line; what could not be read is a line too.</summary>
    public IReadOnlyList<CmekAccess> Lines() => [.. OfKeyPolicy(), .. OfRolePolicies(), .. OfGrants(), .. OfUnread()];

    private IEnumerable<CmekAccess> OfKeyPolicy()
    {
        foreach (var statement in _policies.Key.Statements.Where(s => s.IsAllow))
        {
            if (statement.IsNotPrincipal)
                yield return Line(
                    statement,
                    $"everybody but {Names(statement)}",
                    PolicySubject.Anybody,
                    isForeign: true
                );
            else
                foreach (var principal in statement.Principals.Where(p => p.Kind != PrincipalKind.UniqueId))
                    if (OfPrincipal(statement, principal) is { } line)
                        yield return line;
        }
    }

    private static string Names(PolicyStatement statement) =>
        string.Join(", ", statement.Principals.Select(p => p.Text));

    private CmekAccess? OfPrincipal(PolicyStatement statement, PolicyPrincipal principal)
    {
        var isForeign =
            principal.Kind is not (PrincipalKind.Identity or PrincipalKind.Account or PrincipalKind.Session)
            || !IsOwn(principal.AccountId);
        var line =
            principal.Text == role.Arn
                ? OfRole(statement)
                : Line(statement, principal.Text, PolicySubject.Of(principal), isForeign);
        return line.Verdict is CmekAccessVerdict.NotGranted or CmekAccessVerdict.Denied
            ? null
            : line with
            {
                IsExpected =
                    principal.Text == role.Arn
                    || (principal.Kind == PrincipalKind.Account && principal.AccountId == key.AccountId),
                Condition =
                    principal.Kind == PrincipalKind.Account && !isForeign
                        ? Join("identities that an IAM policy of the account allows it", statement.ConditionText)
                        : line.Condition,
            };
    }

    private CmekAccess OfRole(PolicyStatement statement)
    {
        var allowed = OfTheRole(a => _judge.AllowsByItself(statement, a));
        return Line("the key policy", statement.Name, role.Arn!, allowed, statement.ConditionText) with
        {
            Excess = Beyond(allowed),
        };
    }

    private CmekAccess Line(PolicyStatement statement, string who, PolicySubject subject, bool isForeign)
    {
        // A service or an identity provider is no subject: only that it is named, and for what, is known.
        var call = key.CallOf(subject);
        var isNamed = statement.Principals.Any(p =>
            p.Text == who && p.Kind is PrincipalKind.Service or PrincipalKind.Federated or PrincipalKind.CanonicalUser
        );
        var allowed = KmsActions
            .All.Select(a =>
                isNamed
                    ? new ActionJudgement(a, statement.Covers(a, key.Arn).And(statement.Holds(call)), Finding.No)
                    : _resource.Judge([statement], subject, call, a)
            )
            .Where(IsPossible)
            .ToList();
        var line = Line("the key policy", statement.Name, who, allowed, statement.ConditionText);
        return isForeign ? line with { Excess = [.. allowed.Select(a => a.Action)] } : line;
    }

    private IEnumerable<CmekAccess> OfRolePolicies()
    {
        if (!_policies.Key.Statements.Any(s => s.IsAllow && s.Match(role).ByAccount.Truth != Truth.No))
            yield break;
        foreach (var policy in _policies.Role.Identity)
        {
            var allowed = OfTheRole(a => _judge.Allows(policy, a).And(Delegated(a)));
            if (allowed.Count > 0)
                yield return Line(policy.Place, "the account in the key policy", role.Arn!, allowed, null) with
                {
                    IsExpected = true,
                    Excess = Beyond(allowed),
                };
        }
    }

    private Finding Delegated(string action) =>
        _policies
            .Key.Statements.Where(s => s.IsAllow)
            .Select(s => s.Covers(action, key.Arn).And(s.Match(role).ByAccount))
            .Any();

    private IEnumerable<CmekAccess> OfGrants() =>
        _policies.Grants.Select(grant =>
        {
            string[] actions = [.. grant.Operations.Select(o => $"kms:{o}")];
            var isRole = grant.Grantee == role.Arn;
            return new CmekAccess
            {
                Principal = grant.Grantee,
                Rights = KmsActions.RightsOf(actions),
                Verdict = grant.IsConstrained ? CmekAccessVerdict.Conditional : CmekAccessVerdict.Granted,
                Place = "KMS grant",
                Through = grant.Id,
                Condition = grant.IsConstrained ? "kms:EncryptionContext" : "",
                Since = grant.CreatedAt,
                IsExpected = isRole,
                Excess = isRole ? [.. actions.Where(a => !KmsActions.IsOfCmek(a))] : actions,
            };
        });

    private IEnumerable<CmekAccess> OfUnread() =>
        reading.Unread.Select(place => new CmekAccess
        {
            Verdict = CmekAccessVerdict.Unknown,
            Place = place.Place,
            Condition = $"needs {place.Permission}",
        });

    private static CmekAccess Line(
        string place,
        string through,
        string principal,
        IReadOnlyList<ActionJudgement> allowed,
        string? condition
    ) =>
        new()
        {
            Principal = principal,
            Rights = KmsActions.RightsOf(allowed.Select(a => a.Action)),
            Verdict =
                allowed.Count == 0 ? CmekAccessVerdict.NotGranted
                : allowed.Any(a => a.Verdict == CmekAccessVerdict.Granted) ? CmekAccessVerdict.Granted
                : allowed.Any(a => a.Verdict == CmekAccessVerdict.Conditional) ? CmekAccessVerdict.Conditional
                : CmekAccessVerdict.Unknown,
            Place = place,
            Through = through,
            Condition = condition ?? "",
        };

    /// <summary>The actions that something allows the role, and that are not surely denied.</summary>
    private IReadOnlyList<ActionJudgement> OfTheRole(Func<string, Finding> allows) =>
        [.. _judge.Judge(KmsActions.All).Select(j => j with { Allowed = allows(j.Action) }).Where(IsPossible)];

    private static bool IsPossible(ActionJudgement judgement) =>
        judgement.Verdict is not (CmekAccessVerdict.NotGranted or CmekAccessVerdict.Denied);

    private static IReadOnlyList<string> Beyond(IEnumerable<ActionJudgement> allowed) =>
        [.. allowed.Select(a => a.Action).Where(a => !KmsActions.IsOfCmek(a))];

    private bool IsOwn(string accountId) => accountId == key.AccountId || accountId == role.AccountId;

    private static string Join(string one, string? other) => other is null ? one : $"{one}; {other}";
}
