using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Cloud;

/// <summary>
/// The CockroachDB Cloud API of the sandbox, in the shapes of version 2024-09-16
/// (cockroach-cloud-sdk-go internal/spec/openapi.json). One lock: a rehearsal is no load test.
/// </summary>
public sealed class CloudApi : ISandboxService
{
    private static readonly string[] Versions = ["2022-03-31", "2022-09-20", "2023-04-10", "2024-09-16", "2026-09-15"];

    private static readonly TimeSpan BackupInterval = TimeSpan.FromHours(1);

    private const int BackupsKept = 200;

    private readonly object _gate;
    private readonly SandboxClock _clock;
    private readonly CloudData _data;
    private readonly CmekOperations _cmek;
    private readonly int _pageSize;
    private readonly RequestRate _rate;

    internal CloudApi(
        object gate,
        SandboxClock clock,
        CloudData data,
        IReadOnlyDictionary<string, IKeyUser> keyUsers,
        int pageSize
    )
    {
        (_gate, _clock, _data, _pageSize) = (gate, clock, data, pageSize);
        _rate = new RequestRate(clock, data);
        _cmek = new CmekOperations(new StoreKeys(data, keyUsers));
        _data.Clusters.AddRange(Fleet.Create(clock.UtcNow));
        foreach (var cluster in _data.Clusters)
            cluster.NextBackup = clock.UtcNow.AddHours(-24);
    }

    /// <summary>UUID of the organization: the external id.</summary>
    public string OrganizationId => _data.OrganizationId;

    /// <summary>Secret key that may do everything.</summary>
    public string AdminKey => _data.AdminKey;

    /// <summary>Secret key that may see clusters, but not their CMEK, nor the organization.</summary>
    public string ViewerKey => _data.ViewerKey;

    /// <summary>The clusters.</summary>
    public IReadOnlyList<FleetCluster> Clusters => _data.Clusters;

    internal IEnumerable<FleetCluster> ClustersToSeed => _data.Clusters.Where(c => c.Name == "prod-eu-old");

    internal void Seed(FleetCluster cluster, SandboxKeySpec spec) =>
        _cmek.Seed(cluster, cluster.Regions[0].Name, spec, _clock.UtcNow);

