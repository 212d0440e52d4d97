using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>The drill: whether a revocation would work now, without one write.</summary>
internal sealed class RevocationDrills(CrdbCloudClient client, CustomerCloudTable clouds)
{
    /// <summary>How long, in real time, the drill waits at most for other clusters that use the same keys.</summary>
    private static readonly TimeSpan NeighbourPatience = TimeSpan.FromMinutes(10);

    /// <summary>Tries each method on each key of a cluster.</summary>
    /// <param name="method">Only this method; Default for every method of the cloud.</param>
    /// <param name="source">A manifest or state that names the keys; null to ask CockroachDB Cloud.</param>
    /// <exception cref="CmekException">CmekNotEnabled, RevocationKeysUnknown, RevocationMethodNotSupported.</exception>
    public async Task<IReadOnlyList<CmekRevocationDrill>> RunAsync(
        CrdbCluster cluster,
        CmekRevocationMethod method,
        object? source,
        ICmekKeyProvider keys,
        OperationContext context
    )
    {
        CmekRevocations.RefuseMethod(cluster, keys.Cloud, method);
        var options = new RevocationOptions { Source = source, Method = method };
        var found = await RevocationKeys.FindAsync(cluster, null, client, keys, options, clouds, context);
        var sharing = new Dictionary<CmekRevocationMethod, IReadOnlyList<string>>();
        var methods = method == CmekRevocationMethod.Default ? keys.Cloud.RevocationMethods : [method];
        if (found.IsFromCloud)
            using (var neighbours = Neighbours.Start(cluster, found.Every, methods, client, keys.Cloud, context))
            {
                await neighbours.WaitAsync(NeighbourPatience, context.CancellationToken);
                foreach (var one in methods)
                    sharing[one] = neighbours.SharingBy(one);
                if (neighbours.Doubt is { } doubt)
                    context.Host.Warning($"{cluster.Name}: {doubt}");
            }

        var inForce = found.InForce.Select(s => s.KeyUri).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var drills = await Task.WhenAll(
            found
                .Every.GroupBy(s => (s.KeyUri, s.AuthPrincipal))
                .Select(uses =>
                    DrillKeyAsync(
                        new RevocationRequest
                        {
                            Cluster = cluster,
                            Keys = [.. uses],
                            Method = method,
                        },
                        keys,
                        context
                    )
                )
        );
        return
        [
            .. drills
                .SelectMany(d => d)
                .Select(d =>
                    d with
                    {
                        ClusterId = cluster.Id,
                        ClusterName = cluster.Name,
                        IsPast = !inForce.Contains(d.KeyUri),
                        AlsoAffected =
                        [
                            .. d.AlsoAffected,
                            .. sharing.TryGetValue(d.Method, out var names) ? names : [],
                        ],
                    }
                ),
        ];
    }

    /// <summary>Tries a method on one key. A key that cannot be read is Unknown, and hides no other.</summary>
    public static async Task<IReadOnlyList<CmekRevocationDrill>> DrillKeyAsync(
        RevocationRequest request,
        ICmekKeyProvider keys,
        OperationContext context
    )
    {
        try
        {
            var lines = await keys.DrillAsync(request, context);
            return lines.Any(IsClaimed) ? await JudgeOpennessAsync(lines, request, keys, context) : lines;
        }
        catch (CmekException error)
        {
            return
            [
                new CmekRevocationDrill
                {
                    Regions = [.. request.Keys.Select(u => u.Region).Distinct()],
                    KeyUri = request.Keys[0].KeyUri,
                    Method = request.Method,
                    Status = CmekCheckStatus.Unknown,
                    Detail = error.Message,
                    Remedy = error.RecommendedAction,
                },
            ];
        }
    }

    /// <summary>A method that would work takes the key from the cluster's identity only.</summary>
    private static bool IsClaimed(CmekRevocationDrill line) =>
        line.Status is CmekCheckStatus.Pass or CmekCheckStatus.Warning && !RevocationPlan.CutsEverybody(line.Method);

    /// <summary>A key that is open to everybody stays usable, whatever is taken from the cluster's identity.</summary>
    private static async Task<IReadOnlyList<CmekRevocationDrill>> JudgeOpennessAsync(
        IReadOnlyList<CmekRevocationDrill> lines,
        RevocationRequest request,
        ICmekKeyProvider keys,
        OperationContext context
    )
    {
        var cluster = request.Cluster;
        var (access, _) = (await AccessReadings.ReadAsync(cluster, [request.Keys[0]], keys, context))[0];
        if (access is not { OpenUse: { Count: > 0 } open })
            return lines;
        return
        [
            .. lines.Select(line =>
                IsClaimed(line)
                    ? line with
                    {
                        Status = CmekCheckStatus.Fail,
                        Detail =
                            $"The key is open to everybody ({string.Join("; ", open)}), so {line.Method} would leave it "
                            + "usable.",
                        Remedy = AccessReadings.ReviewCommand(cluster),
                    }
                    : line
            ),
        ];
    }
}
