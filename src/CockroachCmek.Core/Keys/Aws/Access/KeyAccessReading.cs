using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Aws.Access;

/// <summary>The answer about a role and a key, from what was read.</summary>
internal sealed class KeyAccessReading
{
    private readonly KeyPolicies _policies;
    private readonly JudgedKey _key;
    private readonly PolicySubject _role;
    private readonly KeyJudge _judge;
    private readonly IReadOnlyList<ActionJudgement> _needed;

    public KeyAccessReading(KeyPolicies policies, JudgedKey key, PolicySubject role)
    {
        (_policies, _key, _role) = (policies, key, role);
        _judge = new KeyJudge(policies, key, role);
        _needed = _judge.Judge(KmsActions.Needed);
    }

    /// <summary>The policies that were read.</summary>
    public KeyPolicies Policies => _policies;

    /// <summary>The judgement on each action that CMEK needs.</summary>
    public IReadOnlyList<ActionJudgement> Needed => _needed;

    /// <summary>Whether the role may use the key.</summary>
    public CmekAccessVerdict Verdict =>
        new[]
        {
            CmekAccessVerdict.Denied,
            CmekAccessVerdict.NotGranted,
            CmekAccessVerdict.Unknown,
            CmekAccessVerdict.Conditional,
        }
            .Where(v => _needed.Any(n => n.Verdict == v))
            .DefaultIfEmpty(CmekAccessVerdict.Granted)
            .First();

    /// <summary>Actions that no statement allows because the role's boundary does not.</summary>
    public IReadOnlyList<string> MissingInBoundary =>
        [.. KmsActions.Needed.Where(a => _judge.BoundaryAllows(a).Truth == Truth.No)];

    /// <summary>
    /// True when the key policy by itself surely allows everything, so that a grant has nothing to add.
    /// </summary>
    public bool IsGrantedByKey =>
        KmsActions.Needed.All(a => _policies.Key.Statements.Any(s => _judge.AllowsByItself(s, a).Truth == Truth.Yes));

    /// <summary>True when a grant in the key policy would not change what the role may do.</summary>
    public bool IsSettled => Verdict == CmekAccessVerdict.Granted || IsGrantedByKey;

    /// <summary>True when the use is allowed for sure, whatever denies it.</summary>
    public bool IsAllowed => _needed.All(n => n.Allowed.Truth == Truth.Yes);

    /// <summary>
    /// What allows the role the use of the key by name, but only under conditions that cannot be judged: somebody
    /// narrowed the grant.
    /// </summary>
    public IReadOnlyList<NarrowedGrant> Narrowed =>
        [
            .. _policies
                .Key.Statements.Where(s =>
                    s.IsAllow
                    && s.Match(_role) is { } match
                    && match.ByName.Or(match.BySession).Truth != Truth.No
                    && KmsActions.Needed.Any(a => _judge.AllowsByItself(s, a).Truth == Truth.Maybe)
                )
                .Select(s => new NarrowedGrant($"'{s.Name}'", s.ConditionText ?? "names one session of the role")),
            .. _policies
                .Role.Identity.Where(p =>
                    IsDelegated && KmsActions.Needed.Any(a => _judge.Allows(p, a).Truth == Truth.Maybe)
                )
                .Select(p => new NarrowedGrant(p.Place, ConditionsOf(p))),
        ];

    private string ConditionsOf(NamedPolicy policy) =>
        string.Join(
            ", ",
            KmsActions.Needed.SelectMany(a => _judge.Allows(policy, a).Causes).Select(c => c.Text).Distinct()
        );

    /// <summary>The access review of the key.</summary>
    public IReadOnlyList<CmekAccess> Review() => new KeyReview(this, _key, _role).Lines();

    /// <summary>The answer in the terms of every cloud.</summary>
    public KeyAccess ToAccess() =>
        new()
        {
            Key = _key.Arn,
            Principal = _role.Arn!,
            Verdict = Verdict,
            Missing = [.. _needed.Where(IsMissing).Select(n => n.Action)],
            Grants = [.. Grants()],
            Denials = [.. Denials()],
            Conditions = [.. CausesOf(_needed).Where(c => c.Place is null).Select(c => c.Text).Distinct()],
            Wider = new KeyWidth(_policies, _key, _role, _judge).Find(),
            Obstacles = [.. Obstacles()],
            Stale = StaleIds,
            Unread = Unread,
            UnreadPolicy = _policies.UnreadKey,
        };

