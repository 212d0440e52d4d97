using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Gcp.Access;

/// <summary>What an account may do with a resource, and the policies that say so.</summary>
internal sealed record GcpReading
{
    private GcpReading(ServiceAccountEmail account, GcpScope scope, GcpAccessEvaluator evaluator)
    {
        Account = account;
        Scope = scope;
        Evaluator = evaluator;
    }

    /// <summary>The account that was asked about.</summary>
    public ServiceAccountEmail Account { get; }

    /// <summary>The policies.</summary>
    public GcpScope Scope { get; }

    /// <summary>Decides by the policies.</summary>
    public GcpAccessEvaluator Evaluator { get; }

    /// <summary>What the account needs.</summary>
    public required IReadOnlyList<string> Needed { get; init; }

    /// <summary>The result.</summary>
    public required KeyAccess Access { get; init; }

    /// <summary>The bindings behind <see cref="KeyAccess.Wider"/>.</summary>
    public required IReadOnlyList<(WiderAccess Access, GcpBinding Binding)> Wider { get; init; }

    /// <summary>True when the allow policies surely allow what is needed, whatever denies it.</summary>
    public bool IsAllowed => Needed.All(p => Evaluator.Allow(p).IsSure);

    /// <summary>True when bindings that name the account allow what is needed, be it on conditions.</summary>
    public bool IsNamed => Needed.All(p => Evaluator.Allow(p) is { IsSure: true } or { Conditions.Count: > 0 });

    /// <summary>
    /// The bindings under a condition without which the account is not allowed. Somebody narrowed them on purpose.
    /// </summary>
    public IReadOnlyList<GcpBinding> Narrowed =>
        IsAllowed ? [] : [.. Evaluator.GrantsOf(Needed).Where(b => Evaluator.Evaluate(b).Truth == Truth.Maybe)];

    /// <summary>The access of an account to a key, by these policies.</summary>
    /// <remarks>Source of the attributes: cloud.google.com/iam/docs/conditions-resource-attributes.</remarks>
    public static GcpReading OfKey(GcpKeyName name, ServiceAccountEmail account, GcpScope scope, DateTimeOffset now)
    {
        var facts = new CelFacts(now, name.ToString(), "cloudkms.googleapis.com/CryptoKey", "cloudkms.googleapis.com");
        var evaluator = new GcpAccessEvaluator(scope, account, facts);
        var wider = GcpWider.OfKey(scope, evaluator, account);
        return Of(name.ToString(), account, scope, evaluator, GcpPermissions.Use, wider);
    }

    /// <summary>Whether CockroachDB Cloud's account may act as an account, by these policies.</summary>
    public static GcpReading OfTrust(
        ServiceAccountEmail account,
        ServiceAccountEmail trusted,
        GcpScope scope,
        DateTimeOffset now
    )
    {
        var facts = new CelFacts(now, Type: "iam.googleapis.com/ServiceAccount", Service: "iam.googleapis.com");
        var evaluator = new GcpAccessEvaluator(scope, trusted, facts);
        var wider = GcpWider.OfTrust(scope, evaluator, trusted);
        return Of(account.Text, trusted, scope, evaluator, GcpPermissions.Trust, wider);
    }

    /// <summary>A binding as a grant, for people.</summary>
    public AccessGrant GrantOf(GcpBinding binding)
    {
        var isRemovable =
            binding.Place.Level is GcpLevel.Resource or GcpLevel.KeyRing
            && binding.Member.Equals(Account.Member, StringComparison.OrdinalIgnoreCase);
        return new AccessGrant
        {
            Place = binding.Place.Name,
            Through = binding.Role,
            Principal = binding.Member,
            Condition = binding.ConditionText,
            IsOnKey = binding.Place.Level == GcpLevel.Resource,
            IsRemovable = isRemovable,
            RemoveCommand = isRemovable ? "" : binding.RemoveCommand,
        };
    }

    private static GcpReading Of(
        string resource,
        ServiceAccountEmail account,
        GcpScope scope,
        GcpAccessEvaluator evaluator,
        IReadOnlyList<string> needed,
        IReadOnlyList<(WiderAccess Access, GcpBinding Binding)> wider
    )
    {
        var allowed = needed.Select(p => (Permission: p, Decision: evaluator.Allow(p))).ToList();
        var denied = needed.Select(p => (Permission: p, Decision: evaluator.Deny(p))).ToList();
        var surelyDenied = denied.Where(d => d.Decision.IsSure).Select(d => d.Permission).ToList();
        var missing = allowed.Where(a => a.Decision.IsImpossible).Select(a => a.Permission).ToList();
        var open = allowed.Concat(denied).Select(d => d.Decision).Where(d => !d.IsSure).ToList();
        var conditions = open.SelectMany(d => d.Conditions).Distinct().ToList();
        var unread = open.SelectMany(d => d.Unread).ToList();
        var reading = new GcpReading(account, scope, evaluator)
        {
            Needed = needed,
            Wider = wider,
            Access = new KeyAccess
            {
                Key = resource,
                Principal = account.Text,
                Verdict =
                    surelyDenied.Count > 0 ? CmekAccessVerdict.Denied
                    : missing.Count > 0 ? CmekAccessVerdict.NotGranted
                    : conditions.Count > 0 ? CmekAccessVerdict.Conditional
                    : unread.Count > 0 ? CmekAccessVerdict.Unknown
                    : CmekAccessVerdict.Granted,
                Missing = surelyDenied.Count > 0 ? surelyDenied : missing,
                Denials = [.. needed.SelectMany(evaluator.DenialsOf)],
                Conditions = conditions,
                Wider = [.. wider.Select(w => w.Access).Distinct()],
                Stale =
                [
                    .. scope
                        .Places.Where(p => p.Level == GcpLevel.Resource)
                        .SelectMany(p => p.Policy?.DeletedMembers ?? [])
                        .Distinct(),
                ],
                UnreadPolicy = scope
                    .Places.FirstOrDefault(p => p.Level == GcpLevel.Resource && p.Policy is null)
                    ?.Unread,
                Unread = [.. unread.Concat(scope.AllUnread).Concat(evaluator.UnreadRoles).Distinct()],
            },
        };
        return reading with
        {
            Access = reading.Access with { Grants = [.. evaluator.GrantsOf(needed).Select(reading.GrantOf)] },
        };
    }
}
