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
            foreach (var reach in OpenReach.Of(statement).Where(r => r.Who != role.Arn))
                if (
                    Line(statement, reach.Who, reach.Subject, isForeign: true) is
                    { Verdict: not CmekAccessVerdict.NotGranted } open
                )
                    yield return open;
            if (statement.IsNotPrincipal || statement.Match(role).AsEverybody.Truth != Truth.No)
            {
                if (OfRole(statement) is { } line)
                    yield return line;
                continue;
            }

            foreach (var principal in statement.Principals.Where(p => p.Kind != PrincipalKind.UniqueId))
                if (OfPrincipal(statement, principal) is { } line)
                    yield return line;
        }
    }

    private CmekAccess? OfPrincipal(PolicyStatement statement, PolicyPrincipal principal)
    {
        if (principal.Text == role.Arn)
            return OfRole(statement);
        if (principal.Kind == PrincipalKind.Everybody)
            return null;
        var isForeign =
            principal.Kind is not (PrincipalKind.Identity or PrincipalKind.Account or PrincipalKind.Session)
            || !IsOwn(principal.AccountId);
        var line = Line(statement, principal.Text, PolicySubject.Of(principal), isForeign);
        if (line.Verdict == CmekAccessVerdict.NotGranted)
            return null;
        return principal.Kind != PrincipalKind.Account
            ? line
            : line with
            {
                IsExpected = principal.AccountId == key.AccountId,
                Condition = isForeign
                    ? line.Condition
                    : Join("identities that an IAM policy of the account allows it", line.Condition),
            };
    }

    /// <summary>
    /// What a statement gives the cluster's role. A statement under the condition that a service asks applies to none
    /// of the cluster's requests, but to others of the role.
    /// </summary>
    private CmekAccess? OfRole(PolicyStatement statement)
    {
        if (OfTheRole(a => _judge.AllowsByItself(statement, a)) is { Count: > 0 } allowed)
            return RoleLine("the key policy", statement.Name, allowed, statement.ConditionText);
        var line = Line(statement, role.Arn!, role, isForeign: false);
        return line.Verdict == CmekAccessVerdict.NotGranted ? null : line with { IsExpected = true };
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
            .Where(a => a.Allowed.Truth != Truth.No)
            .ToList();
        var line = Line("the key policy", statement.Name, who, allowed, statement.ConditionText);
        return isForeign ? line with { Excess = [.. allowed.Where(IsPossible).Select(a => a.Action)] } : line;
    }

    private IEnumerable<CmekAccess> OfRolePolicies()
    {
        if (!_policies.Key.Statements.Any(s => s.IsAllow && s.Match(role).ByAccount.Truth != Truth.No))
            yield break;
        foreach (var policy in _policies.Role.Identity)
        {
            var allowed = OfTheRole(a => _judge.Allows(policy, a).And(Delegated(a)));
            if (allowed.Count > 0)
                yield return RoleLine(policy.Place, "the account in the key policy", allowed, null);
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
            const string Place = "KMS grant";
            var condition = grant.IsConstrained ? "kms:EncryptionContext" : null;
            string[] actions = [.. grant.Operations.Select(o => $"kms:{o}")];
            if (grant.Grantee == role.Arn)
            {
                var given = _judge.Judge(actions).Select(j => j with { Allowed = _judge.Allows(grant, j.Action) });
                return RoleLine(Place, grant.Id, [.. given], condition) with { Since = grant.CreatedAt };
            }

            var subject = PolicySubject.Of(PolicyPrincipal.Parse("AWS", grant.Grantee));
            var allows = condition is null ? Finding.Yes : Finding.Maybe(condition);
            var allowed = actions.Select(a =>
                _resource.Judge([], subject, key.CallOf(subject), a) with
                {
                    Allowed = allows,
                }
            );
            return Line(Place, grant.Id, grant.Grantee, [.. allowed], condition) with
            {
                Since = grant.CreatedAt,
                Excess = actions,
            };
        });

    private IEnumerable<CmekAccess> OfUnread() =>
        reading.Unread.Select(place => new CmekAccess
        {
            Verdict = CmekAccessVerdict.Unknown,
            Place = place.Place,
            Condition = $"needs {place.Permission}",
        });

    /// <summary>
    /// A line of the cluster's role: it says of the use what the checks say. Where the use is allowed elsewhere, this
    /// place may allow it under a condition only.
    /// </summary>
    private CmekAccess RoleLine(string place, string through, IReadOnlyList<ActionJudgement> allowed, string? condition)
    {
        var line = Line(place, through, role.Arn!, allowed, condition) with
        {
            IsExpected = true,
            Excess = [.. allowed.Where(IsPossible).Select(a => a.Action).Where(a => !KmsActions.IsOfCmek(a))],
        };
        if (reading.Verdict == CmekAccessVerdict.Granted || !allowed.Any(a => KmsActions.Needed.Contains(a.Action)))
            return line;
        var access = reading.ToAccess();
        return line with
        {
            Verdict = access.Verdict,
            Rights = line.Rights | KmsActions.RightsOf(allowed.Select(a => a.Action).Where(KmsActions.Needed.Contains)),
            Condition = Join(
                condition ?? "",
                access.Verdict switch
                {
                    CmekAccessVerdict.Denied => string.Join("; ", access.Denials),
                    CmekAccessVerdict.Conditional => $"depends on {string.Join(", ", access.Conditions)}",
                    CmekAccessVerdict.Unknown => $"could not be read: {string.Join(", ", access.Unread)}",
                    _ when access.Obstacles.Count > 0 => string.Join("; ", access.Obstacles),
                    _ => $"nothing allows {string.Join(", ", access.Missing)}",
                }
            ),
        };
    }

    /// <param name="allowed">What the place allows, with what denies it.</param>
    private static CmekAccess Line(
        string place,
        string through,
        string principal,
        IReadOnlyList<ActionJudgement> allowed,
        string? condition
    )
    {
        var possible = allowed.Where(IsPossible).ToList();
        var unsure = possible.Where(a => a.Denied.Truth == Truth.Maybe).ToList();
        var denied = allowed.Where(a => a.Verdict == CmekAccessVerdict.Denied).Select(a => a.Action).ToList();
        return new()
        {
            Principal = principal,
            Rights = KmsActions.RightsOf((possible.Count > 0 ? possible : allowed).Select(a => a.Action)),
            Verdict =
                allowed.Count == 0 ? CmekAccessVerdict.NotGranted
                : possible.Count == 0 ? CmekAccessVerdict.Denied
                : unsure.Count == 0 && possible.Any(a => a.Verdict == CmekAccessVerdict.Granted)
                    ? CmekAccessVerdict.Granted
                : possible.Any(a => a.Verdict == CmekAccessVerdict.Unknown) ? CmekAccessVerdict.Unknown
                : CmekAccessVerdict.Conditional,
            Place = place,
            Through = through,
            Condition = Join(
                condition ?? "",
                unsure.Count == 0
                    ? ""
                    : $"a Deny of {Describe(unsure)} depends on "
                        + string.Join(", ", unsure.SelectMany(a => a.Denied.Causes).Select(c => c.Text).Distinct()),
                denied.Count == 0 ? "" : $"{KmsActions.Describe(denied)} is denied"
            ),
        };
    }

    private static string Describe(IEnumerable<ActionJudgement> judgements) =>
        KmsActions.Describe([.. judgements.Select(j => j.Action)]);

    /// <summary>The actions that something allows the role, with what denies them.</summary>
    private IReadOnlyList<ActionJudgement> OfTheRole(Func<string, Finding> allows) =>
        [
            .. _judge
                .Judge(KmsActions.All)
                .Select(j => j with { Allowed = allows(j.Action) })
                .Where(j => j.Allowed.Truth != Truth.No),
        ];

    private static bool IsPossible(ActionJudgement judgement) =>
        judgement.Verdict is not (CmekAccessVerdict.NotGranted or CmekAccessVerdict.Denied);

    private bool IsOwn(string accountId) => accountId == key.AccountId || accountId == role.AccountId;

    private static string Join(params string[] parts) => string.Join("; ", parts.Where(p => p.Length > 0));
}
