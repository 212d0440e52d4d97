using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Gcp.Access;

/// <summary>Finds access to a key, or to its service account, that CMEK does not need.</summary>
internal static class GcpWider
{
    /// <summary>
    /// More than the use of this one key for the account, and the use by others. The administration of a key by people
    /// is needed, so it is left to the access review.
    /// </summary>
    public static IReadOnlyList<(WiderAccess Access, GcpBinding Binding)> OfKey(
        GcpScope scope,
        GcpAccessEvaluator evaluator,
        ServiceAccountEmail account
    )
    {
        var wider = new List<(WiderAccess, GcpBinding)>();
        var isAllowed = GcpPermissions.Use.All(p => evaluator.Allow(p).IsSure);
        foreach (var binding in evaluator.Bindings.Where(b => evaluator.Evaluate(b).Truth != Truth.No))
        {
            if (GcpMembers.IsAnybody(binding.Member))
            {
                if (Rights(scope, binding) is not CmekAccessRights.None || binding.Place.Level <= GcpLevel.KeyRing)
                    Add(binding, $"anybody ({binding.Member})", binding.Role);
            }
            else if (binding.Member.Equals(account.Member, StringComparison.OrdinalIgnoreCase))
                wider.AddRange(OfAccount(scope, evaluator, binding, account).Select(w => (w, binding)));
            else if (IsUseByOthers(scope, binding, isAllowed))
                Add(binding, binding.Member, $"the use of {Extent(binding)} by {binding.Role}");
        }

        return wider;

        void Add(GcpBinding binding, string who, string what) =>
            wider.Add(
                (
                    new WiderAccess(who, what, binding.Place.Name, IsConditional(evaluator, binding))
                    {
                        IsUse = Rights(scope, binding)?.HasFlag(CmekAccessRights.Use) == true,
                    },
                    binding
                )
            );
    }

    /// <summary>Others than CockroachDB Cloud who may act as the account, and so use its keys.</summary>
    /// <param name="scope">The policies of the account and above.</param>
    /// <param name="evaluator">Evaluates them for CockroachDB Cloud's own account.</param>
    /// <param name="trusted">CockroachDB Cloud's account.</param>
    /// <remarks>Owners of the project are its administration, and are left to the access review.</remarks>
    public static IReadOnlyList<(WiderAccess Access, GcpBinding Binding)> OfTrust(
        GcpScope scope,
        GcpAccessEvaluator evaluator,
        ServiceAccountEmail trusted
    ) =>
        [
            .. evaluator
                .Bindings.Where(b =>
                    !b.Member.Equals(trusted.Member, StringComparison.OrdinalIgnoreCase)
                    && !IamPolicy.IsDeleted(b.Member)
                    && !IsBasic(b.Role)
                    && evaluator.Evaluate(b).Truth != Truth.No
                    && scope.Permissions(b.Role) is { } permissions
                    && GcpPermissions.OnAccount(permissions, b.Place.Level).HasFlag(CmekAccessRights.Use)
                )
                .Select(b =>
                    (
                        new WiderAccess(
                            GcpMembers.IsAnybody(b.Member) ? $"anybody ({b.Member})" : b.Member,
                            b.Role,
                            b.Place.Name,
                            IsConditional(evaluator, b)
                        ),
                        b
                    )
                ),
        ];

    /// <summary>The roles of the project's own administration.</summary>
    public static bool IsBasic(string role) => role is "roles/owner" or "roles/editor" or "roles/viewer";

    /// <summary>What a binding lets its member do with the key; null when its role could not be read.</summary>
    public static CmekAccessRights? Rights(GcpScope scope, GcpBinding binding) =>
        scope.Permissions(binding.Role) is { } permissions
            ? GcpPermissions.OnKey(permissions, binding.Place.Level)
            : null;

    private static IEnumerable<WiderAccess> OfAccount(
        GcpScope scope,
        GcpAccessEvaluator evaluator,
        GcpBinding binding,
        ServiceAccountEmail account
    )
    {
        var isConditional = IsConditional(evaluator, binding);
        if (Rights(scope, binding) is not { } rights)
            yield break;
        var beyond = rights & ~CmekAccessRights.Use;
        if (beyond != CmekAccessRights.None)
            yield return new WiderAccess(
                account.Text,
                $"{beyond} by {binding.Role}",
                binding.Place.Name,
                isConditional
            );
        else if (binding.Role != GcpNames.UseRole && rights == CmekAccessRights.None && IsOnKey(binding))
            yield return new WiderAccess(account.Text, binding.Role, binding.Place.Name, isConditional);
        if (rights.HasFlag(CmekAccessRights.Use) && binding.Place.Level != GcpLevel.Resource)
            yield return new WiderAccess(
                account.Text,
                $"the use of {Extent(binding)} by {binding.Role}",
                binding.Place.Name,
                isConditional
            );
    }

    /// <summary>
    /// A group may be how the account itself is granted, so it counts as others only when the account does not need it.
    /// </summary>
    private static bool IsUseByOthers(GcpScope scope, GcpBinding binding, bool isAllowed) =>
        !IamPolicy.IsDeleted(binding.Member)
        && !IsBasic(binding.Role)
        && Rights(scope, binding)?.HasFlag(CmekAccessRights.Use) == true
        && (isAllowed || !binding.Member.StartsWith("group:", StringComparison.Ordinal));

    private static bool IsOnKey(GcpBinding binding) => binding.Place.Level <= GcpLevel.KeyRing;

    private static string Extent(GcpBinding binding) =>
        binding.Place.Level == GcpLevel.Resource ? "the key" : $"every key in {binding.Place.Name}";

    private static bool IsConditional(GcpAccessEvaluator evaluator, GcpBinding binding) =>
        evaluator.Evaluate(binding).Truth == Truth.Maybe;
}
