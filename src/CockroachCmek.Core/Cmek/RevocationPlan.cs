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

    /// <summary>Plans every key, those in force first, each with the first method that can be planned.</summary>
    /// <exception cref="CmekException">The error of every key, when no key could be planned.</exception>
    public async Task<IReadOnlyList<CmekAccessChange>> MakeAsync(IReadOnlyList<CmekRevocationMethod> methods)
    {
        var plans = await Task.WhenAll(
            found
                .Every.GroupBy(IdOf)
                .OrderBy(uses => _inForce.Contains(uses.Key) ? 0 : 1)
                .Select(uses => PlanKeyAsync([.. uses], methods))
        );
        if (plans.All(p => p.Error is not null))
            throw plans[0].Error!;
        return Joined(plans.SelectMany(p => p.Changes));
    }

    /// <summary>
    /// The changes of the next method for each key in force on which the last one failed for good; empty when there is
    /// no such key or no other method.
    /// </summary>
    public async Task<IReadOnlyList<CmekAccessChange>> MakeNextAsync(
        IReadOnlyList<CmekAccessChange> made,
        IReadOnlyList<CmekRevocationMethod> methods
    )
    {
        var next = new List<CmekAccessChange>();
        foreach (
            var uses in found.InForce.GroupBy(IdOf).Where(u => !IsTaken(u.Key, made) && IsRefusedForGood(u.Key, made))
        )
        {
            var tried = made.Where(c => IsOf(uses.Key, c)).Select(c => c.Method).ToHashSet();
            var left = new List<CmekRevocationMethod>();
            foreach (var method in methods.Where(m => !tried.Contains(m)))
                if (await shared.MayTryAsync(method))
                    left.Add(method);
            if (left.Count > 0)
                next.AddRange((await PlanKeyAsync([.. uses], left)).Changes);
        }

        return Joined(next.Where(c => c.Kind != UnreadableKind));
    }

    /// <summary>
    /// The plan with what an earlier run did. A grant that it removed can no longer be read, so its content comes from
    /// the record, and what it did with another method is still in force. What it did not manage is not tried again.
    /// </summary>
    /// <param name="plan">The plan.</param>
    /// <param name="earlier">The changes of the record.</param>
    /// <param name="methods">
    /// The methods of this run. What a run that was killed still calls planned may be made: it is made again, which
    /// changes nothing then, so that the record keeps its content.
    /// </param>
    public static IReadOnlyList<CmekAccessChange> Continue(
        IReadOnlyList<CmekAccessChange> plan,
        IReadOnlyList<CmekAccessChange> earlier,
        IReadOnlyList<CmekRevocationMethod> methods
    )
    {
        CmekAccessChange[] done = [.. earlier.Where(e => e.State == CmekAccessChangeState.Done)];
        return
        [
            .. plan.Select(c =>
                c.State == CmekAccessChangeState.Done && done.FirstOrDefault(e => IsSame(e, c)) is { } known
                    ? c with
                    {
                        Document = known.Document,
                        RequestIds = known.RequestIds,
                    }
                    : c
            ),
            .. earlier.Where(e =>
                (
                    e.State == CmekAccessChangeState.Done
                    || (e.State == CmekAccessChangeState.Planned && methods.Contains(e.Method))
                ) && !plan.Any(c => IsSame(e, c))
            ),
        ];
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
                    made.Where(c => c.State != CmekAccessChangeState.Done && IsOf(key, c))
                        .Select(c => (Change: c, key.Key))
                )
                .GroupBy(undone => undone.Change)
                .Select(same => (same.Key, (IReadOnlyList<string>)[.. same.Select(s => s.Key).Distinct()])),
        ];

    /// <summary>The past keys that can still be used.</summary>
    public IReadOnlyList<CmekAccessChange> PastStillUsable(IReadOnlyList<CmekAccessChange> made) =>
        [
            .. made.Where(c =>
                c.State == CmekAccessChangeState.Failed
                && !_inForce.Any(key => IsOf(key, c))
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
                    made.Where(c => c.State == CmekAccessChangeState.Done && IsOf(key, c))
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
        made.Where(c => IsOf(key, c))
            .GroupBy(c => c.Method)
            .Any(method => method.All(c => c.State == CmekAccessChangeState.Done));

    /// <summary>
    /// True when no failure for the key can pass by itself. Another method, which others may feel, is no answer to a
    /// service that does not respond.
    /// </summary>
    private static bool IsRefusedForGood((string Key, string Identity) key, IReadOnlyList<CmekAccessChange> made) =>
        made.Where(c => c.State == CmekAccessChangeState.Failed && IsOf(key, c))
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

    /// <summary>A change of an identity belongs to every key that the identity uses.</summary>
    public static bool IsOf((string Key, string Identity) key, CmekAccessChange change) =>
        key.Identity == change.AuthPrincipal
        && (change.KeyUri.Length == 0 || string.Equals(key.Key, change.KeyUri, StringComparison.OrdinalIgnoreCase));

    private static bool IsSame(CmekAccessChange one, CmekAccessChange other) =>
        one.Kind == other.Kind && one.Target == other.Target && one.AuthPrincipal == other.AuthPrincipal;

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

    /// <summary>One change for each resource, however many keys of the cluster share it.</summary>
    private static CmekAccessChange[] Joined(IEnumerable<CmekAccessChange> changes) =>
        [
            .. changes
                .GroupBy(c => (c.Kind, c.Target, c.AuthPrincipal))
                .Select(same =>
                    same.First() with
                    {
                        Regions = [.. same.SelectMany(c => c.Regions).Distinct()],
                        // A resource that several keys share belongs to the identity, not to one key.
                        KeyUri = same.Select(c => c.KeyUri).Distinct().Count() == 1 ? same.First().KeyUri : "",
                    }
                ),
        ];
}
