using System.Net.Http;
using CockroachCmek.Core.Http;

namespace CockroachCmek.Core.Cloud;

/// <summary>
/// The part of the CockroachDB Cloud API that CMEK needs. One for each session, for any thread. Every error is a <see
/// cref="CmekException"/>. Source: cockroach-cloud-sdk-go internal/spec/openapi.json, version 2024-09-16.
/// </summary>
internal sealed partial class CrdbCloudClient : IDisposable
{
    private const int ClustersPerPage = 500;

    private readonly CloudTransport _transport;
    private readonly RecentClusters _recent = new();
    private volatile bool _refusesPageSize;

    /// <summary>Does not connect; the first call does.</summary>
    /// <exception cref="CmekException">InsecureEndpoint: neither https nor this machine's loopback address.</exception>
    public CrdbCloudClient(CloudConnection connection)
    {
        Endpoint = connection.Endpoint;
        ApiVersion = connection.ApiVersion;
        _transport = new CloudTransport(connection);
    }

    /// <summary>Base address.</summary>
    public Uri Endpoint { get; }

    /// <summary>Cc-Version.</summary>
    public string ApiVersion { get; }

    /// <summary>
    /// All clusters that the API key can see, page by page. The default size of a page is not documented: a small one
    /// would cost a large organization many of its ten requests a second.
    /// </summary>
    public async IAsyncEnumerable<CrdbCluster> ListClustersAsync(bool includeInactive, OperationContext context)
    {
        string? page = null;
        do
        {
            var answer = await ReadClustersAsync(includeInactive, page, context);
            // All at once: the caller may take minutes over one of them.
            var clusters = (answer.Clusters ?? []).Select(c => c.ToModel()).ToList();
            foreach (var cluster in clusters)
                _recent.Add(cluster, isListed: true, context.Time.GetUtcNow());
            foreach (var cluster in clusters)
                yield return cluster;
            page = NextPage(answer.Pagination, page);
        } while (page is not null);
    }

    /// <summary>
    /// One cluster, for a check: as it was read within <see cref="RecentClusters.Lifetime"/>, or as it is now. What came
    /// from a list is listed again, once for all that wait for it.
    /// </summary>
    /// <exception cref="CmekException">ClusterNotFound.</exception>
    public async Task<CrdbCluster> GetRecentClusterAsync(string clusterId, OperationContext context)
    {
        if (_recent.Find(clusterId, context.Time.GetUtcNow()) is { } known)
            return known;
        if (_recent.IsListed(clusterId))
            try
            {
                await _recent.ListAgainAsync(() => ListAgainAsync(context));
                if (_recent.Find(clusterId, context.Time.GetUtcNow()) is { } listed)
                    return listed;
            }
            catch (Exception error)
                when (error is CmekException or OperationCanceledException
                    && !context.CancellationToken.IsCancellationRequested
                )
            {
                // Somebody else's list, which failed or was stopped: this caller asks for itself.
            }

        return await GetClusterAsync(clusterId, context);
    }

    /// <summary>One cluster, as it is now.</summary>
    /// <exception cref="CmekException">ClusterNotFound.</exception>
    public async Task<CrdbCluster> GetClusterAsync(string clusterId, OperationContext context)
    {
        try
        {
            var cluster = Checked(
                await _transport.GetAsync<WireCluster>(
                    $"clusters/{clusterId}",
                    RequestTarget.Cluster(clusterId),
                    context
                )
            );
            _recent.Add(cluster, isListed: false, context.Time.GetUtcNow());
            return cluster;
        }
        catch (CmekException fault) when (fault.StatusCode == 404)
        {
            throw Errors.ClusterNotFound(clusterId, [], fault);
        }
    }

    /// <summary>The cluster's nodes, page by page.</summary>
    public async IAsyncEnumerable<CrdbNode> ListNodesAsync(CrdbCluster cluster, OperationContext context)
    {
        string? page = null;
        do
        {
            var path =
                $"clusters/{cluster.Id}/nodes{(page is null ? "" : "?pagination.page=" + Uri.EscapeDataString(page))}";
            var answer = await _transport.GetAsync<WireNodeList>(path, cluster, context);
            foreach (var node in answer.Nodes ?? [])
                yield return new CrdbNode
                {
                    Name = node.Name ?? "",
                    Region = node.RegionName ?? "",
                    Status = node.Status ?? "",
                };
            page = NextPage(answer.Pagination, page);
        } while (page is not null);
    }

    /// <summary>
    /// The state of CMEK. A cluster that never had CMEK is DISABLED, whether the API responds with 200 or 404 (both are
    /// documented).
    /// </summary>
    public async Task<CmekInfo> GetCmekAsync(CrdbCluster cluster, OperationContext context)
    {
        // 404 also means that there is no such cluster; reading the cluster tells which.
        return await FindCmekAsync(cluster, context)
            ?? new CmekInfo { Cluster = await GetClusterAsync(cluster.Id, context) };
    }

    /// <summary>
    /// The state of CMEK as it is now, for a check: that the cluster exists may be known from a list of a moment ago.
    /// </summary>
    public async Task<CmekInfo> GetCmekForCheckAsync(CrdbCluster cluster, OperationContext context) =>
        await FindCmekAsync(cluster, context)
        ?? new CmekInfo { Cluster = await GetRecentClusterAsync(cluster.Id, context) };

    /// <summary>The CMEK of a cluster; null when it was never enabled, or the cluster does not exist.</summary>
    public async Task<CmekInfo?> FindCmekAsync(CrdbCluster cluster, OperationContext context)
    {
        try
        {
            return (await _transport.GetAsync<WireCmekInfo>(CmekPath(cluster), cluster, context)).ToModel(cluster);
        }
        catch (CmekException fault) when (fault.StatusCode == 404)
        {
            return null;
        }
    }

