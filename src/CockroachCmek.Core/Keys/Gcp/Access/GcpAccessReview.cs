using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Gcp.Access;

/// <summary>
/// The access review of a key: everybody who may use, administer, delete or re-grant it, by the policies of the key and
/// of everything above it, and everybody who may act as the service account that uses it.
/// </summary>
/// <remarks>Google Cloud does not report since when a binding exists.</remarks>
internal sealed class GcpAccessReview(GcpAccessReader reader, GcpAccounts accounts, KeyAccessRequest request)
{
    private static readonly CmekAccessRights[] EveryRight =
    [
        CmekAccessRights.Use,
        CmekAccessRights.Administer,
        CmekAccessRights.Delete,
        CmekAccessRights.Grant,
    ];

    private readonly GcpKeyName _key = GcpKeyName.Parse(request.Spec.KeyUri);
    private readonly ServiceAccountEmail _account = ServiceAccountEmail.Parse(request.Spec.AuthPrincipal);

    public async Task<IReadOnlyList<CmekAccess>> ReadAsync()
    {
        var onKey = reader.ReadKeyAsync(_key, _account);
        var onAccount = reader.ReadTrustAsync(request.Cluster, _account);
        var stateOfAccount = ReadStateAsync();
        await Task.WhenAll(onKey, onAccount, stateOfAccount);
        var (key, trust, state) = (await onKey, await onAccount, await stateOfAccount);
        // Whoever acts as the account can do what the account can, and no more.
        var own = state.And(OwnUse(key.Access));
        UnreadPlace[] unread =
        [
            .. key.Access.Unread,
            .. trust.Access.Unread,
            .. state.Verdict == CmekAccessVerdict.Unknown ? [UnreadAccount] : Array.Empty<UnreadPlace>(),
        ];
        return
        [
            .. key.Evaluator.Bindings.SelectMany(b => KeyLines(key, b, state)),
            .. trust.Evaluator.Bindings.SelectMany(b => TrustLines(trust, b, own)),
            .. unread.Distinct().Select(UnreadLine),
        ];
    }

    /// <summary>The lines of the key alone, from a reading at hand: without who may act as the account.</summary>
    public IReadOnlyList<CmekAccess> OfKey(GcpReading key) =>
        [.. key.Evaluator.Bindings.SelectMany(b => KeyLines(key, b, GcpAnswer.Granted))];

    private UnreadPlace UnreadAccount =>
        new(
            $"whether {_account} is enabled",
            "iam.serviceAccounts.get",
            $"gcloud iam service-accounts describe {ShellQuote.PowerShell(_account.Text)}"
        );

    /// <summary>Whether anybody can act as the account at all. A disabled one can do nothing.</summary>
    private async Task<GcpAnswer> ReadStateAsync()
    {
        try
        {
            return await accounts.FindAsync(_account) switch
            {
                null => new(CmekAccessVerdict.NotGranted, [$"{_account} does not exist"]),
                { Disabled: true } => new(CmekAccessVerdict.NotGranted, [$"{_account} is disabled"]),
                _ => GcpAnswer.Granted,
            };
        }
        catch (GcpException error) when (error.Code != 401)
        {
            return new(CmekAccessVerdict.Unknown, [$"not known: {UnreadAccount}"]);
        }
    }

    /// <summary>Whether the account may use the key, as a part of the answer for those who act as it.</summary>
    private GcpAnswer OwnUse(KeyAccess own) =>
        own.Verdict switch
        {
            CmekAccessVerdict.Granted => GcpAnswer.Granted,
            CmekAccessVerdict.Denied => new(own.Verdict, own.Denials),
            CmekAccessVerdict.NotGranted => new(own.Verdict, [$"{_account} may not use the key"]),
            CmekAccessVerdict.Conditional => new(
                own.Verdict,
                [.. own.Conditions.Select(c => $"the use of the key by {_account} depends on {c}")]
            ),
            _ => new(own.Verdict, [$"whether {_account} may use the key is not known"]),
        };

