using System.Text;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Cloud;

/// <summary>
/// The CockroachDB Cloud API of the sandbox, in the shapes of version 2024-09-16
/// (cockroach-cloud-sdk-go internal/spec/openapi.json).
/// </summary>
public sealed class CloudApi : ISandboxService
{
    private static readonly string[] Versions = ["2022-03-31", "2022-09-20", "2023-04-10", "2024-09-16", "2026-09-15"];

    private readonly object _gate;
    private readonly SandboxClock _clock;
    private readonly CloudData _data;
    private readonly CmekOperations _operations;
    private readonly CmekRequests _cmek;
    private readonly RequestRate _rate;
    private readonly int _pageSize;

    internal CloudApi(
        object gate,
        SandboxClock clock,
        CloudData data,
        IReadOnlyDictionary<string, IKeyUser> keyUsers,
        SandboxOptions options
    )
    {
        (_gate, _clock, _data, _pageSize) = (gate, clock, data, options.PageSize);
        Settings = new CloudSettings(gate, data);
        _rate = new RequestRate(clock, data);
        _operations = new CmekOperations(new StoreKeys(data, keyUsers));
        _cmek = new CmekRequests(clock, data, _operations);
        _data.Clusters.AddRange(
            Fleet
                .Create(clock.UtcNow, options.FleetSize)
                .Where(c => options.OnlyCluster is null || c.Name == options.OnlyCluster)
        );
    }

    /// <summary>What is not known about the API, as switches.</summary>
    public CloudSettings Settings { get; }

    /// <summary>UUID of the organization: the external id.</summary>
    public string OrganizationId => _data.OrganizationId;

    /// <summary>API key that is allowed to do everything.</summary>
    public string AdminKey => _data.AdminKey;

    /// <summary>
    /// API key of a second administrator: allowed to do everything with clusters, but not to read the audit log.
    /// </summary>
    public string OperatorKey => _data.OperatorKey;

    /// <summary>API key that is allowed to list clusters, but not to read their CMEK or the organization.</summary>
    public string ViewerKey => _data.ViewerKey;

    /// <summary>The clusters.</summary>
    public IReadOnlyList<FleetCluster> Clusters => _data.Clusters;

    /// <summary>Clusters that use CMEK when the sandbox starts.</summary>
    internal IEnumerable<FleetCluster> ClustersToSeed => _data.Clusters.Where(c => c.Name == "prod-eu-old");

    internal void Seed(FleetCluster cluster, SandboxKeySpec spec) =>
        _operations.Seed(cluster, cluster.Regions[0].Name, spec, _clock.UtcNow);

