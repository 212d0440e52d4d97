using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Aws.Access;

/// <summary>What a key allows beyond what CMEK needs: to the role, to other accounts, to anybody.</summary>
internal sealed class KeyWidth(KeyPolicies policies, JudgedKey key, PolicySubject role, KeyJudge judge)
{
    public const string Anybody = WiderAccess.Anybody;

    private const string Place = "the key policy";

    private readonly ResourceJudge _resource = new(policies.Key, policies.ResourceControl, key);

    /// <summary>Everything that is wider than needed.</summary>
    public IReadOnlyList<WiderAccess> Find() =>
        [.. OfTheRole(), .. OfAnybody(), .. OfAccounts(), .. OfOthers(), .. OfGrants()];

    /// <summary>What the role may do beyond CMEK, by all its policies.</summary>
    public IReadOnlyList<ActionJudgement> BeyondCmek =>
        [
            .. judge
                .Judge(KmsActions.All.Where(a => !KmsActions.IsOfCmek(a)))
                .Where(j => j.Verdict is CmekAccessVerdict.Granted or CmekAccessVerdict.Conditional),
        ];

    private IEnumerable<WiderAccess> OfTheRole()
    {
        if (BeyondCmek is { Count: > 0 } beyond)
            yield return new WiderAccess(
                role.Arn!,
                KmsActions.Describe([.. beyond.Select(b => b.Action)]),
                Place,
                beyond.All(b => b.Verdict == CmekAccessVerdict.Conditional)
            );
    }

    private IEnumerable<WiderAccess> OfAnybody() => Of(Anybody, PolicySubject.Anybody);

    /// <summary>Other accounts: those of principals, and those that a statement for everybody is narrowed to.</summary>
    private IEnumerable<WiderAccess> OfAccounts()
    {
        var allows = policies.Key.Statements.Where(s => s.IsAllow).ToList();
        var foreign = allows.SelectMany(s => s.Principals).Where(p => IsForeign(p.AccountId)).ToList();
        foreach (var principal in foreign.GroupBy(p => p.Text).Select(g => g.First()))
        foreach (var wider in Of(NameOf(principal), PolicySubject.Of(principal)))
            yield return wider;
        var narrowedTo = allows
            .Where(s => s.Principals.Any(p => p.Kind == PrincipalKind.Everybody) && !s.IsNotPrincipal)
            .SelectMany(s => s.Conditions.SelectMany(c => c.Values))
            .SelectMany(v => AccountsIn(v.Text))
            .Where(IsForeign)
            .Distinct()
            .Except(foreign.Select(p => p.AccountId));
        if (_resource.ActionsOf(PolicySubject.Anybody, key.CallOf(PolicySubject.Anybody)).Count == 0)
            foreach (var account in narrowedTo)
            foreach (var wider in Of($"everybody in account {account}", PolicySubject.In(account)))
                yield return wider;
    }

    private static string NameOf(PolicyPrincipal principal) =>
        principal.Kind == PrincipalKind.Account ? $"account {principal.AccountId}" : principal.Text;

    private IEnumerable<WiderAccess> Of(string who, PolicySubject subject)
    {
        if (_resource.ActionsOf(subject, key.CallOf(subject)) is { Count: > 0 } actions)
            yield return new WiderAccess(
                who,
                KmsActions.Describe([.. actions.Select(a => a.Action)]),
                Place,
                actions.All(a => a.Allowed.Truth == Truth.Maybe)
            )
            {
                IsUse = KmsActions
                    .RightsOf(actions.Where(a => a.Verdict == CmekAccessVerdict.Granted).Select(a => a.Action))
                    .HasFlag(CmekAccessRights.Use),
            };
    }

    /// <summary>Services and identity providers.</summary>
    private IEnumerable<WiderAccess> OfOthers() =>
        from statement in policies.Key.Statements
        where statement.IsAllow && !statement.IsNotPrincipal
        from principal in statement.Principals
        where principal.Kind is PrincipalKind.Service or PrincipalKind.Federated or PrincipalKind.CanonicalUser
        let actions = KmsActions.All.Where(a => statement.Covers(a, key.Arn).Truth != Truth.No).ToList()
        where actions.Count > 0
        select new WiderAccess(principal.Text, KmsActions.Describe(actions), Place, statement.Conditions.Count > 0);

    private IEnumerable<WiderAccess> OfGrants() =>
        from grant in policies.Grants
        let beyond = grant.Grantee == role.Arn
            ? [.. grant.Operations.Where(o => !KmsActions.IsOfCmek($"kms:{o}"))]
            : grant.Operations
        where beyond.Count > 0
        select new WiderAccess(
            grant.Grantee,
            KmsActions.Describe([.. beyond.Select(o => $"kms:{o}")]),
            $"KMS grant {grant.Id}",
            grant.IsConstrained
        );

    private bool IsForeign(string accountId) =>
        accountId.Length > 0 && accountId != key.AccountId && accountId != role.AccountId;

    private static IEnumerable<string> AccountsIn(string text) =>
        text.Split(':').Where(part => part.Length == 12 && part.All(c => c is >= '0' and <= '9'));
}

/// <summary>What a policy of a resource allows somebody, as far as that policy decides.</summary>
internal sealed class ResourceJudge(PolicyText policy, IReadOnlyList<NamedPolicy> control, JudgedKey key)
{
    /// <summary>The actions that somebody may do, surely or perhaps.</summary>
    public IReadOnlyList<ActionJudgement> ActionsOf(PolicySubject subject, RequestContext call) =>
        [
            .. KmsActions
                .All.Select(a => Judge(policy.Statements, subject, call, a))
                .Where(j => j.Verdict is CmekAccessVerdict.Granted or CmekAccessVerdict.Conditional),
        ];

    /// <summary>The judgement on one action, where only some statements allow it.</summary>
    public ActionJudgement Judge(
        IEnumerable<PolicyStatement> allowing,
        PolicySubject subject,
        RequestContext call,
        string action
    ) =>
        new(
            action,
            allowing.Where(s => s.IsAllow).Select(s => Applies(s, subject, call, action)).Any(),
            policy
                .Statements.Concat(control.SelectMany(c => c.Policy.Statements))
                .Where(s => !s.IsAllow)
                .Select(s => Applies(s, subject, call, action))
                .Any()
        );

    private Finding Applies(PolicyStatement statement, PolicySubject subject, RequestContext call, string action) =>
        statement.Covers(action, key.Arn) is { Truth: not Truth.No } covers
            ? covers.And(statement.Match(subject).Any).And(statement.Holds(call))
            : Finding.No;
}
