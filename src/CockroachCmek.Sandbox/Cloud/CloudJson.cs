using System.Globalization;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Cloud;

/// <summary>Clusters, nodes and CMEK as the Cloud API shows them.</summary>
internal static class CloudJson
{
    public static JsonObject Organization(string id) =>
        new()
        {
            ["id"] = id,
            ["label"] = "sandbox",
            ["name"] = "Sandbox Organization",
            ["created_at"] = "2021-01-01T00:00:00Z",
        };

    public static JsonObject Cluster(FleetCluster cluster)
    {
        var json = new JsonObject
        {
            ["id"] = cluster.Id,
            ["name"] = cluster.Name,
            ["cockroach_version"] = "v25.2.4",
            ["upgrade_status"] = "FINALIZED",
            ["plan"] = cluster.Plan,
            ["cloud_provider"] = cluster.Provider,
            ["account_id"] = cluster.AccountId,
            ["state"] =
                cluster.IsDeleted ? "DELETED"
                : cluster.IsBusy ? "LOCKED"
                : "CREATED",
            ["creator_id"] = "00000000-0000-4000-8000-000000000001",
            ["operation_status"] = cluster.HeldUntil is not null ? "CRDB_SCALE_RUNNING" : cluster.Cmek.OperationStatus,
            ["config"] = Configuration(cluster),
            ["regions"] = new JsonArray([.. cluster.Regions.Select(r => (JsonNode)Region(cluster, r))]),
            ["cidr_range"] = cluster.Provider == "GCP" ? "172.28.0.0/14" : "",
            ["labels"] = new JsonObject(),
            ["is_customer_cloud_account"] = false,
            ["parent_id"] = "root",
            ["delete_protection"] = "DISABLED",
            ["created_at"] = Time(cluster.CreatedAt),
            ["updated_at"] = Time(cluster.CreatedAt.AddMinutes(30)),
        };
        if (cluster.Provider is "AWS" or "GCP")
            json["network_visibility"] = cluster.AdvancedSecurity ? "PRIVATE" : "PUBLIC";
        if (cluster.AzureApplicationId is { } application)
            json["azure_cluster_identity_client_id"] = application;
        return json;
    }

    public static IEnumerable<JsonObject> Nodes(FleetCluster cluster, IReadOnlyDictionary<string, string> query) =>
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

    public static IEnumerable<JsonObject> Backups(FleetCluster cluster) =>
        cluster.Backups.Select(at => new JsonObject
        {
            ["id"] = $"{at.ToUnixTimeSeconds()}",
            ["as_of_time"] = Time(at),
        });

    public static IEnumerable<JsonObject> AvailableRegions(IReadOnlyDictionary<string, string> query) =>
        OfferedRegions
            .All.Where(r => !query.TryGetValue("provider", out var wanted) || wanted == r.Provider)
            .Select(r => new JsonObject
            {
                ["name"] = r.Name,
                ["location"] = r.Name,
                ["provider"] = r.Provider,
                ["serverless"] = false,
                ["distance"] = 0,
            });

    public static JsonObject Cmek(ClusterCmek cmek) =>
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
                                ["key_infos"] = new JsonArray([.. r.Keys.Select(k => (JsonNode)KeyInfo(k))]),
                            }
                    ),
            ]),
        };

    private static JsonObject KeyInfo(CmekKeyEntry key) =>
        new()
        {
            ["spec"] = new JsonObject
            {
                ["type"] = key.Spec.Type,
                ["uri"] = key.Spec.Uri,
                ["auth_principal"] = key.Spec.AuthPrincipal,
            },
            ["status"] = key.Status,
            ["user_message"] = key.Message,
            ["created_at"] = Time(key.Created),
            ["updated_at"] = Time(key.Updated),
        };

    private static JsonObject Configuration(FleetCluster cluster) =>
        cluster.Plan == "ADVANCED"
            ? new JsonObject
            {
                ["dedicated"] = new JsonObject
                {
                    ["machine_type"] = MachineTypes.Default(cluster.Provider),
                    ["num_virtual_cpus"] = 4,
                    ["storage_gib"] = 150,
                    ["memory_gib"] = 16,
                    ["disk_iops"] = 2250,
                },
            }
            : new JsonObject
            {
                ["serverless"] = new JsonObject { ["routing_id"] = cluster.Name, ["upgrade_type"] = "AUTOMATIC" },
            };

    private static JsonObject Region(FleetCluster cluster, FleetRegion region) =>
        new()
        {
            ["name"] = region.Name,
            ["sql_dns"] = $"{cluster.Name}.{region.Name}.sandbox.invalid",
            ["ui_dns"] = $"admin-{cluster.Name}.{region.Name}.sandbox.invalid",
            ["internal_dns"] = $"internal-{cluster.Name}.{region.Name}.sandbox.invalid",
            ["private_endpoint_dns"] = "",
            ["node_count"] = region.Nodes,
            ["machine_type"] = region.MachineType,
        };

    private static string Time(DateTimeOffset time) =>
        time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}
