using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Aws.Access;

/// <summary>The judgement on one action.</summary>
/// <param name="Allowed">Something allows it.</param>
/// <param name="Denied">Something denies it.</param>
internal sealed record ActionJudgement(string Action, Finding Allowed, Finding Denied)
{
    /// <summary>What an uncertain judgement depends on.</summary>
    public IEnumerable<Cause> Causes => Allowed.Causes.Concat(Denied.Causes);

    /// <summary>Whether the action succeeds.</summary>
    public CmekAccessVerdict Verdict =>
        Denied.Truth == Truth.Yes ? CmekAccessVerdict.Denied
        : Allowed.Truth == Truth.No ? CmekAccessVerdict.NotGranted
        : Allowed.Truth == Truth.Yes && Denied.Truth == Truth.No ? CmekAccessVerdict.Granted
        : Causes.Any(c => c.Place is not null) ? CmekAccessVerdict.Unknown
        : CmekAccessVerdict.Conditional;
}

/// <summary>A key and the moment of the judgement.</summary>
/// <param name="Arn">The key's ARN.</param>
/// <param name="Now">The moment; null for any.</param>
internal sealed record JudgedKey(string Arn, string AccountId, string Region, DateTimeOffset? Now)
{
    /// <summary>The call of somebody to the key.</summary>
    public RequestContext CallOf(PolicySubject caller) => RequestContext.OfKey(caller, AccountId, Region, Now);
}

/// <summary>
/// Judges whether a role may use a key, by the rules of IAM: an explicit Deny anywhere decides; a key policy allows by
/// itself whom it names, and leaves the decision to IAM policies where it names the account; a permissions boundary
/// limits both; a KMS grant allows like a key policy; across accounts both sides have to allow. Source: IAM user guide,
/// "Policy evaluation logic", and KMS developer guide, "Determining access".
/// </summary>
internal sealed class KeyJudge
{
    private readonly KeyPolicies _policies;
    private readonly JudgedKey _key;
    private readonly PolicySubject _role;
    private readonly RequestContext _request;
    private readonly bool _isAcrossAccounts;

    public KeyJudge(KeyPolicies policies, JudgedKey key, PolicySubject role)
    {
        (_policies, _key, _role) = (policies, key, role);
        _request = role.IsRole ? RequestContext.OfKeyUse(role, key.AccountId, key.Region, key.Now) : key.CallOf(role);
        _isAcrossAccounts = role.AccountId != key.AccountId;
    }

    /// <summary>The judgement on each action.</summary>
    public IReadOnlyList<ActionJudgement> Judge(IEnumerable<string> actions) =>
        [.. actions.Select(a => new ActionJudgement(a, Allows(a), Denies(a)))];

    /// <summary>Whether a statement of the key policy lets the role do something.</summary>
    public Finding Allows(PolicyStatement statement, string action)
    {
        if (!statement.IsAllow)
            return Finding.No;
        var (identity, boundary) = (IdentityAllows(action), BoundaryAllows(action));
        var applies = Applies(statement, action);
        var match = statement.Match(_role);
        if (_isAcrossAccounts)
            return applies.And(match.Any).And(identity).And(boundary);
        return applies.And(
            match
                .ByName.And(boundary)
                // A boundary does not limit what is allowed to the session itself.
                .Or(match.BySession)
                .Or(match.AsEverybody.And(Limited(boundary, "a statement for everybody")))
                .Or(match.ByAccount.And(identity).And(boundary))
        );
    }

    /// <summary>Whether the key policy by itself allows the role something, whatever its other policies say.</summary>
    public Finding AllowsByItself(PolicyStatement statement, string action)
    {
        if (!statement.IsAllow)
            return Finding.No;
        var match = statement.Match(_role);
        return Applies(statement, action).And(match.ByName.Or(match.AsEverybody).Or(match.BySession));
    }

