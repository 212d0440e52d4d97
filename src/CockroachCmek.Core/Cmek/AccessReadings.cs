using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>Reads the access to the keys of a revocation or restoration, after it was made.</summary>
internal static class AccessReadings
{
    /// <summary>The command that shows who has access.</summary>
    public static string ReviewCommand(CrdbCluster cluster) =>
        $"Get-CrdbCluster {cluster.Name} | Get-CrdbCmekAccess -Right Use";

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
    /// can still use a key through something else.
    /// </summary>
    /// <returns>An error when access goes on for sure. What is not known is a warning.</returns>
    public static async Task<CmekException?> RemainingAsync(
        CrdbCluster cluster,
        RevocationKeys found,
        IReadOnlyList<CmekAccessChange> made,
        ICmekKeyProvider keys,
        OperationContext context
    )
    {
        // A disabled key or identity and a removed trust leave the grants as they are.
        CmekRegionSpec[] byGrant =
        [
            .. found.InForce.Where(s =>
                !made.Any(c =>
                    c.State == CmekAccessChangeState.Done
                    && LeavesGrants(c.Method)
                    && RevocationPlan.IsOf((s.KeyUri, s.AuthPrincipal), c)
                )
            ),
        ];
        var after = await ReadAsync(cluster, byGrant, keys, context);
        foreach (var reading in after.Where(a => a.Doubt is not null))
            context.Host.Warning($"{cluster.Name}: {reading.Doubt} To find out, run {ReviewCommand(cluster)}");
        var remaining = after
            .Select(a => a.Access)
            .OfType<KeyAccess>()
            .Where(a => a.Verdict == CmekAccessVerdict.Granted)
            .ToList();
        return remaining.Count == 0 ? null : Errors.AccessRemains(cluster.Name, remaining);
    }

    private static bool LeavesGrants(CmekRevocationMethod method) =>
        method
            is CmekRevocationMethod.DisableKey
                or CmekRevocationMethod.RemoveTrust
                or CmekRevocationMethod.DisableIdentity;
}