    /// <summary>What a binding lets its member do with the key; none when that is nothing.</summary>
    private IEnumerable<CmekAccess> KeyLines(GcpReading reading, GcpBinding binding, GcpAnswer state)
    {
        if (IamPolicy.IsDeleted(binding.Member))
            return StaleLines(binding, GcpWider.Rights(reading.Scope, binding) ?? CmekAccessRights.None);
        var isOwn = binding.Member.Equals(_account.Member, StringComparison.OrdinalIgnoreCase);
        var permissions = reading.Scope.Permissions(binding.Role) ?? [];
        var answers = EveryRight
            .Select(r => (Right: r, Needed: GcpPermissions.ForKey(r, permissions, binding.Place.Level)))
            .Where(r => r.Needed.Count > 0)
            // The account needs everything of a use; of the rest, each permission is enough.
            .Select(r => (r.Right, Answer: Answer(reading, binding, r.Needed, r.Right == CmekAccessRights.Use)))
            .Select(r => (r.Right, isOwn ? r.Answer.And(state) : r.Answer));
        return Lines(reading, binding, answers)
            .Select(line =>
                line with
                {
                    IsExpected = isOwn || IsProjectAsSuch(binding),
                    Excess =
                        isOwn ? [.. reading.Wider.Where(w => w.Binding == binding).Select(w => w.Access.What)]
                        : IsProjectAsSuch(binding) ? []
                        : Names(line.Rights),
                }
            );
    }

    /// <summary>What a binding lets its member do as the service account; none when that is nothing.</summary>
    private IEnumerable<CmekAccess> TrustLines(GcpReading reading, GcpBinding binding, GcpAnswer own)
    {
        var permissions = reading.Scope.Permissions(binding.Role) ?? [];
        if (IamPolicy.IsDeleted(binding.Member))
            return Acting(StaleLines(binding, GcpPermissions.OnAccount(permissions, binding.Place.Level)));
        var isTrusted = binding.Member.Equals(reading.Account.Member, StringComparison.OrdinalIgnoreCase);
        var answers = new[] { CmekAccessRights.Use, CmekAccessRights.Grant }
            .Select(r => (Right: r, Needed: GcpPermissions.ForAccount(r, permissions, binding.Place.Level)))
            .Where(r => r.Needed.Count > 0)
            .Select(r =>
            {
                // CockroachDB Cloud needs a token; others may act as the account in any way.
                var needsToken = isTrusted && r.Needed.Contains(GcpPermissions.GetAccessToken);
                var answer = Answer(reading, binding, needsToken ? GcpPermissions.Trust : r.Needed, needsToken);
                return (r.Right, r.Right == CmekAccessRights.Use ? answer.And(own) : answer);
            });
        return Acting(
            Lines(reading, binding, answers)
                .Select(line =>
                    line with
                    {
                        IsExpected = isTrusted || IsProjectAsSuch(binding),
                        Excess = isTrusted || IsProjectAsSuch(binding) ? [] : Names(line.Rights),
                    }
                )
        );

        IEnumerable<CmekAccess> Acting(IEnumerable<CmekAccess> lines) =>
            lines.Select(l => l with { Through = $"{binding.Role}, by acting as {_account}" });
    }

    /// <summary>One line for all rights of a binding that are equally sure.</summary>
    private IEnumerable<CmekAccess> Lines(
        GcpReading reading,
        GcpBinding binding,
        IEnumerable<(CmekAccessRights Right, GcpAnswer Answer)> answers
    ) =>
        reading.Evaluator.Evaluate(binding).Truth == Truth.No
            ? []
            : answers
                .GroupBy(a => (a.Answer.Verdict, Reasons: string.Join("; ", a.Answer.Reasons)))
                .Select(same =>
                    LineOf(binding) with
                    {
                        Rights = same.Aggregate(CmekAccessRights.None, (all, a) => all | a.Right),
                        Verdict = same.Key.Verdict,
                        Condition = string.Join(
                            "; ",
                            new[] { binding.ConditionText, same.Key.Reasons }.Where(t => t is { Length: > 0 })
                        ),
                    }
                );

    /// <summary>A member that was deleted can do nothing, and its line says what it was.</summary>
    private IEnumerable<CmekAccess> StaleLines(GcpBinding binding, CmekAccessRights rights) =>
        rights == CmekAccessRights.None && binding.Place.Level != GcpLevel.Resource
            ? []
            : [LineOf(binding) with { Rights = rights, Verdict = CmekAccessVerdict.NotGranted, Condition = "deleted" }];