    /// <summary>Whether a grant lets the role do something.</summary>
    public Finding Allows(KmsGrant grant, string action)
    {
        if (!grant.Operations.Any(o => string.Equals($"kms:{o}", action, StringComparison.OrdinalIgnoreCase)))
            return Finding.No;
        var grantee = PolicyPrincipal.Parse("AWS", grant.Grantee);
        var match = new PolicyStatement
        {
            Name = grant.Id,
            IsAllow = true,
            Principals = [grantee],
        }.Match(_role);
        var allows = match
            .Any.And(grant.IsConstrained ? Finding.Maybe("kms:EncryptionContext") : Finding.Yes)
            .And(Limited(BoundaryAllows(action), "a KMS grant"));
        return _isAcrossAccounts ? allows.And(Limited(IdentityAllows(action), "a KMS grant", "policies")) : allows;
    }

    /// <summary>Whether a policy of the role itself allows an action.</summary>
    public Finding Allows(NamedPolicy policy, string action) => In(policy, isAllow: true, action);

    /// <summary>Whether the role's boundary allows an action; yes when it has none.</summary>
    public Finding BoundaryAllows(string action) =>
        _policies.Role.UnreadBoundary is { } unread ? Finding.Unread(unread)
        : _policies.Role.Boundary is { } boundary ? Allows(boundary, action)
        : Finding.Yes;

    /// <summary>What denies an action for sure, for people.</summary>
    public IEnumerable<string> DenialsOf(string action) =>
        Denials(action).Where(d => d.Denies.Truth == Truth.Yes).Select(d => d.Place);

    private Finding Allows(string action) =>
        _policies
            .Key.Statements.Select(s => Allows(s, action))
            .Concat(_policies.Grants.Select(g => Allows(g, action)))
            .Append(OfUnread(_policies.UnreadGrants))
            .Append(OfUnread(_policies.UnreadKey))
            .Any();

    private Finding Denies(string action) =>
        Denials(action)
            .Select(d => d.Denies)
            .Concat(_policies.Role.Unread.Select(Finding.Unread))
            .Append(OfUnread(_policies.Role.UnreadBoundary))
            .Append(OfUnread(_policies.UnreadKey))
            .Any();

    private IEnumerable<(string Place, Finding Denies)> Denials(string action)
    {
        foreach (var statement in _policies.Key.Statements.Where(s => !s.IsAllow))
            yield return (PlaceOf(statement, "the key policy"), DeniesByResource(statement, action));
        foreach (var policy in _policies.ResourceControl)
        foreach (var statement in policy.Policy.Statements.Where(s => !s.IsAllow))
            yield return (PlaceOf(statement, policy.Place), DeniesByResource(statement, action));
        foreach (var policy in OfTheRole)
        foreach (var statement in policy.Policy.Statements.Where(s => !s.IsAllow))
            yield return (PlaceOf(statement, policy.Place), Applies(statement, action));
    }

    private IEnumerable<NamedPolicy> OfTheRole =>
        _policies.Role.Boundary is { } boundary ? _policies.Role.Identity.Append(boundary) : _policies.Role.Identity;

    private static string PlaceOf(PolicyStatement statement, string place) => $"'{statement.Name}' of {place}";

    private Finding DeniesByResource(PolicyStatement statement, string action) =>
        Applies(statement, action).And(statement.Match(_role).Any);

    private Finding IdentityAllows(string action) =>
        _policies
            .Role.Identity.Select(p => Allows(p, action))
            .Concat(_policies.Role.Unread.Select(Finding.Unread))
            .Any();

    private Finding In(NamedPolicy policy, bool isAllow, string action) =>
        policy.Policy.Statements.Where(s => s.IsAllow == isAllow).Select(s => Applies(s, action)).Any();

    private static Finding OfUnread(UnreadPlace? place) => place is null ? Finding.No : Finding.Unread(place);

    private Finding Applies(PolicyStatement statement, string action) =>
        statement.Covers(action, _key.Arn) is { Truth: not Truth.No } covers
            ? covers.And(statement.Holds(_request))
            : Finding.No;

    /// <summary>AWS documents disagree on whether policies of the role limit this.</summary>
    private static Finding Limited(Finding allows, string what, string by = "permissions boundary") =>
        allows.Truth == Truth.No ? Finding.Maybe($"whether {what} is limited by the role's {by}") : allows;
}