    /// <inheritdoc/>
    public Task<SandboxResponse> HandleAsync(SandboxRequest request, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            try
            {
                return Task.FromResult(Answer(request));
            }
            catch (ApiFault fault)
            {
                return Task.FromResult(fault.ToResponse());
            }
        }
    }

    /// <summary>True for the Authorization header of an API key of this sandbox.</summary>
    internal bool IsAuthorized(string? authorization) =>
        authorization == $"Bearer {AdminKey}" || authorization == $"Bearer {ViewerKey}";

    private SandboxResponse Answer(SandboxRequest request)
    {
        var authorization = request.Header("Authorization") ?? "";
        if (!IsAuthorized(authorization))
            throw new ApiFault(401, 16, "unauthorized");
        var isAdmin = authorization == $"Bearer {AdminKey}";
        var version = request.Header("Cc-Version") ?? Versions[^1];
        if (!Versions.Contains(version))
            throw new ApiFault(400, 3, "invalid Cc-Version.");
        if (_rate.Exceeds(authorization) is { } seconds)
            throw new ApiFault(429, 8, "rate limit exceeded") { RetryAfter = seconds };
        foreach (var cluster in _data.Clusters)
            Settle(cluster);

        var segments = request.Path.Trim('/').Split('/');
        if (segments.Length < 3 || segments[0] != "api" || segments[1] != "v1")
            throw new ApiFault(404, 5, "Not Found");
        var query = Query(request.Query);
        var body = (
            request.Method,
            string.Join("/", segments.Skip(2).Select((s, i) => i == 1 && s != "available-regions" ? "*" : s))
        ) switch
        {
            ("GET", "organization") => isAdmin ? Organization() : throw Forbidden(),
            ("GET", "clusters") => Page("clusters", query, _data.Clusters.Select(Json)),
            ("GET", "clusters/available-regions") => Page("regions", query, Regions(query)),
            ("GET", "clusters/*") => Json(Find(segments[3])),
            ("PATCH", "clusters/*") => isAdmin ? UpdateCluster(Find(segments[3]), Body(request)) : throw Forbidden(),
            ("GET", "clusters/*/nodes") => Page("nodes", query, Nodes(Find(segments[3]), query)),
            ("GET", "clusters/*/backups") => isAdmin
                ? Page(
                    "backups",
                    query,
                    Find(segments[3])
                        .Backups.Select(at => new JsonObject
                        {
                            ["id"] = $"{at.ToUnixTimeSeconds()}",
                            ["as_of_time"] = Time(at),
                        })
                )
                : throw Forbidden(),
            ("GET", "clusters/*/backups-config") => isAdmin ? BackupConfiguration() : throw Forbidden(),
            ("GET", "clusters/*/cmek") => isAdmin ? GetCmek(Find(segments[3])) : throw Forbidden(),
            ("POST", "clusters/*/cmek") => isAdmin
                ? Enable(Find(segments[3]), Specs(Body(request)))
                : throw Forbidden(),
            ("PUT", "clusters/*/cmek") => isAdmin ? Update(Find(segments[3]), Specs(Body(request))) : throw Forbidden(),
            ("PATCH", "clusters/*/cmek") => isAdmin ? Revoke(Find(segments[3]), Body(request)) : throw Forbidden(),
            _ => throw new ApiFault(
                segments.Length > 2 && segments[2] is "clusters" or "organization" ? 405 : 404,
                12,
                "Method Not Allowed"
            ),
        };
        return new SandboxResponse(200, Encoding.UTF8.GetBytes(body.ToJsonString()), "application/json")
        {
            Headers = [new("Cc-Version", version), new("X-Request-Id", Guid.NewGuid().ToString("D"))],
        };
    }

    private void Settle(FleetCluster cluster)
    {
        var now = _clock.UtcNow;
        if (cluster.HeldUntil is { } until && now >= until)
            cluster.HeldUntil = null;
        _cmek.Settle(cluster, now);
        BackUp(cluster, now);
    }

    /// <summary>A backup every hour, for as long as the keys can be used. Those that came due since the last look are judged by the state of now.</summary>
    private void BackUp(FleetCluster cluster, DateTimeOffset now)
    {
        if (now < cluster.NextBackup)
            return;
        var works = _cmek.CanUseKeys(cluster);
        for (; cluster.NextBackup <= now; cluster.NextBackup += BackupInterval)
            if (works)
                cluster.Backups.Add(cluster.NextBackup);
        if (cluster.Backups.Count > BackupsKept)
            cluster.Backups.RemoveRange(0, cluster.Backups.Count - BackupsKept);
    }

    private static JsonObject BackupConfiguration() =>
        new()
        {
            ["enabled"] = true,
            ["frequency_minutes"] = (int)BackupInterval.TotalMinutes,
            ["retention_days"] = 30,
        };

    /// <summary>Restarts the nodes of a cluster, as a maintenance would: those that cannot use their key stay down.</summary>
    public void RestartNodes(string cluster) => With(cluster, _cmek.RestartNodes);

    /// <summary>What Cockroach Labs support does for a revoked cluster, once its keys can be used again.</summary>
    /// <exception cref="InvalidOperationException">They cannot.</exception>
    public void Recover(string cluster) => With(cluster, c =>
        {
            if (!_cmek.Recover(c, _clock.UtcNow))
                throw new InvalidOperationException(
                    $"Support cannot bring '{cluster}' back: a key of it still cannot be used, or an operation is running."
                );
        });

    private void With(string name, Action<FleetCluster> act)
    {
        lock (_gate)
        {
            var cluster = _data.Clusters.FirstOrDefault(c => c.Name == name || c.Id == name)
                ?? throw new ArgumentException($"The sandbox has no cluster '{name}'.", nameof(name));
            Settle(cluster);
            act(cluster);
        }
    }

    private static ApiFault Forbidden() =>
        new(403, 7, "permission denied: the service account lacks the role CLUSTER_ADMIN or CLUSTER_OPERATOR_WRITER");

    private FleetCluster Find(string id) =>
        _data.Clusters.FirstOrDefault(c => string.Equals(c.Id, id, StringComparison.OrdinalIgnoreCase))
        ?? throw (
            Guid.TryParse(id, out _)
                ? new ApiFault(404, 5, $"internal call failed: cluster '{id}' not found")
                : new ApiFault(400, 3, $"invalid cluster id '{id}'")
        );

    private JsonObject Organization() =>
        new()
        {
            ["id"] = OrganizationId,
            ["label"] = "sandbox",
            ["name"] = "Sandbox Organization",
            ["created_at"] = "2021-01-01T00:00:00Z",
        };

    private static JsonObject Json(FleetCluster cluster)
    {
        var locked = cluster.HeldUntil is not null || cluster.Cmek.Operation is not null;
        var json = new JsonObject
        {
            ["id"] = cluster.Id,
            ["name"] = cluster.Name,
            ["cockroach_version"] = "v25.2.4",
            ["upgrade_status"] = "FINALIZED",
            ["plan"] = cluster.Plan,
            ["cloud_provider"] = cluster.Provider,
            ["account_id"] = cluster.AccountId,
            ["state"] = locked ? "LOCKED" : "CREATED",
            ["creator_id"] = "00000000-0000-4000-8000-000000000001",
            ["operation_status"] = cluster.HeldUntil is not null ? "CRDB_SCALE_RUNNING" : cluster.Cmek.OperationStatus,
            ["config"] =
                cluster.Plan == "ADVANCED"
                    ? new JsonObject
                    {
                        ["dedicated"] = new JsonObject
                        {
                            ["machine_type"] = "m6i.xlarge",
                            ["num_virtual_cpus"] = 4,
                            ["storage_gib"] = 150,
                            ["memory_gib"] = 16,
                            ["disk_iops"] = 2250,
                        },
                    }
                    : new JsonObject
                    {
                        ["serverless"] = new JsonObject
                        {
                            ["routing_id"] = cluster.Name,
                            ["upgrade_type"] = "AUTOMATIC",
                        },
                    },
            ["regions"] = new JsonArray([
                .. cluster.Regions.Select(r =>
                    (JsonNode)
                        new JsonObject
                        {
                            ["name"] = r.Name,
                            ["sql_dns"] = $"{cluster.Name}.{r.Name}.sandbox.invalid",
                            ["ui_dns"] = $"admin-{cluster.Name}.{r.Name}.sandbox.invalid",
                            ["internal_dns"] = $"internal-{cluster.Name}.{r.Name}.sandbox.invalid",
                            ["private_endpoint_dns"] = "",
                            ["node_count"] = r.Nodes,
                        }
                ),
            ]),
            ["cidr_range"] = cluster.Provider == "GCP" ? "172.28.0.0/14" : "",
            ["labels"] = new JsonObject(),
            ["is_customer_cloud_account"] = false,
            ["parent_id"] = "root",
            ["delete_protection"] = "DISABLED",
            ["created_at"] = Time(cluster.CreatedAt),
            ["updated_at"] = Time(cluster.CreatedAt.AddMinutes(30)),
        };
        if (cluster.Provider == "AWS" || cluster.Provider == "GCP")
            json["network_visibility"] = cluster.AdvancedSecurity ? "PRIVATE" : "PUBLIC";
        if (cluster.AzureApplicationId is { } application)
            json["azure_cluster_identity_client_id"] = application;
        return json;
    }

    private static IEnumerable<JsonObject> Nodes(FleetCluster cluster, IReadOnlyDictionary<string, string> query) =>
        cluster
            .Regions.Where(r => !query.TryGetValue("region_name", out var wanted) || wanted == r.Name)
            .SelectMany(r =>
                Enumerable
                    .Range(1, r.Nodes)
                    .Select(n => new JsonObject
                    {
                        ["name"] = $"{cluster.Name}-{r.Name}-{n}",
                        ["region_name"] = r.Name,
                        ["status"] = cluster.Cmek.IsDown(r.Name) ? "NOT_READY" : "LIVE",
                    })
            );

    private IEnumerable<JsonObject> Regions(IReadOnlyDictionary<string, string> query) =>
        _data
            .Clusters.SelectMany(c => c.Regions.Select(r => (r.Name, c.Provider)))
            .Distinct()
            .Where(r => !query.TryGetValue("provider", out var wanted) || wanted == r.Provider)
            .Select(r => new JsonObject
            {
                ["name"] = r.Name,
                ["location"] = r.Name,
                ["provider"] = r.Provider,
                ["serverless"] = false,
                ["distance"] = 0,
            });

    private JsonObject Page(string name, IReadOnlyDictionary<string, string> query, IEnumerable<JsonObject> items)
    {
        var limit =
            query.TryGetValue("pagination.limit", out var text)
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var asked)
            && asked > 0
                ? asked
                : _pageSize;
        var start = 0;
        if (
            query.TryGetValue("pagination.page", out var token)
            && token.Length > 0
            && !PageToken.TryRead(token, out start)
        )
            throw new ApiFault(400, 3, "invalid pagination.page");
        var all = items.ToList();
        if (query.TryGetValue("pagination.sort_order", out var order) && order == "DESC")
            all.Reverse();
        var page = all.Skip(start).Take(limit).ToList();
        var pagination = new JsonObject();
        if (start + page.Count < all.Count)
            pagination["next_page"] = PageToken.Write(start + page.Count);
        if (start > 0)
            pagination["previous_page"] = PageToken.Write(Math.Max(0, start - limit));
        return new JsonObject { [name] = new JsonArray([.. page]), ["pagination"] = pagination };
    }

    private static JsonObject GetCmek(FleetCluster cluster)
    {
        if (cluster.CmekUnknownUntilEnabled && cluster.Cmek.Regions.Count == 0)
            throw new ApiFault(404, 5, $"CMEK specification of cluster '{cluster.Id}' is not found");
        return Json(cluster.Cmek);
    }

    private static JsonObject Json(ClusterCmek cmek) =>
        new()
        {
            ["status"] = cmek.Status,
            ["region_infos"] = new JsonArray([
                .. cmek
                    .Regions.OrderBy(r => r.Name, StringComparer.Ordinal)
                    .Select(r =>
                        (JsonNode)
                            new JsonObject
                            {
                                ["region"] = r.Name,
                                ["status"] = r.Status,
                                ["key_infos"] = new JsonArray([
                                    .. r.Keys.Select(k =>
                                        (JsonNode)
                                            new JsonObject
                                            {
                                                ["spec"] = new JsonObject
                                                {
                                                    ["type"] = k.Spec.Type,
                                                    ["uri"] = k.Spec.Uri,
                                                    ["auth_principal"] = k.Spec.AuthPrincipal,
                                                },
                                                ["status"] = k.Status,
                                                ["user_message"] = k.Message,
                                                ["created_at"] = Time(k.Created),
                                                ["updated_at"] = Time(k.Updated),
                                            }
                                    ),
                                ]),
                            }
                    ),
            ]),
        };

    private JsonObject Enable(FleetCluster cluster, List<(string Region, SandboxKeySpec Spec)> specs)
    {
        RefuseBusy(cluster);
        RefuseUnfit(cluster, specs);
        if (cluster.Cmek.Status is not ("DISABLED" or "ENABLE_FAILED"))
            throw new ApiFault(400, 9, $"CMEK is already {cluster.Cmek.Status} for cluster '{cluster.Id}'");
        foreach (var region in cluster.Regions)
            if (!specs.Any(s => s.Region == region.Name))
                throw new ApiFault(400, 3, $"a region spec is missing for region '{region.Name}'");
        RefuseKey(_cmek.Enable(cluster, specs, _clock.UtcNow));
        return Json(cluster.Cmek);
    }

    private JsonObject Update(FleetCluster cluster, List<(string Region, SandboxKeySpec Spec)> specs)
    {
        if (cluster.Cmek.Status is "DISABLED" or "ENABLE_FAILED")
            return Enable(cluster, specs);
        RefuseBusy(cluster);
        RefuseUnfit(cluster, specs);
        if (cluster.Cmek.Status is not ("ENABLED" or "ROTATE_FAILED"))
            throw new ApiFault(400, 9, $"CMEK is {cluster.Cmek.Status} for cluster '{cluster.Id}'");
        RefuseKey(_cmek.Rotate(cluster, specs, _clock.UtcNow));
        return Json(cluster.Cmek);
    }

    private JsonObject Revoke(FleetCluster cluster, JsonObject body)
    {
        RefuseUnknown(body, "action");
        if ((string?)body["action"] != "REVOKE")
            throw new ApiFault(400, 3, "invalid value for enum field action");
        RefuseBusy(cluster);
        if (cluster.Cmek.Status is not ("ENABLED" or "ROTATE_FAILED" or "REVOKE_FAILED"))
            throw new ApiFault(400, 9, $"CMEK is {cluster.Cmek.Status} for cluster '{cluster.Id}'");
        CmekOperations.Revoke(cluster, _clock.UtcNow);
        return Json(cluster.Cmek);
    }

    private JsonObject UpdateCluster(FleetCluster cluster, JsonObject body)
    {
        RefuseUnknown(
            body,
            "dedicated",
            "serverless",
            "plan",
            "delete_protection",
            "parent_id",
            "upgrade_status",
            "cockroach_version",
            "name"
        );
        if (body["dedicated"] is not JsonObject dedicated)
            return Json(cluster);
        RefuseUnknown(
            dedicated,
            "region_nodes",
            "cmek_region_specs",
            "hardware",
            "network_visibility",
            "cidr_range",
            "region_machine_specs"
        );
        RefuseBusy(cluster);
        var specs = dedicated["cmek_region_specs"] is JsonArray array ? Specs(array) : [];
        foreach (var (region, _) in specs)
            if (cluster.Regions.Any(r => r.Name == region))
                throw new ApiFault(400, 3, $"a CMEK spec must not be given for the existing region '{region}'");
        if (dedicated["region_nodes"] is not JsonObject map)
            return Json(cluster);
        var wanted = map.Select(pair => new FleetRegion(pair.Key, pair.Value?.GetValue<int>() ?? 0)).ToList();
        if (wanted.Count == 0)
            throw new ApiFault(400, 3, "region_nodes must not be empty");
        if (wanted.FirstOrDefault(r => r.Nodes < (wanted.Count > 1 ? 3 : 1)) is { } small)
            throw new ApiFault(400, 3, $"region '{small.Name}' needs at least 3 nodes in a multi-region cluster");
        var added = wanted.Where(w => !cluster.Regions.Any(r => r.Name == w.Name)).ToList();
        if (cluster.Cmek.Status != "DISABLED")
        {
            foreach (var region in added)
                if (!specs.Any(s => s.Region == region.Name))
                    throw new ApiFault(
                        400,
                        3,
                        $"CMEK is enabled: a CMEK spec is required for the new region '{region.Name}'"
                    );
            RefuseUnfit(cluster, specs, newRegions: true);
            if (added.Count > 0)
                RefuseKey(_cmek.AddRegions(cluster, specs, _clock.UtcNow));
        }

        cluster.Regions = wanted;
        return Json(cluster);
    }

    private static void RefuseBusy(FleetCluster cluster)
    {
        if (cluster.HeldUntil is not null || cluster.Cmek.Operation is not null)
            throw new ApiFault(503, 14, $"cluster '{cluster.Id}' is locked by another operation");
    }

    private static void RefuseUnfit(
        FleetCluster cluster,
        List<(string Region, SandboxKeySpec Spec)> specs,
        bool newRegions = false
    )
    {
        if (cluster.Plan != "ADVANCED")
            throw new ApiFault(400, 9, $"CMEK is not available on plan {cluster.Plan}");
        if (!cluster.AdvancedSecurity)
            throw new ApiFault(
                400,
                9,
                "CMEK requires advanced security features, which can be enabled only when a cluster is created"
            );
        if (specs.Count == 0)
            throw new ApiFault(400, 3, "region_specs must not be empty");
        var type = cluster.Provider switch
        {
            "AWS" => "AWS_KMS",
            "GCP" => "GCP_CLOUD_KMS",
            _ => "AZURE_KEY_VAULT",
        };
        foreach (var (region, spec) in specs)
        {
            if (!newRegions && !cluster.Regions.Any(r => r.Name == region))
                throw new ApiFault(400, 3, $"cluster has no region '{region}'");
            if (spec.Type != type)
                throw new ApiFault(
                    400,
                    3,
                    $"key type {spec.Type} does not match the cloud provider {cluster.Provider}"
                );
            if (specs.Count(s => s.Region == region) > 1)
                throw new ApiFault(400, 3, $"region '{region}' is given more than once");
        }
    }

    private static void RefuseKey(string? refusal)
    {
        if (refusal is not null)
            throw new ApiFault(400, 3, $"Insufficient permissions to access the KMS key: {refusal}");
    }

    private static JsonObject Body(SandboxRequest request)
    {
        try
        {
            return JsonNode.Parse(request.Body) as JsonObject
                ?? throw new ApiFault(400, 3, "proto: syntax error: the body is no object");
        }
        catch (JsonException fault)
        {
            throw new ApiFault(400, 3, $"proto: syntax error: {fault.Message}");
        }
    }

    private static List<(string Region, SandboxKeySpec Spec)> Specs(JsonObject body)
    {
        RefuseUnknown(body, "region_specs");
        return Specs(body["region_specs"] as JsonArray ?? throw new ApiFault(400, 3, "region_specs is required"));
    }

    private static List<(string Region, SandboxKeySpec Spec)> Specs(JsonArray specs) =>
        [
            .. specs.Select(item =>
            {
                var region =
                    item as JsonObject ?? throw new ApiFault(400, 3, "proto: syntax error: a region spec is an object");
                RefuseUnknown(region, "region", "key_spec");
                var key = region["key_spec"] as JsonObject ?? throw new ApiFault(400, 3, "key_spec is required");
                RefuseUnknown(key, "type", "uri", "auth_principal");
                return (
                    Text(region, "region"),
                    new SandboxKeySpec(Text(key, "type"), Text(key, "uri"), Text(key, "auth_principal"))
                );
            }),
        ];

    private static string Text(JsonObject item, string name) =>
        item[name] is JsonValue value && value.TryGetValue<string>(out var text) && text.Length > 0
            ? text
            : throw new ApiFault(400, 3, $"{name} is required");

    private static void RefuseUnknown(JsonObject item, params string[] known)
    {
        foreach (var field in item)
            if (!known.Contains(field.Key))
                throw new ApiFault(400, 3, $"proto: unknown field \"{field.Key}\"");
    }

    private static Dictionary<string, string> Query(string query) =>
        query
            .Split(['&'], StringSplitOptions.RemoveEmptyEntries)
            .Select(pair => pair.Split(['='], 2))
            .GroupBy(p => Uri.UnescapeDataString(p[0]))
            .ToDictionary(
                g => g.Key,
                g => g.Last().Length > 1 ? Uri.UnescapeDataString(g.Last()[1].Replace('+', ' ')) : ""
            );

    private static string Time(DateTimeOffset time) =>
        time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}
