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
    /// <param name="source">
    /// A manifest, state or search that names the keys; null to ask CockroachDB Cloud. A search is the only source.
    /// </param>
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
        var options = new RevocationOptions
        {
            Source = source,
            Method = method,
            KmsOnly = source is RevocationKeys,
        };
        var found = await RevocationKeys.FindAsync(
            new KeySources(cluster, null, client, keys, options, clouds) { Command = "Test-CrdbCmekRevocation" },
            context
        );
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
                        IsUsedByDefault = keys.Cloud.DefaultRevocation.Contains(d.Method),
                        AlsoAffected =
                        [
                            .. d.AlsoAffected,
                            .. sharing.TryGetValue(d.Method, out var names) ? names : [],
                        ],
                    }
                ),
        ];
    }

    /// <summary>
    /// The lines about what -Method Default does: of its methods, and those that stand for a key as a whole.
    /// </summary>
    public static IReadOnlyList<CmekRevocationDrill> OfDefault(IEnumerable<CmekRevocationDrill> lines) =>
        [.. lines.Where(l => l.IsUsedByDefault || l.IsDefault || l.Method == CmekRevocationMethod.Default)];

    /// <summary>
    /// True when a revocation would work on every key in force: by the method, or for Default by one that it would use.
    /// The health check says the same (<see cref="RevocationReadiness"/>).
    /// </summary>
    public static bool WouldWork(IEnumerable<CmekRevocationDrill> lines, CmekRevocationMethod method)
    {
        var keys = lines
            .Where(l => !l.IsPast)
            .GroupBy(l => (l.KeyUri, string.Join(" ", l.Regions)))
            .Select(key =>
                key.Any(l =>
                    (method == CmekRevocationMethod.Default ? l.IsUsedByDefault : l.Method == method)
                    && l.Status is (CmekCheckStatus.Pass or CmekCheckStatus.Warning)
                )
            )
            .ToList();
        return keys.Count > 0 && keys.All(works => works);
    }

    /// <summary>
    /// The drill of a revocation that has only the cluster's name: tries each method on the keys that the KMS shows.
    /// Where CockroachDB Cloud can be asked, a key in force that the KMS does not show is a Fail of its own.
    /// </summary>
    /// <param name="cluster">The cluster; without a provider when CockroachDB Cloud did not tell it.</param>
    /// <exception cref="CmekException">ClusterKeysNotFound, AmbiguousClusterKeys, RevocationMethodNotSupported.</exception>
    public async Task<IReadOnlyList<CmekRevocationDrill>> RunInKmsAsync(
        CrdbCluster cluster,
        CmekRevocationMethod method,
        ClusterSearch search,
        Func<CrdbCluster, ICmekKeyProvider> connect,
        OperationContext context
    )
    {
        var isNameOnly = cluster.CloudProvider.Length == 0;
        var state = isNameOnly ? null : await TryReadAsync(cluster, context);
        CrdbCluster found;
        RevocationKeys keys;
        try
        {
            var typed = isNameOnly ? cluster : new CrdbCluster { Name = cluster.Name };
            (found, keys) = await search.FindAsync(typed, "Test-CrdbCmekRevocation", context);
        }
        catch (CmekException error) when (state is not null)
        {
            return Hidden(cluster, method, state.InForce(), error.Message);
        }

        if (state is null)
            return await RunAsync(found, method, keys, connect(found), context);
        if (found.Id != cluster.Id)
            return Hidden(
                cluster,
                method,
                state.InForce(),
                $"The KMS shows keys of {found.Id}, a cluster of that name."
            );
        var inForce = state.InForce();
        var shown = keys.Every.Select(k => k.KeyUri).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var used = inForce.Select(k => k.KeyUri).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var lines = await RunAsync(cluster, method, keys, connect(cluster), context);
        return
        [
            .. lines.Select(l => l with { IsPast = !used.Contains(l.KeyUri) }),
            .. Hidden(
                cluster,
                method,
                [.. inForce.Where(k => !shown.Contains(k.KeyUri))],
                "The key has no tag or label of this module for the cluster."
            ),
        ];
    }

    /// <summary>The state of CMEK, to compare with; null when CockroachDB Cloud cannot be asked.</summary>
    private async Task<CmekInfo?> TryReadAsync(CrdbCluster cluster, OperationContext context)
    {
        try
        {
            return await client.GetCmekAsync(cluster, context);
        }
        catch (CmekException error)
        {
            context.Host.Warning(
                $"{cluster.Name}: it is not known whether the KMS shows every key in force. {error.Message}"
            );
            return null;
        }
    }

    /// <summary>A Fail for each key in force that a search in the KMS does not find.</summary>
    private IReadOnlyList<CmekRevocationDrill> Hidden(
        CrdbCluster cluster,
        CmekRevocationMethod method,
        IReadOnlyList<CmekRegionSpec> keys,
        string reason
    ) =>
        [
            .. keys.GroupBy(k => k.KeyUri)
                .Select(uses => new CmekRevocationDrill
                {
                    ClusterId = cluster.Id,
                    ClusterName = cluster.Name,
                    Regions = [.. uses.Select(u => u.Region).Distinct()],
                    KeyUri = uses.Key,
                    Method = method == CmekRevocationMethod.Default ? clouds.Of(cluster).DefaultRevocation[0] : method,
                    IsDefault = method == CmekRevocationMethod.Default,
                    Status = CmekCheckStatus.Fail,
                    Detail = $"Revoke-CrdbCmek -KmsOnly would not find this key by the cluster's name. {reason}",
                    Remedy =
                        $"Get-CrdbCmek {ShellQuote.PowerShell(cluster.Name)} | Export-Clixml ./cmek.xml -Depth 5   (keep it "
                        + "where you can reach it; in an emergency: Import-Clixml ./cmek.xml | Revoke-CrdbCmek -KmsOnly)",
                }),
        ];

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
                        Remedy = keys.Cloud.RevocationMethods.Any(RevocationPlan.CutsEverybody)
                            ? $"Revoke-CrdbCmek {ShellQuote.PowerShell(cluster.Name)} -Method "
                                + CmekRevocationMethod.DisableKey
                            : AccessReadings.ReviewCommand(cluster),
                    }
                    : line
            ),
        ];
    }
}