    /// <inheritdoc/>
    public Task<SandboxResponse> HandleAsync(SandboxRequest request, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            try
            {
                return Task.FromResult(Handle(request));
            }
            catch (CloudException error)
            {
                return Task.FromResult(error.ToResponse());
            }
        }
    }

    /// <summary>
    /// Restarts the nodes of a cluster, as maintenance does: those that cannot use their key stay down.
    /// </summary>
    public void RestartNodes(string cluster) => OnCluster(cluster, found => _operations.RestartNodes(found));

    /// <summary>
    /// Does what Cockroach Labs support does for a revoked cluster: brings it back once its keys can be used.
    /// </summary>
    /// <exception cref="InvalidOperationException">A key cannot be used, or an operation is running.</exception>
    public void Recover(string cluster) => OnCluster(cluster, found =>
        {
            if (!_operations.Recover(found, _clock.UtcNow))
                throw new InvalidOperationException(
                    $"Support cannot bring '{cluster}' back: one of its keys still cannot be used, "
                        + "or an operation is running."
                );
        });

    /// <summary>
    /// Lets the next operation of a cluster fail in one region, whatever its key allows; its neighbours succeed.
    /// </summary>
    /// <exception cref="ArgumentException">There is no such cluster or region.</exception>
    public void FailRegion(string cluster, string region) => OnCluster(cluster, found =>
        {
            if (found.Regions.All(r => r.Name != region))
                throw new ArgumentException($"'{cluster}' has no region '{region}'.", nameof(region));
            found.FailingRegions.Add(region);
        });

    /// <summary>Locks a cluster with an operation other than CMEK, if none locks it yet.</summary>
    public void Hold(string cluster, TimeSpan time) =>
        OnCluster(cluster, found => found.HeldUntil ??= _clock.UtcNow + time);

    /// <summary>Switches managed backups on, as of a day ago.</summary>
    public void StartBackups(string cluster) =>
        OnCluster(cluster, found => Backups.Start(found, _clock.UtcNow - TimeSpan.FromDays(1)));

    /// <summary>Deletes a cluster: the API then shows it as DELETED, and nothing beneath it.</summary>
    public void Delete(string cluster) => OnCluster(cluster, found => found.IsDeleted = true);

    /// <summary>True for the Authorization header of an API key of this sandbox.</summary>
    internal bool IsAuthorized(string? authorization) => AccountOf(authorization) is not null;

    /// <summary>The service account of an API key; null for an unknown one.</summary>
    private string? AccountOf(string? authorization) =>
        authorization == $"Bearer {AdminKey}" ? "sandbox-admin"
        : authorization == $"Bearer {OperatorKey}" ? "sandbox-operator"
        : authorization == $"Bearer {ViewerKey}" ? "sandbox-viewer"
        : null;

    private SandboxResponse Handle(SandboxRequest request)
    {
        if (_data.IsDown)
            throw new CloudException(503, 14, "Service Unavailable") { IsHtml = true };
        var authorization = request.Header("Authorization") ?? "";
        if (!IsAuthorized(authorization))
            throw CloudException.Unauthorized();
        var version = request.Header("Cc-Version") ?? Versions[^1];
        if (!Versions.Contains(version))
            throw CloudException.InvalidArgument("invalid Cc-Version.");
        if (_rate.Exceeds(authorization) is { } seconds)
            throw new CloudException(429, 8, "rate limit exceeded") { RetryAfter = seconds };
        foreach (var cluster in _data.Clusters)
            Settle(cluster);
        var segments = request.Path.Trim('/').Split('/');
        if (segments.Length < 3 || segments[0] != "api" || segments[1] != "v1")
            throw CloudException.NotFound("Not Found");
        var written = request.Method == "GET" || segments.Length < 4 ? null : Find(segments[3]);
        var before = written is null ? "" : CloudJson.Cmek(written.Cmek).ToJsonString();
        var body = RouteLogged(request, segments, AccountOf(authorization)!, written);
        if (written is not null)
            EndWrite(written, before);
        return new SandboxResponse(200, Encoding.UTF8.GetBytes(body.ToJsonString()), "application/json")
        {
            Headers = [new("Cc-Version", version), new("X-Request-Id", Guid.NewGuid().ToString("D"))],
        };
    }

    /// <summary>Every write of a cluster is in the audit log, with its error when it was refused.</summary>
    private JsonObject RouteLogged(SandboxRequest request, string[] segments, string account, FleetCluster? written)
    {
        if (written is null || AuditLog.ActionOf(request.Method, PathOf(segments)) is not { } action)
            return Route(request, segments, account);
        var error = "";
        try
        {
            return Route(request, segments, account);
        }
        catch (CloudException refusal)
        {
            error = refusal.Message;
            throw;
        }
        finally
        {
            var id = Guid.NewGuid().ToString("D");
            _data.AuditEntries.Add(new(id, _clock.UtcNow, action, written.Id, written.Name, account, error));
        }
    }

    private static string PathOf(string[] segments) =>
        string.Join("/", segments.Skip(2).Select((s, i) => i == 1 && s != "available-regions" ? "*" : s));

    private JsonObject Route(SandboxRequest request, string[] segments, string account)
    {
        var isAdmin = account != "sandbox-viewer";
        var query = CloudRequest.Query(request.Query);
        JsonObject Page(string name, IEnumerable<JsonObject> items) => CloudPage.Of(name, query, items, _pageSize);
        JsonObject AdminOnly(Func<JsonObject> respond) => isAdmin ? respond() : throw CloudException.Forbidden();
        FleetCluster Cluster() => Find(segments[3], segments.Length > 4 || request.Method != "GET");

        return (request.Method, PathOf(segments)) switch
        {
            ("GET", "organization") => AdminOnly(() => CloudJson.Organization(OrganizationId)),
            ("GET", "auditlogevents") => account == "sandbox-admin"
                ? AuditLog.Read(_data.AuditEntries, query)
                : throw CloudException.Forbidden(),
            ("GET", "clusters") => Page("clusters", _data.Clusters.Where(c => !c.IsDeleted).Select(CloudJson.Cluster)),
            ("GET", "clusters/available-regions") => Page("regions", CloudJson.AvailableRegions(query)),
            ("GET", "clusters/*") => CloudJson.Cluster(Cluster()),
            ("PATCH", "clusters/*") => AdminOnly(() => _cmek.UpdateCluster(Cluster(), CloudRequest.Body(request))),
            ("GET", "clusters/*/nodes") => Page("nodes", CloudJson.Nodes(Cluster(), query)),
            ("GET", "clusters/*/backups") => AdminOnly(() => Page("backups", CloudJson.Backups(Cluster()))),
            ("GET", "clusters/*/backups-config") => AdminOnly(() => Backups.Configuration(Cluster())),
            ("GET", "clusters/*/cmek") => AdminOnly(() => CmekRequests.Get(Cluster())),
            ("POST", "clusters/*/cmek") => AdminOnly(() =>
                _cmek.Enable(Cluster(), CloudRequest.RegionSpecs(CloudRequest.Body(request)))
            ),
            ("PUT", "clusters/*/cmek") => AdminOnly(() =>
                _cmek.Update(Cluster(), CloudRequest.RegionSpecs(CloudRequest.Body(request)))
            ),
            ("PATCH", "clusters/*/cmek") => AdminOnly(() => _cmek.Revoke(Cluster(), CloudRequest.Body(request))),
            _ => throw new CloudException(
                segments[2] is "clusters" or "organization" ? 405 : 404,
                12,
                "Method Not Allowed"
            ),
        };
    }

    /// <summary>Reads that follow a write may be late, and its response may be an error although it was made.</summary>
    private void EndWrite(FleetCluster cluster, string before)
    {
        if (_data.StaleReads > 0)
            cluster.StaleCmek = (before, _data.StaleReads);
        if (_data.ErrorsAlthoughDone == 0)
            return;
        _data.ErrorsAlthoughDone--;
        throw new CloudException(503, 14, "couldn't lock cluster");
    }

    /// <summary>Brings a cluster up to the clock.</summary>
    private void Settle(FleetCluster cluster)
    {
        var now = _clock.UtcNow;
        if (cluster.HeldUntil is { } until && now >= until)
            cluster.HeldUntil = null;
        _operations.Settle(cluster, now);
        Backups.Take(cluster, now, at => _operations.CanUseKeys(cluster, at));
    }

    private void OnCluster(string name, Action<FleetCluster> act)
    {
        lock (_gate)
        {
            var cluster = _data.Clusters.FirstOrDefault(c => c.Name == name || c.Id == name)
                ?? throw new ArgumentException($"The sandbox has no cluster '{name}'.", nameof(name));
            Settle(cluster);
            act(cluster);
        }
    }

    /// <summary>A cluster; a deleted one can still be read, but nothing beneath it.</summary>
    private FleetCluster Find(string id, bool isAlive = false) =>
        _data.Clusters.FirstOrDefault(c =>
            string.Equals(c.Id, id, StringComparison.OrdinalIgnoreCase) && !(isAlive && c.IsDeleted)
        )
        ?? throw (
            Guid.TryParse(id, out _)
                ? CloudException.NotFound($"internal call failed: cluster '{id}' not found")
                : CloudException.InvalidArgument($"invalid cluster id '{id}'")
        );
}
