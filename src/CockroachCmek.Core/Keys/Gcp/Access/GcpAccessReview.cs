using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Gcp.Access;

/// <summary>
/// The access review of a key: everybody who may use, administer, delete or re-grant it, by the policies of the key and
/// of everything above it, and everybody who may act as the service account that uses it.
/// </summary>
/// <remarks>Google Cloud does not report since when a binding exists.</remarks>
internal sealed class GcpAccessReview(GcpAccessReader reader, KeyAccessRequest request)
{
    private readonly GcpKeyName _key = GcpKeyName.Parse(request.Spec.KeyUri);
    private readonly ServiceAccountEmail _account = ServiceAccountEmail.Parse(request.Spec.AuthPrincipal);

    public async Task<IReadOnlyList<CmekAccess>> ReadAsync()
    {
        var onKey = reader.ReadKeyAsync(_key, _account);
        var onAccount = reader.ReadTrustAsync(request.Cluster, _account);
        await Task.WhenAll(onKey, onAccount);
        var (key, trust) = (await onKey, await onAccount);
        return
        [
            .. key.Evaluator.Bindings.Select(b => KeyLine(key, b)).OfType<CmekAccess>(),
            .. trust.Evaluator.Bindings.Select(b => TrustLine(trust, b)).OfType<CmekAccess>(),
            .. key.Access.Unread.Concat(trust.Access.Unread).Distinct().Select(UnreadLine),
        ];
    }

    /// <summary>What a binding lets its member do with the key; null when that is nothing.</summary>
    private CmekAccess? KeyLine(GcpReading reading, GcpBinding binding)
    {
        var rights = GcpWider.Rights(reading.Scope, binding) ?? CmekAccessRights.None;
        if (rights == CmekAccessRights.None || IsWithoutEffect(reading, binding))
            return null;
        var isOwn = binding.Member.Equals(_account.Member, StringComparison.OrdinalIgnoreCase);
        var isAdministration = GcpWider.IsBasic(binding.Role) && binding.Place.Level == GcpLevel.Project;
        return Line(
            reading,
            binding,
            rights,
            isOwn || isAdministration,
            isOwn ? [.. reading.Wider.Where(w => w.Binding == binding).Select(w => w.Access.What)]
                : isAdministration ? []
                : Names(rights),
            rights == CmekAccessRights.Use ? GcpPermissions.Use : []
        );
    }

    /// <summary>What a binding lets its member do as the service account; null when that is nothing.</summary>
    private CmekAccess? TrustLine(GcpReading reading, GcpBinding binding)
    {
        var rights = reading.Scope.Permissions(binding.Role) is { } permissions
            ? GcpPermissions.OnAccount(permissions, binding.Place.Level)
            : CmekAccessRights.None;
        if (rights == CmekAccessRights.None || IsWithoutEffect(reading, binding))
            return null;
        var isTrusted = binding.Member.Equals(reading.Account.Member, StringComparison.OrdinalIgnoreCase);
        var isAdministration = GcpWider.IsBasic(binding.Role) && binding.Place.Level == GcpLevel.Project;
        var line = Line(
            reading,
            binding,
            rights,
            isTrusted || isAdministration,
            isTrusted || isAdministration ? [] : Names(rights),
            rights == CmekAccessRights.Use ? GcpPermissions.Trust : []
        );
        return line with { Through = $"{binding.Role}, by acting as {_account}" };
    }

    private CmekAccess Line(
        GcpReading reading,
        GcpBinding binding,
        CmekAccessRights rights,
        bool isExpected,
        IReadOnlyList<string> excess,
        IReadOnlyList<string> deniable
    )
    {
        var denials = deniable.Select(p => reading.Evaluator.Deny(p, binding.Member)).ToList();
        string[] denial =
        [
            .. denials.SelectMany(d => d.Conditions).Distinct().Select(c => $"unless a deny policy applies: {c}"),
        ];
        var verdict =
            denials.Count > 0 && denials.All(d => d.IsSure) ? CmekAccessVerdict.Denied
            : reading.Evaluator.Evaluate(binding).Truth == Truth.Maybe || denial.Length > 0
                ? CmekAccessVerdict.Conditional
            : denials.Any(d => d.Unread.Count > 0) ? CmekAccessVerdict.Unknown
            : CmekAccessVerdict.Granted;
        return New() with
        {
            Principal = binding.Member,
            Rights = rights,
            Verdict = verdict,
            Place = binding.Place.Name,
            Through = binding.Role,
            Condition = string.Join(
                "; ",
                new[] { binding.ConditionText }
                    .OfType<string>()
                    .Concat(denial)
                    .Concat(denials.SelectMany(d => d.Unread).Distinct().Select(u => $"not known: {u}"))
            ),
            IsExpected = isExpected,
            Excess = excess,
        };
    }

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

    private static bool IsWithoutEffect(GcpReading reading, GcpBinding binding) =>
        IamPolicy.IsDeleted(binding.Member) || reading.Evaluator.Evaluate(binding).Truth == Truth.No;

    private static IReadOnlyList<string> Names(CmekAccessRights rights) =>
        [
            .. new[]
            {
                CmekAccessRights.Use,
                CmekAccessRights.Administer,
                CmekAccessRights.Delete,
                CmekAccessRights.Grant,
            }
                .Where(r => rights.HasFlag(r))
                .Select(r => r.ToString()),
        ];
}