    /// <summary>What could not be read.</summary>
    public IReadOnlyList<UnreadPlace> Unread =>
        [
            .. _policies
                .Role.Unread.Append(_policies.Role.UnreadBoundary)
                .Append(_policies.UnreadGrants)
                .Append(_policies.UnreadKey)
                .OfType<UnreadPlace>()
                .Distinct(),
        ];

    /// <summary>Unique ids of principals that were deleted.</summary>
    private IReadOnlyList<string> StaleIds =>
        [
            .. _policies
                .Key.Statements.SelectMany(s => s.Principals)
                .Where(p => p.Kind == PrincipalKind.UniqueId)
                .Select(p => p.Text)
                .Distinct(),
        ];

    private static bool IsMissing(ActionJudgement judgement) =>
        judgement.Verdict is CmekAccessVerdict.Denied or CmekAccessVerdict.NotGranted;

    private static IEnumerable<Cause> CausesOf(IEnumerable<ActionJudgement> judgements) =>
        judgements.Where(n => !IsMissing(n)).SelectMany(n => n.Causes);

    private IEnumerable<string> Denials() =>
        KmsActions
            .Needed.SelectMany(a => _judge.DenialsOf(a).Select(place => (Place: place, Action: a)))
            .GroupBy(d => d.Place)
            .Select(g => $"{g.Key} denies {string.Join(", ", g.Select(d => d.Action))}");

    private IEnumerable<string> Obstacles()
    {
        if (_policies.Role.Boundary is { } boundary && MissingInBoundary is { Count: > 0 } missing)
            yield return $"{boundary.Place} does not allow {string.Join(", ", missing)}";
    }

    private IEnumerable<AccessGrant> Grants()
    {
        foreach (var statement in _policies.Key.Statements.Where(s => Lets(a => _judge.Allows(s, a))))
        {
            var match = statement.Match(_role);
            var isNamed = match.ByName.Truth == Truth.Yes;
            if (isNamed || match.AsEverybody.Or(match.BySession).Truth != Truth.No)
                yield return new AccessGrant
                {
                    Place = "the key policy",
                    Through = statement.Name,
                    Principal = isNamed ? _role.Arn! : string.Join(", ", statement.Principals.Select(p => p.Text)),
                    Condition = statement.ConditionText,
                    IsOnKey = true,
                    IsRemovable = isNamed,
                    RemoveCommand = isNamed ? "" : AwsCommands.PutKeyPolicy(_key.Arn, _key.Region),
                };
        }

        foreach (var policy in _policies.Role.Identity.Where(p => IsDelegated && Lets(a => _judge.Allows(p, a))))
            yield return new AccessGrant
            {
                Place = policy.Place,
                Through = "the account in the key policy",
                Principal = _role.Arn!,
                IsOnKey = false,
                IsRemovable = false,
                RemoveCommand = AwsCommands.RolePolicies(_role.RoleName),
            };
        foreach (var grant in _policies.Grants.Where(g => Lets(a => _judge.Allows(g, a))))
            yield return new AccessGrant
            {
                Place = $"KMS grant {grant.Id}",
                Through = grant.Id,
                Principal = grant.Grantee,
                Condition = grant.IsConstrained ? "kms:EncryptionContext" : null,
                IsOnKey = true,
                IsRemovable = grant.Grantee == _role.Arn,
                RemoveCommand = AwsCommands.RevokeGrant(_key.Arn, _key.Region, grant.Id),
            };
    }

    /// <summary>True when the key policy leaves some of the use to the IAM policies of the role's account.</summary>
    private bool IsDelegated =>
        _policies.Key.Statements.Any(s =>
            s.Match(_role).ByAccount.Truth == Truth.Yes && Lets(a => _judge.Allows(s, a))
        );

    private static bool Lets(Func<string, Finding> allows) => KmsActions.Needed.Any(a => allows(a).Truth != Truth.No);
}

/// <summary>A grant under a condition.</summary>
/// <param name="Place">The statement or the policy, for people.</param>
/// <param name="Condition">The condition, for people.</param>
internal sealed record NarrowedGrant(string Place, string Condition)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Place} {Condition}";
}
