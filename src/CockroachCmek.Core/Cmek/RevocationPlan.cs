using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>
/// The changes of a revocation. Every key is planned on its own, so that one that cannot be read or changed does not
/// hold up the others.
/// </summary>
internal sealed class RevocationPlan(
    CrdbCluster cluster,
    RevocationKeys found,
    ICmekKeyProvider keys,
    SharedKeys shared,
    OperationContext context
)
{
    /// <summary>The kind of a line that is no change: the key could not be read.</summary>
    public const string UnreadableKind = "Unreadable";

    private readonly HashSet<(string Key, string Identity)> _inForce = [.. found.InForce.Select(IdOf)];
    private LateResults<string, (IReadOnlyList<CmekAccessChange> Changes, CmekException? Error)>? _plans;

    /// <summary>The keys whose KMS has not responded yet. They are planned while the others are changed.</summary>
    public IReadOnlyList<string> Late => _plans?.Late ?? [];

    /// <summary>
    /// Plans every key, those in force first, each with the first method that can be planned. Those whose KMS does not
    /// respond soon are left to <see cref="MakeLateAsync"/>.
    /// </summary>
    /// <exception cref="CmekException">The error of every key, when no key could be planned.</exception>
    public async Task<IReadOnlyList<CmekAccessChange>> MakeAsync(IReadOnlyList<CmekRevocationMethod> methods)
    {
        _plans = new([
            .. found
                .Every.GroupBy(IdOf)
                .OrderBy(uses => _inForce.Contains(uses.Key) ? 0 : 1)
                .Select(uses => (uses.Key.Key, PlanKeyAsync([.. uses], methods))),
        ]);
        var plans = await _plans.TakeSoonAsync(p => p.Error is null && p.Changes.Count > 0, context);
        if (plans.All(p => p.Error is not null))
            throw plans[0].Error!;
        return ChangeSet.Joined(plans.SelectMany(p => p.Changes));
    }

    /// <summary>The changes of the keys that were late; empty when there are none, or the second time.</summary>
    public async Task<IReadOnlyList<CmekAccessChange>> MakeLateAsync(IReadOnlyList<CmekAccessChange> made) =>
        _plans is null
            ? []
            :
            [
                .. ChangeSet
                    .Joined((await _plans.TakeRestAsync()).SelectMany(p => p.Changes))
                    .Where(c => !made.Any(m => ChangeSet.IsSame(m, c))),
            ];

    /// <summary>
    /// The changes of the next method for each key in force on which the last one failed for good; empty when there is
    /// no such key or no other method.
    /// </summary>
    public Task<IReadOnlyList<CmekAccessChange>> MakeNextAsync(
        IReadOnlyList<CmekAccessChange> made,
        IReadOnlyList<CmekRevocationMethod> methods
    ) =>
        MakeNextAsync(
            made,
            found
                .InForce.GroupBy(IdOf)
                .Where(u => !IsTaken(u.Key, made) && IsRefusedForGood(u.Key, made))
                .Select(u => ((IReadOnlyList<CmekRegionSpec>)[.. u], methods))
        );

    /// <summary>
    /// The changes of the next method for each key in force that can still be used, although a method has taken the
    /// cluster's identity away. A key that is open to everybody is cut only by a method that cuts everybody.
    /// </summary>
    public Task<IReadOnlyList<CmekAccessChange>> MakeForRemainingAsync(
        IReadOnlyList<CmekAccessChange> made,
        IReadOnlyList<CmekRevocationMethod> methods,
        IReadOnlyList<KeyAccess> remaining
    ) =>
        MakeNextAsync(
            made,
            from access in remaining
            let uses = found.InForce.Where(s => IsAccessTo(access, s)).ToList()
            where uses.Count > 0
            select (
                (IReadOnlyList<CmekRegionSpec>)uses,
                access.OpenUse.Count == 0 ? methods : [.. methods.Where(CutsEverybody)]
            )
        );

    /// <summary>True for a method that takes the key from everybody, whatever its policy says.</summary>
    public static bool CutsEverybody(CmekRevocationMethod method) => method == CmekRevocationMethod.DisableKey;

    private async Task<IReadOnlyList<CmekAccessChange>> MakeNextAsync(
        IReadOnlyList<CmekAccessChange> made,
        IEnumerable<(IReadOnlyList<CmekRegionSpec> Uses, IReadOnlyList<CmekRevocationMethod> Methods)> keysLeft
    )
    {
        var next = new List<CmekAccessChange>();
        foreach (var (uses, methods) in keysLeft)
        {
            var tried = made.Where(c => ChangeSet.IsOf(IdOf(uses[0]), c)).Select(c => c.Method).ToHashSet();
            var left = new List<CmekRevocationMethod>();
            foreach (var method in methods.Where(m => !tried.Contains(m)))
                if (await shared.MayTryAsync(method))
                    left.Add(method);
            if (left.Count > 0)
                next.AddRange((await PlanKeyAsync(uses, left)).Changes);
        }

        return ChangeSet.Joined(next.Where(c => c.Kind != UnreadableKind));
    }

    /// <summary>
    /// The keys in force that can still be used, with each change that was not made for them. They decide whether
    /// CockroachDB Cloud is asked to revoke.
    /// </summary>
    public IReadOnlyList<(CmekAccessChange Change, IReadOnlyList<string> Keys)> StillUsable(
        IReadOnlyList<CmekAccessChange> made
    ) =>
        [
            .. _inForce
                .Where(key => !IsTaken(key, made))
                .SelectMany(key =>
                    made.Where(c => c.State != CmekAccessChangeState.Done && ChangeSet.IsOf(key, c))
                        .Select(c => (Change: c, key.Key))
                )
                .GroupBy(undone => undone.Change)
                .Select(same => (same.Key, (IReadOnlyList<string>)[.. same.Select(s => s.Key).Distinct()])),
        ];

    /// <summary>The keys in force for which every change of a method was made.</summary>
    public IReadOnlyList<CmekRegionSpec> Taken(IReadOnlyList<CmekAccessChange> made) =>
        [.. found.InForce.Where(s => IsTaken(IdOf(s), made))];

    /// <summary>The past keys that can still be used.</summary>
    public IReadOnlyList<CmekAccessChange> PastStillUsable(IReadOnlyList<CmekAccessChange> made) =>
        [
            .. made.Where(c =>
                c.State == CmekAccessChangeState.Failed
                && !_inForce.Any(key => ChangeSet.IsOf(key, c))
                && !IsTaken((c.KeyUri, c.AuthPrincipal), made)
            ),
        ];

    /// <summary>
    /// The methods that leave something behind on a key in force that no other method has taken.
    /// </summary>
    public IReadOnlyList<CmekRevocationMethod> Lasting(IReadOnlyList<CmekAccessChange> made, ICustomerCloud cloud) =>
        [
            .. _inForce
                .Select(key =>
                    made.Where(c => c.State == CmekAccessChangeState.Done && ChangeSet.IsOf(key, c))
                        .Select(c => c.Method)
                        .Distinct()
                        .ToList()
                )
                .Where(by => by.TrueForAll(m => cloud.WhatOutlasts(m) is not null))
                .SelectMany(by => by)
                .Distinct(),
        ];

    /// <summary>A key is taken when every change of one method was made for it.</summary>
    private static bool IsTaken((string Key, string Identity) key, IReadOnlyList<CmekAccessChange> made) =>
        made.Where(c => ChangeSet.IsOf(key, c))
            .GroupBy(c => c.Method)
            .Any(method => method.All(c => c.State == CmekAccessChangeState.Done));

    /// <summary>
    /// True when no failure for the key can pass by itself. Another method, which others may feel, is no answer to a
    /// service that does not respond.
    /// </summary>
    private static bool IsRefusedForGood((string Key, string Identity) key, IReadOnlyList<CmekAccessChange> made) =>
        made.Where(c => c.State == CmekAccessChangeState.Failed && ChangeSet.IsOf(key, c))
            .All(c =>
                c.FaultKind
                    is not (
                        CmekErrorKind.Unavailable
                        or CmekErrorKind.Connection
                        or CmekErrorKind.Timeout
                        or CmekErrorKind.Busy
                        or CmekErrorKind.LimitsExceeded
                    )
            );

    private static bool IsAccessTo(KeyAccess access, CmekRegionSpec spec) =>
        access.Principal == spec.AuthPrincipal
        && string.Equals(access.Key, spec.KeyUri, StringComparison.OrdinalIgnoreCase);

    private static (string Key, string Identity) IdOf(CmekRegionSpec spec) => (spec.KeyUri, spec.AuthPrincipal);

    private async Task<(IReadOnlyList<CmekAccessChange> Changes, CmekException? Error)> PlanKeyAsync(
        IReadOnlyList<CmekRegionSpec> uses,
        IReadOnlyList<CmekRevocationMethod> methods
    )
    {
        CmekException? first = null;
        foreach (var method in methods)
        {
            if (first is not null && !await shared.MayTryAsync(method))
                continue;
            try
            {
                var request = new RevocationRequest
                {
                    Cluster = cluster,
                    Keys = uses,
                    Method = method,
                };
                var changes = await keys.PlanRevocationAsync(request, context);
                if (first is not null)
                    context.Host.Warning(
                        $"{cluster.Name}: {methods[0]} cannot be used for {uses[0].KeyUri}, so {method} is. "
                            + first.Message
                            + ToMakePossible(methods[0], first)
                    );
                return ([.. changes.Select(c => c with { Method = method })], null);
            }
            catch (CmekException error) when (error.Kind == CmekErrorKind.NotFound && !_inForce.Contains(IdOf(uses[0])))
            {
                context.Host.Warning(
                    $"{cluster.Name}: the key {uses[0].KeyUri}, which is not in force, was not found, or these "
                        + "credentials are not allowed to see it. It is skipped."
                );
                return ([], null);
            }
            catch (CmekException error)
            {
                first ??= error;
            }
        }

        return ([Unreadable(uses, methods[0], first!)], first);
    }

    /// <summary>
    /// What makes a method possible. An advice to revoke in another way is left out: it is followed already.
    /// </summary>
    private static string ToMakePossible(CmekRevocationMethod method, CmekException error)
    {
        var ways = error
            .RecommendedAction.Split(["; or "], StringSplitOptions.None)
            .Where(way => !way.Contains("-Method "))
            .ToList();
        return ways.Count == 0 ? "" : $" To make {method} possible: {string.Join("; or ", ways)}";
    }

    private static CmekAccessChange Unreadable(
        IReadOnlyList<CmekRegionSpec> uses,
        CmekRevocationMethod method,
        CmekException error
    ) =>
        new()
        {
            Regions = [.. uses.Select(u => u.Region).Distinct()],
            KeyUri = uses[0].KeyUri,
            AuthPrincipal = uses[0].AuthPrincipal,
            Kind = UnreadableKind,
            Method = method,
            Target = uses[0].KeyUri,
            Action = $"Plan {method} for {uses[0].KeyUri}",
            Document = "{}",
            State = CmekAccessChangeState.Failed,
            Fault = error.Message,
            FaultKind = error.Kind,
        };
}
