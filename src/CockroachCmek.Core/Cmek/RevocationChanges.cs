using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>
/// Makes the changes of a revocation, and reads back whether a key can still be used. The record follows each change.
/// </summary>
/// <param name="methods">The methods to try, in order.</param>
internal sealed class RevocationChanges(
    IReadOnlyList<CmekRevocationMethod> methods,
    SharedKeys shared,
    ICmekKeyProvider keys,
    RevocationOptions options,
    OperationContext context
)
{
    /// <summary>
    /// Makes what is planned, and reads the access to the keys in force again. Where one can still be used, the next
    /// method that would end that is tried.
    /// </summary>
    /// <returns>An error when a key in force can still be used for sure. What is not known is a warning.</returns>
    public async Task<(CmekRevocation Revocation, CmekException? Error)> MakeAsync(
        CmekRevocation revocation,
        RevocationPlan plan
    )
    {
        RevocationFile.Save(revocation);
        (revocation, var error) = await ApplyAsync(revocation, plan);
        while (true)
        {
            var (remaining, doubts) = await AccessReadings.RemainingAsync(
                revocation.Cluster,
                plan.Taken(revocation.Changes),
                revocation.Changes,
                keys,
                context
            );
            var next = await plan.MakeForRemainingAsync(revocation.Changes, methods, remaining);
            if (next.Count == 0)
            {
                foreach (var doubt in doubts)
                    context.Host.Warning(
                        $"{revocation.ClusterName}: {doubt} To find out, run "
                            + AccessReadings.ReviewCommand(revocation.Cluster)
                    );
                if (remaining.Count == 0)
                    return (revocation, error);
                var remains = Errors.AccessRemains(
                    revocation.ClusterName,
                    remaining,
                    ChangeSet.FailedOn(remaining, revocation.Changes),
                    keys.Cloud.RevocationMethods,
                    !options.KmsOnly
                );
                if (error is not null)
                    context.Host.Warning(remains.Message);
                return (revocation, error ?? remains);
            }

            TellOfNext(revocation, next);
            (revocation, var failed) = await ApplyAsync(
                revocation with
                {
                    Changes = ChangeSet.Join(revocation.Changes, next),
                },
                plan
            );
            error ??= failed;
        }
    }

    /// <summary>
    /// Takes keys that the cluster has moved to since the plan was made. They belong to the revocation that was
    /// confirmed, so nothing is asked again.
    /// </summary>
    /// <param name="more">The keys that are new, those in force first.</param>
    /// <exception cref="CmekException">No new key could be read.</exception>
    public async Task<(CmekRevocation Revocation, CmekException? Error)> TakeAsync(
        CmekRevocation revocation,
        RevocationKeys more
    )
    {
        TellOfMore(revocation, more);
        var copies = await keys.FindCopiesAsync(more.Every, context);
        more = more with { Every = [.. more.Every, .. copies] };
        var plan = new RevocationPlan(revocation.Cluster, more, keys, shared, context);
        var planned = await plan.MakeAsync(methods);
        var before = revocation.Keys.Concat(revocation.PastKeys).ToList();
        var inForce = more.InForce.Concat(revocation.Keys.Where(k => !more.InForce.Any(m => m.Region == k.Region)));
        revocation = revocation with
        {
            Keys = [.. inForce],
            PastKeys = [.. before.Concat(more.Every).Except(inForce).Distinct()],
            Changes = ChangeSet.Join(revocation.Changes, planned),
        };
        return await MakeAsync(revocation, plan);
    }

    /// <summary>A key that was in the plan already may be in force now: the cluster has gone back to it.</summary>
    private void TellOfMore(CmekRevocation revocation, RevocationKeys more)
    {
        var known = revocation.Keys.Concat(revocation.PastKeys).Select(k => k.KeyUri).ToList();
        var found = (more.InForce.Count > 0 ? more.InForce : more.Every).Select(k => k.KeyUri).Distinct().ToList();
        var others = found.Where(u => !known.Contains(u, StringComparer.OrdinalIgnoreCase)).ToList();
        context.Host.Warning(
            revocation.ClusterName
                + (
                    others.Count == 0
                        ? $" has gone back to keys of the plan meanwhile: {string.Join(", ", found)}. Access to them is "
                            + "taken as to keys in force."
                    : more.InForce.Count > 0
                        ? $" has moved to other keys meanwhile: {string.Join(", ", others)}. They are taken too. Whether "
                            + "other clusters use them was not checked."
                    : $" has keys that were not known before: {string.Join(", ", others)}. They are taken too. Whether "
                        + "other clusters use them was not checked."
                )
        );
    }

    /// <summary>
    /// Makes the changes, all at once, those of the keys in force first. A key in force on which a method was refused
    /// is tried with the next.
    /// </summary>
    /// <returns>An error when a change of a key in force was not made.</returns>
    private async Task<(CmekRevocation Revocation, CmekException? Error)> ApplyAsync(
        CmekRevocation revocation,
        RevocationPlan plan
    )
    {
        var errors = new List<CmekException>();
        IReadOnlyList<CmekAccessChange> made = [];
        var next = revocation.Changes;
        while (next.Count > 0 || plan.Late.Count > 0)
        {
            var before = made;
            var (changes, failed) = await AccessChanges.ApplyAsync(
                next,
                c => c.State != CmekAccessChangeState.Planned,
                keys.RevokeAccessAsync,
                after => RevocationFile.TrySave(revocation with { Changes = [.. before, .. after] }, context),
                context
            );
            made = [.. made, .. changes];
            errors.AddRange(failed);
            var late = await plan.MakeLateAsync(made);
            var other = late.Count > 0 ? [] : await plan.MakeNextAsync(made, methods);
            next = [.. late, .. other];
            TellOfNext(revocation, other);
        }

        var usable = plan.StillUsable(made);
        return (
            revocation with
            {
                Changes = made,
            },
            usable.Count == 0
                ? null
                : Errors.AccessNotTaken(revocation.ClusterName, usable, errors, shared.Withheld, !options.KmsOnly)
        );
    }

    private void TellOfNext(CmekRevocation revocation, IReadOnlyList<CmekAccessChange> next)
    {
        foreach (var change in next)
            context.Host.Warning(
                $"{revocation.ClusterName}: {change.Method} is tried, because access could not be removed before. "
                    + $"{change.Action}."
            );
    }
}