    /// <summary>How sure it is that a binding gives its member a right.</summary>
    /// <param name="reading">The policies.</param>
    /// <param name="binding">The binding.</param>
    /// <param name="needed">The permissions of the right that the binding's role has.</param>
    /// <param name="all">Every one of them is needed; otherwise any is enough.</param>
    private static GcpAnswer Answer(GcpReading reading, GcpBinding binding, IReadOnlyList<string> needed, bool all)
    {
        var denials = needed.Select(p => reading.Evaluator.Deny(p, binding.Member)).ToList();
        if (all ? denials.Any(d => d.IsSure) : denials.All(d => d.IsSure))
            return new(
                CmekAccessVerdict.Denied,
                [.. needed.SelectMany(p => reading.Evaluator.DenialsOf(p, binding.Member)).Distinct()]
            );
        var open = denials.Where(d => !d.IsSure).ToList();
        // Where any permission is enough, one that nothing can deny decides.
        if (!all && open.Any(d => d.IsImpossible))
            open = [];
        var conditions = open.SelectMany(d => d.Conditions).Distinct().ToList();
        var unread = open.SelectMany(d => d.Unread).Distinct().ToList();
        return new(
            reading.Evaluator.Evaluate(binding).Truth == Truth.Maybe || conditions.Count > 0
                    ? CmekAccessVerdict.Conditional
                : unread.Count > 0 ? CmekAccessVerdict.Unknown
                : CmekAccessVerdict.Granted,
            [.. conditions.Select(c => $"unless a deny policy applies: {c}"), .. unread.Select(u => $"not known: {u}")]
        );
    }

    private CmekAccess LineOf(GcpBinding binding) =>
        New() with
        {
            Principal = binding.Member,
            Place = binding.Place.Name,
            Through = binding.Role,
        };

    private CmekAccess UnreadLine(UnreadPlace unread) =>
        New() with
        {
            Verdict = CmekAccessVerdict.Unknown,
            Place = unread.Place,
            Condition = $"needs {unread.Permission}",
        };

    private CmekAccess New() =>
        new()
        {
            ClusterId = request.Cluster.Id,
            ClusterName = request.Cluster.Name,
            Region = request.Spec.Region,
            KeyUri = _key.ToString(),
        };

    /// <summary>
    /// The project's own members of each basic role, without a name. A person or a service account that has the role
    /// is named by a line of its own, and expected by nobody but the reader.
    /// </summary>
    private static bool IsProjectAsSuch(GcpBinding binding) =>
        binding.Member.StartsWith("projectOwner:", StringComparison.Ordinal)
        || binding.Member.StartsWith("projectEditor:", StringComparison.Ordinal)
        || binding.Member.StartsWith("projectViewer:", StringComparison.Ordinal);

    private static IReadOnlyList<string> Names(CmekAccessRights rights) =>
        [.. EveryRight.Where(r => rights.HasFlag(r)).Select(r => r.ToString())];
}

/// <summary>How sure a right is, and why it is not.</summary>
internal sealed record GcpAnswer(CmekAccessVerdict Verdict, IReadOnlyList<string> Reasons)
{
    /// <summary>Surely.</summary>
    public static GcpAnswer Granted { get; } = new(CmekAccessVerdict.Granted, []);

    /// <summary>Both are needed, so what is least granted decides, with its reasons.</summary>
    public GcpAnswer And(GcpAnswer other)
    {
        if (Rank == other.Rank)
            return new(Verdict, [.. Reasons.Concat(other.Reasons).Distinct()]);
        return Rank > other.Rank ? this : other;
    }

    /// <summary>A condition is known, so it is said before what could not be read.</summary>
    private int Rank =>
        Verdict switch
        {
            CmekAccessVerdict.Granted => 0,
            CmekAccessVerdict.Unknown => 1,
            CmekAccessVerdict.Conditional => 2,
            CmekAccessVerdict.NotGranted => 3,
            _ => 4,
        };
}