    /// <summary>POST: enables CMEK. Never repeated here; the caller settles a lost response by reading.</summary>
    public Task<CmekInfo> EnableCmekAsync(
        CrdbCluster cluster,
        IEnumerable<CmekRegionSpec> specs,
        OperationContext context
    ) => WriteCmekAsync(HttpMethod.Post, cluster, new WireCmekBody(WireRegionSpec.From(specs)), context);

    /// <summary>
    /// PUT: moves the given regions to other keys, or to a new version of the same key. Other regions stay as they are.
    /// </summary>
    public Task<CmekInfo> UpdateCmekAsync(
        CrdbCluster cluster,
        IEnumerable<CmekRegionSpec> specs,
        OperationContext context
    ) => WriteCmekAsync(HttpMethod.Put, cluster, new WireCmekBody(WireRegionSpec.From(specs)), context);

    /// <summary>PATCH: revokes CMEK. Only Cockroach Labs can undo it.</summary>
    public Task<CmekInfo> RevokeCmekAsync(CrdbCluster cluster, OperationContext context) =>
        WriteCmekAsync(Patch, cluster, Revocation, context);

    /// <summary>The request of a revocation, for people who want to see it before.</summary>
    public static string DescribeRevocation(CrdbCluster cluster) =>
        $"{Patch} {CloudTransport.Describe(CmekPath(cluster), Revocation)}";

    /// <summary>The regions that CockroachDB Cloud offers on the cluster's cloud, page by page.</summary>
    public async IAsyncEnumerable<string> ListAvailableRegionsAsync(CrdbCluster cluster, OperationContext context)
    {
        string? page = null;
        do
        {
            var path =
                $"clusters/available-regions?provider={Uri.EscapeDataString(cluster.CloudProvider)}&serverless=false"
                + (page is null ? "" : "&pagination.page=" + Uri.EscapeDataString(page));
            var answer = await _transport.GetAsync<WireAvailableRegionList>(path, cluster, context);
            foreach (var region in answer.Regions ?? [])
                if (!string.IsNullOrEmpty(region.Name))
                    yield return region.Name!;
            page = NextPage(answer.Pagination, page);
        } while (page is not null);
    }

    /// <summary>
    /// PATCH of the cluster: the whole map of regions, and the keys and machines of the new ones. A region that
    /// <paramref name="machines"/> does not name keeps its machines.
    /// </summary>
    public async Task<CrdbCluster> UpdateRegionsAsync(
        CrdbCluster cluster,
        IReadOnlyDictionary<string, int> regionNodes,
        IEnumerable<CmekRegionSpec> newRegions,
        OperationContext context,
        IReadOnlyDictionary<string, string>? machines = null
    )
    {
        _recent.Forget(cluster.Id);
        return Checked(
            await _transport.SendAsync<WireCluster>(
                Patch,
                $"clusters/{cluster.Id}",
                new WireClusterBody(
                    new WireDedicatedUpdate(
                        regionNodes,
                        WireRegionSpec.From(newRegions),
                        machines is null or { Count: 0 }
                            ? null
                            : machines.ToDictionary(m => m.Key, m => new WireMachineSpec(m.Value))
                    )
                ),
                cluster,
                context
            )
        );
    }

    /// <inheritdoc/>
    public void Dispose() => _transport.Dispose();

    private static readonly HttpMethod Patch = new("PATCH");
    private static readonly WireCmekStatusBody Revocation = new("REVOKE");

    private async Task<CmekInfo> WriteCmekAsync(
        HttpMethod method,
        CrdbCluster cluster,
        object body,
        OperationContext context
    )
    {
        _recent.Forget(cluster.Id);
        return (await _transport.SendAsync<WireCmekInfo>(method, CmekPath(cluster), body, cluster, context)).ToModel(
            cluster
        );
    }

    private async Task ListAgainAsync(OperationContext context)
    {
        await foreach (var _ in ListClustersAsync(includeInactive: false, context)) { }
    }

    /// <summary>
    /// One page of clusters. The largest size of a page is not documented: one that is refused is left out.
    /// </summary>
    private async Task<WireClusterList> ReadClustersAsync(bool includeInactive, string? page, OperationContext context)
    {
        var asksForSize = !_refusesPageSize;
        var path =
            $"clusters?show_inactive={(includeInactive ? "true" : "false")}{(asksForSize ? $"&pagination.limit={ClustersPerPage}" : "")}{(page is null ? "" : "&pagination.page=" + Uri.EscapeDataString(page))}";
        try
        {
            return await _transport.GetAsync<WireClusterList>(path, RequestTarget.Clusters, context);
        }
        catch (CmekException refused) when (refused.StatusCode == 400 && asksForSize)
        {
            _refusesPageSize = true;
            return await ReadClustersAsync(includeInactive, page, context);
        }
    }

    private static string CmekPath(CrdbCluster cluster) => $"clusters/{cluster.Id}/cmek";

    private static CrdbCluster Checked(WireCluster answer) =>
        answer.Id is { Length: > 0 }
            ? answer.ToModel()
            : throw Errors.BadAnswer(RequestTarget.ACluster, "it has no id");

    /// <summary>The next page's token; null when a server repeats a token, which would never end.</summary>
    private static string? NextPage(WirePagination? pagination, string? current) =>
        string.IsNullOrEmpty(pagination?.NextPage) || pagination!.NextPage == current ? null : pagination.NextPage;
}
