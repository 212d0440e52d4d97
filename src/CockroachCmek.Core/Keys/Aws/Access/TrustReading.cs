using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Aws.Access;

/// <summary>
/// Who may assume a role: whether the account that hosts the cluster may, with the organization's external id, and who
/// else.
/// </summary>
internal sealed class TrustReading
{
    private const string AssumeRole = "sts:AssumeRole";

    /// <summary>An external id that no policy names.</summary>
    private const string SomeExternalId = "00000000-0000-0000-0000-000000000000";

    private readonly PolicyText _policy;
    private readonly string _account;
    private readonly string _roleAccount;
    private readonly string _externalId;
    private readonly DateTimeOffset _now;
    private readonly ActionJudgement _judgement;

    public TrustReading(PolicyText policy, string account, string externalId, string roleAccount, DateTimeOffset now)
    {
        (_policy, _account, _externalId, _roleAccount, _now) = (policy, account, externalId, roleAccount, now);
        _judgement = Judge(PolicySubject.In(account), ContextValue.Of(externalId));
    }

    /// <summary>Whether the account may assume the role with the organization's external id.</summary>
    public CmekAccessVerdict Verdict => _judgement.Verdict;

    /// <summary>What that depends on.</summary>
    public IReadOnlyList<string> Conditions =>
        Verdict == CmekAccessVerdict.Conditional ? [.. _judgement.Causes.Select(c => c.Text).Distinct()] : [];

    /// <summary>The account may assume the role without an external id.</summary>
    public bool NeedsNoExternalId => IsPossible(PolicySubject.In(_account), ContextValue.Absent);

    /// <summary>External ids of others will do.</summary>
    public bool AcceptsOtherExternalIds =>
        OtherExternalIds.Any(id => IsPossible(PolicySubject.In(_account), ContextValue.Of(id)));

    /// <summary>Whether somebody whose account is not named may assume the role.</summary>
    public Truth Anybody
    {
        get
        {
            var anybody = PolicySubject.Anybody;
            if (Judge(anybody, ContextValue.Absent).Verdict == CmekAccessVerdict.Granted)
                return Truth.Yes;
            return AllExternalIds.Any(id => IsPossible(anybody, id)) ? Truth.Maybe : Truth.No;
        }
    }

    /// <summary>Other accounts, and their roles and users, that may assume the role.</summary>
    public IReadOnlyList<PolicyPrincipal> Others =>
        [
            .. Named(p => p.AccountId.Length > 0 && p.AccountId != _account)
                .Where(p => AllExternalIds.Any(id => IsPossible(PolicySubject.Of(p), id))),
        ];

    /// <summary>Services and identity providers that may assume the role.</summary>
    public IReadOnlyList<PolicyPrincipal> ServicesAndProviders =>
        [.. Named(p => p.Kind is PrincipalKind.Service or PrincipalKind.Federated)];

    /// <summary>
    /// Who else may assume the role, by name: accounts, identities, services, and organizations by their external id.
    /// </summary>
    public IReadOnlyList<string> OthersByName =>
        [
            .. Others.Concat(ServicesAndProviders).Select(p => p.Text),
            .. NamedExternalIds
                .Where(id => IsPossible(PolicySubject.In(_account), ContextValue.Of(id)))
                .Select(id => $"the organization with external id {id}"),
        ];

    /// <summary>
    /// Who else a role serves, when no tag says that it is the cluster's; none when a tag does.
    /// </summary>
    public IReadOnlyList<string> OthersFor(IamRole role, CrdbCluster cluster) =>
        AwsNames.BelongsTo(cluster, role.Tags) ? [] : OthersByName;

    /// <summary>
    /// How the policy differs from what the cluster needs, each as the end of a sentence; empty when it fits.
    /// </summary>
    public IReadOnlyList<string> Differences =>
        IsUnreadable ? ["its trust policy is not JSON"] : [.. Missing(), .. Wider()];

    /// <summary>The policy could not be parsed, so that nothing is known to be allowed.</summary>
    public bool IsUnreadable { get; init; }

