using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>
/// Keeps a rotation to new key URIs from undoing a revocation beside it: the revocation removes access to the keys in
/// force and does not know the new ones. So access to the keys in force is read right before the cluster is moved.
/// </summary>
internal sealed class AccessGuard(CmekInfo planned, ICmekKeyProvider keys, OperationContext context)
{
    private HashSet<string> _lostBefore = [];

    /// <summary>
    /// Notes the keys that cannot be used already: to move away from them is what a manifest may be for.
    /// </summary>
    public async Task AcceptPresentAsync() => _lostBefore = [.. (await ReadLostAsync()).Select(k => k.KeyUri)];

    /// <summary>Refuses when access to a key in force was taken away.</summary>
    /// <exception cref="CmekException">ClusterChanged.</exception>
    public async Task RefuseRevocationAsync()
    {
        var lost = (await ReadLostAsync()).Where(k => !_lostBefore.Contains(k.KeyUri)).ToList();
        if (lost.Count > 0)
            throw Errors.ClusterChanged(
                planned.ClusterName,
                [.. lost.Select(k => $"{k.Region} may not use {k.KeyUri} any more: its use was revoked in the KMS")],
                "Moving the cluster to another key would undo that."
            );
    }

    private async Task<IReadOnlyList<CmekRegionSpec>> ReadLostAsync()
    {
        // A fresh context: what this operation has read before does not count.
        var now = context with { };
        var read = await Task.WhenAll(
            planned
                .InForce()
                .GroupBy(s => s.KeyUri)
                .Select(async g => (Spec: g.First(), IsLost: await IsLostAsync(g.First(), now)))
        );
        return [.. read.Where(r => r.IsLost).Select(r => r.Spec)];
    }

    /// <summary>True for a key that is disabled or not granted any more. What cannot be read is not known.</summary>
    private async Task<bool> IsLostAsync(CmekRegionSpec spec, OperationContext now)
    {
        try
        {
            var access = await keys.ReadAccessAsync(
                new KeyAccessRequest { Cluster = planned.Cluster, Spec = spec },
                now
            );
            if (access.IsGone)
                return true;
            var checks = await keys.CheckKeyAsync(
                new KeyCheckRequest
                {
                    Cluster = planned.Cluster,
                    Spec = spec,
                    IsPast = true,
                },
                now
            );
            return checks.Any(c =>
                c.Status == CmekCheckStatus.Fail && c.ErrorId?.EndsWith("Disabled", StringComparison.Ordinal) == true
            );
        }
        catch (CmekException)
        {
            return false;
        }
    }
}
