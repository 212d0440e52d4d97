using CockroachCmek.Core.Checks;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>
/// The drill as one line of the health check: whether a revocation with -Method Default would work now. Only the
/// methods that it would use are tried, and the next only where the one before would not work. Reads only.
/// </summary>
internal sealed class RevocationReadiness(ICmekKeyProvider keys, OperationContext context)
{
    /// <summary>One line for the cluster, the worst of its keys in force; none for a revoked one.</summary>
    public async Task<IReadOnlyList<CmekCheck>> CheckAsync(CmekInfo info)
    {
        var cluster = info.Cluster;
        var results = new CheckList(cluster);
        if (info.Status is CmekStatus.Revoked or CmekStatus.Revoking)
            return results.All;
        var judged = await Task.WhenAll(
            info.InForce().GroupBy(s => (s.KeyUri, s.AuthPrincipal)).Select(uses => JudgeAsync(cluster, [.. uses]))
        );
        var drill = $"Get-CrdbCluster {ShellQuote.PowerShell(cluster.Name)} | Test-CrdbCmekRevocation";
        const string check = CmekCheckName.RevocationReady;
        if (Worst(CmekCheckStatus.Fail) is { } refused)
            results.Fail(check, "RevocationNotReady", "", refused, drill);
        else if (Worst(CmekCheckStatus.Unknown) is { } unknown)
            results.Unknown(check, "", unknown, drill);
        else if (Worst(CmekCheckStatus.Warning) is { } warning)
            results.Warn(check, "RevocationNotAllowed", "", warning, drill);
        else if (judged.Length > 0)
            results.Pass(check, "", string.Join(" ", judged.Select(j => j.Detail).Distinct()));
        return results.All;

        string? Worst(CmekCheckStatus status) =>
            judged.Where(j => j.Status == status).Select(j => j.Detail).FirstOrDefault();
    }

    private async Task<(CmekCheckStatus Status, string Detail)> JudgeAsync(
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionSpec> uses
    )
    {
        CmekRevocationDrill? first = null;
        foreach (var method in keys.Cloud.DefaultRevocation)
        {
            var request = new RevocationRequest
            {
                Cluster = cluster,
                Keys = uses,
                Method = method,
            };
            var line = (await RevocationDrills.DrillKeyAsync(request, keys, context))[0];
            if (line.Status is CmekCheckStatus.Pass or CmekCheckStatus.Warning)
                return (
                    CmekCheckStatus.Pass,
                    first is null
                        ? $"A revocation by {method} would work with these credentials."
                        : $"{first.Method} would not work on {first.KeyUri}; {method} would, with these credentials."
                );
            first ??= line;
        }

        return first!.Status == CmekCheckStatus.Unknown
            ? (
                CmekCheckStatus.Unknown,
                $"Whether {first.Method} would work on {first.KeyUri} is not known. {first.Detail}"
            )
            : await WhoeverRunsItAsync(cluster, uses, first);
    }

    /// <summary>
    /// A plan that is refused is refused for everybody. Otherwise it is these credentials that may not make the change:
    /// an audit need not be allowed to.
    /// </summary>
    private async Task<(CmekCheckStatus Status, string Detail)> WhoeverRunsItAsync(
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionSpec> uses,
        CmekRevocationDrill line
    )
    {
        try
        {
            await keys.PlanRevocationAsync(
                new RevocationRequest
                {
                    Cluster = cluster,
                    Keys = uses,
                    Method = line.Method,
                },
                context
            );
            return (
                CmekCheckStatus.Warning,
                $"A revocation would not work with these credentials. {line.Detail} Run the drill with those that are "
                    + "kept for it."
            );
        }
        catch (CmekException error) when (error.Kind == CmekErrorKind.PermissionDenied)
        {
            return (
                CmekCheckStatus.Warning,
                $"A revocation would not work with these credentials. {error.Message} Run the drill with those that "
                    + "are kept for it."
            );
        }
        catch (CmekException error)
        {
            return (CmekCheckStatus.Fail, $"A revocation by {line.Method} would not work. {error.Message}");
        }
    }
}
