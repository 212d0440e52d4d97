using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Cmek;

/// <summary>The changes of a revocation as a set: one for each resource, whichever run or plan it comes from.</summary>
internal static class ChangeSet
{
    /// <summary>A change of an identity belongs to every key that the identity uses.</summary>
    public static bool IsOf((string Key, string Identity) key, CmekAccessChange change) =>
        key.Identity == change.AuthPrincipal
        && (change.KeyUri.Length == 0 || string.Equals(key.Key, change.KeyUri, StringComparison.OrdinalIgnoreCase));

    /// <summary>True for the same change of the same resource.</summary>
    public static bool IsSame(CmekAccessChange one, CmekAccessChange other) =>
        one.Kind == other.Kind && one.Target == other.Target && one.AuthPrincipal == other.AuthPrincipal;

    /// <summary>The changes that failed for keys that can still be used.</summary>
    public static IReadOnlyList<CmekAccessChange> FailedOn(
        IReadOnlyList<KeyAccess> remaining,
        IReadOnlyList<CmekAccessChange> made
    ) =>
        [
            .. made.Where(c =>
                c.State == CmekAccessChangeState.Failed && remaining.Any(a => IsOf((a.Key, a.Principal), c))
            ),
        ];

    /// <summary>
    /// The changes so far with those of a further plan. What was made already belongs to the keys of both, and keeps
    /// what it recorded.
    /// </summary>
    public static IReadOnlyList<CmekAccessChange> Join(
        IReadOnlyList<CmekAccessChange> made,
        IReadOnlyList<CmekAccessChange> further
    ) =>
        [
            .. made.Select(m =>
                further.FirstOrDefault(f => IsSame(m, f)) is not { } again ? m
                : m.State == CmekAccessChangeState.Done && again.State == CmekAccessChangeState.Done ? Merged(m, again)
                : Merged(again, m)
            ),
            .. further.Where(f => !made.Any(m => IsSame(m, f))),
        ];

    /// <summary>
    /// The plan with what an earlier run did. A grant that it removed can no longer be read, so its content comes from
    /// the record, and what it did with another method is still in force. What another method did not manage is not
    /// tried again.
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
        // A run that was killed may have made what its record does not call done.
        CmekAccessChange[] known = [.. earlier.OrderBy(e => e.State == CmekAccessChangeState.Done ? 0 : 1)];
        return
        [
            .. plan.Select(c =>
                c.State == CmekAccessChangeState.Done && known.FirstOrDefault(e => IsSame(e, c)) is { } made
                    ? c with
                    {
                        Document = made.Document,
                        RequestIds = made.RequestIds,
                    }
                    : c
            ),
            .. earlier
                .Where(e =>
                    (
                        e.State == CmekAccessChangeState.Done
                        || (e.State == CmekAccessChangeState.Planned && methods.Contains(e.Method))
                        || MayBeMade(e)
                    ) && !plan.Any(c => IsSame(e, c))
                )
                .Select(e => MayBeMade(e) ? e with { State = CmekAccessChangeState.Planned } : e),
        ];

        // A response that was lost: the change was processed, so that a plan of the same method does not show it any
        // more. It is made again, which changes nothing then, so that the record keeps its content.
        bool MayBeMade(CmekAccessChange e) =>
            e.State == CmekAccessChangeState.Failed
            && e.Method == methods[0]
            && !plan.Any(c =>
                c.Kind == RevocationPlan.UnreadableKind && (e.KeyUri.Length == 0 || c.KeyUri == e.KeyUri)
            );
    }

    /// <summary>One change for each resource, however many keys of the cluster share it.</summary>
    public static CmekAccessChange[] Joined(IEnumerable<CmekAccessChange> changes) =>
        [.. changes.GroupBy(c => (c.Kind, c.Target, c.AuthPrincipal)).Select(same => same.Aggregate(Merged))];

    /// <summary>
    /// A change that also serves another key. One of several keys belongs to the identity, not to a key.
    /// </summary>
    private static CmekAccessChange Merged(CmekAccessChange change, CmekAccessChange other) =>
        change with
        {
            Regions = [.. change.Regions.Concat(other.Regions).Distinct()],
            KeyUri = change.KeyUri == other.KeyUri ? change.KeyUri : "",
        };
}