    /// <summary>True when nothing but conditions that cannot be judged is in the way.</summary>
    public bool IsOnlyConditional => Verdict == CmekAccessVerdict.Conditional && !Wider().Any();

    private IEnumerable<string> Missing()
    {
        switch (Verdict)
        {
            case CmekAccessVerdict.Granted:
                break;
            case CmekAccessVerdict.Denied:
                yield return $"it denies account {_account}, which hosts the cluster";
                break;
            case CmekAccessVerdict.Conditional:
                yield return $"it trusts account {_account} under conditions that only AWS can see "
                    + $"({string.Join(", ", Conditions)})";
                break;
            default:
                yield return IsPossible(PolicySubject.In(_account), ContextValue.Unknown)
                    ? $"it requires an external id other than the organization's, {_externalId}"
                    : $"it does not trust account {_account}, which hosts the cluster";
                break;
        }
    }

    private IEnumerable<string> Wider()
    {
        if (NeedsNoExternalId)
            yield return "it requires no external id, so any customer of Cockroach Labs could use it";
        else if (AcceptsOtherExternalIds && Verdict != CmekAccessVerdict.NotGranted)
            yield return "it accepts other external ids than the organization's";
        if (Anybody != Truth.No)
            yield return $"it also trusts everybody{(Anybody == Truth.Maybe ? ", under a condition" : "")}";
        foreach (var other in Others.Concat(ServicesAndProviders))
            yield return $"it also trusts {other.Text}";
    }

    /// <summary>
    /// External ids to try: those that the policy names, an example of each pattern, and one of nobody.
    /// </summary>
    private IEnumerable<string> OtherExternalIds =>
        ExternalIdValues
            .Select(Wildcard.Example)
            .Append(SomeExternalId)
            .Where(id => !string.Equals(id, _externalId, StringComparison.OrdinalIgnoreCase))
            .Distinct();

    /// <summary>External ids of others that the policy names; a pattern names nobody.</summary>
    private IEnumerable<string> NamedExternalIds =>
        ExternalIdValues
            .Where(id => id.IndexOfAny(['*', '?']) < 0)
            .Where(id => !string.Equals(id, _externalId, StringComparison.OrdinalIgnoreCase))
            .Distinct();

    private IEnumerable<string> ExternalIdValues =>
        _policy
            .Statements.SelectMany(s => s.Conditions)
            .Where(c => string.Equals(c.Key, "sts:ExternalId", StringComparison.OrdinalIgnoreCase))
            .SelectMany(c => c.Values)
            .Select(v => v.Text);

    private IEnumerable<ContextValue> AllExternalIds =>
        OtherExternalIds.Append(_externalId).Select(ContextValue.Of).Append(ContextValue.Absent);

    private IEnumerable<PolicyPrincipal> Named(Func<PolicyPrincipal, bool> isMeant) =>
        _policy
            .Statements.Where(s => s.IsAllow && !s.IsNotPrincipal && s.Actions.Any(IsAssuming) != s.IsNotAction)
            .SelectMany(s => s.Principals)
            .Where(isMeant)
            .Distinct();

    /// <summary>Services and identity providers have actions of their own: sts:AssumeRoleWithSAML, …</summary>
    private static bool IsAssuming(string pattern) =>
        new[] { AssumeRole, "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity" }.Any(a =>
            Wildcard.Matches(pattern, a, ignoreCase: true)
        );

    private bool IsPossible(PolicySubject subject, ContextValue externalId) =>
        Judge(subject, externalId).Verdict is CmekAccessVerdict.Granted or CmekAccessVerdict.Conditional;

    private ActionJudgement Judge(PolicySubject subject, ContextValue externalId)
    {
        var call = RequestContext.OfAssumeRole(subject, _roleAccount, externalId, _now);
        return new(AssumeRole, Of(isAllow: true), Of(isAllow: false));

        Finding Of(bool isAllow) =>
            _policy
                .Statements.Where(s => s.IsAllow == isAllow)
                .Select(s => s.Covers(AssumeRole, "").And(s.Match(subject).Any).And(s.Holds(call)))
                .Any();
    }
}
