using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>Reads the access to the keys of a revocation or restoration, after it was made.</summary>
internal static class AccessReadings
{
    /// <summary>
    /// How long a change of access may take to be shown. Source: IAM user guide, "Changes that I make are not always
    /// immediately visible", and Google Cloud, "Access change propagation" (typically two minutes).
    /// </summary>
    private static readonly TimeSpan ShownWithin = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan BetweenReads = TimeSpan.FromSeconds(5);

    /// <summary>The command that shows who has access.</summary>
    public static string ReviewCommand(CrdbCluster cluster) =>
        $"Get-CrdbCluster {ShellQuote.PowerShell(cluster.Name)} | Get-CrdbCmekAccess -Right Use";

    /// <summary>
    /// The access to each key once. Doubt says, in one sentence, what is not known; null when the reading is certain.
    /// </summary>
    public static async Task<IReadOnlyList<(KeyAccess? Access, string? Doubt)>> ReadAsync(
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionSpec> specs,
        ICmekKeyProvider keys,
        OperationContext context
    ) =>
        await Task.WhenAll(
            specs
                .GroupBy(k => (k.KeyUri, k.AuthPrincipal))
                .Select(async uses =>
                {
                    try
                    {
                        var access = await keys.ReadAccessAsync(
                            new KeyAccessRequest { Cluster = cluster, Spec = uses.First() },
                            context
                        );
                        return (access, access.Uncertainty());
                    }
                    catch (CmekException error) when (error.Kind == CmekErrorKind.NotFound)
                    {
                        return ((KeyAccess?)null, (string?)null); // nobody can use a key that is gone
                    }
                    catch (CmekException error)
                    {
                        return (null, $"Who may use {uses.Key.KeyUri} could not be read. {error.Message}");
                    }
                })
        );

    /// <summary>
    /// Reads who may use the keys in force now. The changes were read back one by one; this asks whether the cluster
    /// can still use a key through something else, or everybody can.
    /// </summary>
    /// <returns>The keys whose use goes on for sure, and what is not known, in one sentence each.</returns>
    public static async Task<(IReadOnlyList<KeyAccess> Remaining, IReadOnlyList<string> Doubts)> RemainingAsync(
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionSpec> inForce,
        IReadOnlyList<CmekAccessChange> made,
        ICmekKeyProvider keys,
        OperationContext context
    )
    {
        // A fresh context: what was read before the changes does not count.
        context = context with { };
        // A disabled key leaves the grants as they are, and a removed trust or a disabled identity leaves its grants.
        var byGrant = inForce.Where(s => !IsMade(s, LeavesGrants)).ToList();
        var byOthers = inForce.Where(s => !IsMade(s, RevocationPlan.CutsEverybody)).Except(byGrant).ToList();
        var read = await ReadAsync(cluster, byGrant, keys, context);
        var open = await ReadAsync(cluster, byOthers, keys, context);
        return (
            [
                .. read.Select(r => r.Access)
                    .OfType<KeyAccess>()
                    .Where(a => a is { Verdict: CmekAccessVerdict.Granted, IsUnusable: false } || a.OpenUse.Count > 0)
                    .Concat(open.Select(r => r.Access).OfType<KeyAccess>().Where(a => a.OpenUse.Count > 0)),
            ],
            [
                .. read.Select(r => r.Doubt)
                    .Concat(open.Select(r => r.Access is null ? r.Doubt : OpennessUnread(r.Access)))
                    .OfType<string>(),
            ]
        );

        bool IsMade(CmekRegionSpec spec, Func<CmekRevocationMethod, bool> isIt) =>
            made.Any(c =>
                c.State == CmekAccessChangeState.Done
                && isIt(c.Method)
                && ChangeSet.IsOf((spec.KeyUri, spec.AuthPrincipal), c)
            );
    }

    /// <summary>
    /// What stands in the way of the use of keys that were given back, in one sentence each. Clouds show a change late,
    /// so what may pass is read again for a while.
    /// </summary>
    public static async Task<IReadOnlyList<string>> SettledAsync(
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionSpec> specs,
        ICmekKeyProvider keys,
        OperationContext context
    )
    {
        var start = context.Time.GetTimestamp();
        while (true)
        {
            // A fresh context: what was read before the changes does not count.
            var read = await ReadAsync(cluster, specs, keys, context with { });
            var mayPass = read.Any(r => r.Access is { IsGone: true } or { Verdict: CmekAccessVerdict.Conditional });
            if (!mayPass || context.Time.GetElapsedTime(start) >= ShownWithin)
                return
                [
                    .. read.Select(r =>
                            r.Access is { IsGone: true } gone
                                ? $"{gone.Principal} still may not use {gone.Key}: {string.Join(", ", gone.Missing)}."
                                : r.Doubt
                        )
                        .OfType<string>(),
                ];
            context.Host.Progress(
                new OperationProgress
                {
                    Activity = $"Restoring access to the keys of {cluster.Name}",
                    Status = "Waiting until the cloud shows it",
                }
            );
            await context.Time.Delay(BetweenReads, context.CancellationToken);
        }
    }

    private static string? OpennessUnread(KeyAccess access) =>
        access.UnreadPolicy is { } unread
            ? $"Whether {access.Key} is open to everybody is not known, because it could not be read: {unread}."
            : null;

    private static bool LeavesGrants(CmekRevocationMethod method) =>
        method
            is CmekRevocationMethod.DisableKey
                or CmekRevocationMethod.RemoveTrust
                or CmekRevocationMethod.DisableIdentity;
}
