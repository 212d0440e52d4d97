using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>
/// The changes of a revocation. Every key is planned on its own, so that one that cannot be read or changed does not
/// hold up the others.
/// </summary>
/// <param name="Changes">The changes, those of the keys in force first. A key that could not be read is Failed.</param>
/// <param name="Decisive">
/// The keys in force, as (key, identity): when one of them can still be used, CockroachDB Cloud is not asked.
/// </param>
internal sealed record RevocationPlan(
    IReadOnlyList<CmekAccessChange> Changes,
    IReadOnlyCollection<(string Key, string Identity)> Decisive
)
{
    /// <summary>The kind of a line that is no change: the key could not be read.</summary>
    public const string UnreadableKind = "Unreadable";

    /// <summary>Plans each key with a method.</summary>
    /// <exception cref="CmekException">The error of every key, when no key could be planned.</exception>
    public static async Task<RevocationPlan> MakeAsync(
        CrdbCluster cluster,
        RevocationKeys found,
        CmekRevocationMethod method,
        ICmekKeyProvider keys,
        OperationContext context
    )
    {
        var decisive = found.InForce.Select(IdOf).ToHashSet();
        var plans = await Task.WhenAll(
            found
                .Every.GroupBy(IdOf)
                .OrderBy(uses => decisive.Contains(uses.Key) ? 0 : 1)
                .Select(uses => PlanKeyAsync(cluster, [.. uses], method, keys, decisive.Contains(uses.Key), context))
        );
        if (plans.All(p => p.Error is not null))
            throw plans[0].Error!;
        return new RevocationPlan(Joined(plans.SelectMany(p => p.Changes)), decisive);
    }

    /// <summary>
    /// The plan with what an earlier run did. A grant that it removed can no longer be read, so its content comes from
    /// the record, and what it did with another method is still in force. What it did not manage is not tried again.
    /// </summary>
    public RevocationPlan Continue(CmekRevocation? earlier)
    {
        if (earlier is null)
            return this;
        var merged = Changes
            .Select(c =>
                c.State == CmekAccessChangeState.Done
                && earlier.Changes.FirstOrDefault(e => IsSame(e, c)) is { Document.Length: > 0 } known
                    ? c with
                    {
                        Document = known.Document,
                    }
                    : c
            )
            .ToList();
        merged.AddRange(
            earlier.Changes.Where(e => e.State == CmekAccessChangeState.Done && !Changes.Any(c => IsSame(e, c)))
        );
        return this with { Changes = merged };
    }

    /// <summary>The changes that decide whether CockroachDB Cloud is asked to revoke.</summary>
    public bool IsDecisive(CmekAccessChange change) =>
        Decisive.Any(k =>
            k.Identity == change.AuthPrincipal && (change.KeyUri.Length == 0 || SameKey(k.Key, change.KeyUri))
        );

    private static bool IsSame(CmekAccessChange one, CmekAccessChange other) =>
        one.Kind == other.Kind && one.Target == other.Target;

    private static bool SameKey(string one, string other) =>
        string.Equals(one, other, StringComparison.OrdinalIgnoreCase);

    private static (string Key, string Identity) IdOf(CmekRegionSpec spec) => (spec.KeyUri, spec.AuthPrincipal);

    private static async Task<(IReadOnlyList<CmekAccessChange> Changes, CmekException? Error)> PlanKeyAsync(
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionSpec> uses,
        CmekRevocationMethod method,
        ICmekKeyProvider keys,
        bool isInForce,
        OperationContext context
    )
    {
        try
        {
            var request = new RevocationRequest
            {
                Cluster = cluster,
                Keys = uses,
                Method = method,
            };
            return (await keys.PlanRevocationAsync(request, context), null);
        }
        catch (CmekException error) when (error.Kind == CmekErrorKind.NotFound && !isInForce)
        {
            context.Host.Warning(
                $"{cluster.Name}: the past key {uses[0].KeyUri} was not found, or these credentials are not allowed to "
                    + "see it. It is skipped."
            );
            return ([], null);
        }
        catch (CmekException error)
        {
            return ([Unreadable(uses, error)], error);
        }
    }

    private static CmekAccessChange Unreadable(IReadOnlyList<CmekRegionSpec> uses, CmekException error) =>
        new()
        {
            Regions = [.. uses.Select(u => u.Region).Distinct()],
            KeyUri = uses[0].KeyUri,
            AuthPrincipal = uses[0].AuthPrincipal,
            Kind = UnreadableKind,
            Target = uses[0].KeyUri,
            Action = $"Read who may use {uses[0].KeyUri}",
            Document = "{}",
            State = CmekAccessChangeState.Failed,
            Fault = error.Message,
        };

    /// <summary>One change for each resource, however many keys of the cluster share it.</summary>
    private static CmekAccessChange[] Joined(IEnumerable<CmekAccessChange> changes) =>
        [
            .. changes
                .GroupBy(c => (c.Kind, c.Target))
                .Select(same => same.First() with { Regions = [.. same.SelectMany(c => c.Regions).Distinct()] }),
        ];
}
