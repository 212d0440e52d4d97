using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Cloud;

/// <summary>
/// The writes of the Cloud API that concern CMEK: what it refuses, and which operation it starts otherwise.
/// </summary>
internal sealed class CmekRequests(SandboxClock clock, CloudData data, CmekOperations operations)
{
    private const string NeedsAdvancedSecurity =
        "CMEK requires advanced security features, which can be enabled only when a cluster is created";

    public static JsonObject Get(FleetCluster cluster)
    {
        if (cluster.CmekUnknownUntilEnabled && cluster.Cmek.Regions.Count == 0)
            throw CloudException.NotFound($"CMEK specification of cluster '{cluster.Id}' is not found");
        if (cluster.StaleCmek is not { Reads: > 0 } stale)
            return CloudJson.Cmek(cluster.Cmek);
        cluster.StaleCmek = (stale.Json, stale.Reads - 1);
        return JsonNode.Parse(stale.Json)!.AsObject();
    }

    public JsonObject Enable(FleetCluster cluster, List<(string Region, SandboxKeySpec Spec)> specs)
    {
        RefuseBusy(cluster);
        RefuseUnfit(cluster, specs);
        if (cluster.Cmek.Status is not ("DISABLED" or "ENABLE_FAILED"))
            throw CloudException.FailedPrecondition(
                $"CMEK is already {cluster.Cmek.Status} for cluster '{cluster.Id}'"
            );
        foreach (var region in cluster.Regions)
            if (!specs.Any(s => s.Region == region.Name))
                throw CloudException.InvalidArgument($"a region spec is missing for region '{region.Name}'");
        RefuseKey(operations.Enable(cluster, specs, clock.UtcNow));
        return CloudJson.Cmek(cluster.Cmek);
    }

    public JsonObject Update(FleetCluster cluster, List<(string Region, SandboxKeySpec Spec)> specs)
    {
        if (cluster.Cmek.Status is "DISABLED" or "ENABLE_FAILED")
            return Enable(cluster, specs);
        RefuseBusy(cluster);
        RefuseUnfit(cluster, specs);
        RefuseStatus(cluster, "ENABLED", "ROTATE_FAILED");
        RefuseKey(operations.Rotate(cluster, specs, clock.UtcNow));
        return CloudJson.Cmek(cluster.Cmek);
    }

    public JsonObject Revoke(FleetCluster cluster, JsonObject body)
    {
        CloudRequest.RefuseUnknown(body, "action");
        if ((string?)body["action"] != "REVOKE")
            throw CloudException.InvalidArgument("invalid value for enum field action");
        RefuseBusy(cluster);
        RefuseStatus(cluster, "ENABLED", "ROTATE_FAILED", "REVOKE_FAILED");
        CmekOperations.Revoke(cluster, clock.UtcNow);
        return CloudJson.Cmek(cluster.Cmek);
    }

    /// <summary>
    /// PATCH of a cluster: adds and removes regions. A new region of a cluster with CMEK needs a key.
    /// </summary>
    public JsonObject UpdateCluster(FleetCluster cluster, JsonObject body)
    {
        CloudRequest.RefuseUnknown(
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
            return CloudJson.Cluster(cluster);
        CloudRequest.RefuseUnknown(
            dedicated,
            "region_nodes",
            "cmek_region_specs",
            "hardware",
            "network_visibility",
            "cidr_range",
            "region_machine_specs"
        );
        RefuseBusy(cluster);
        var specs = dedicated["cmek_region_specs"] is JsonArray array ? CloudRequest.RegionSpecs(array) : [];
        foreach (var (region, _) in specs)
            if (cluster.Regions.Any(r => r.Name == region))
                throw CloudException.InvalidArgument(
                    $"a CMEK spec must not be given for the existing region '{region}'"
                );
        if (dedicated["region_nodes"] is JsonObject map)
            SetRegions(cluster, map, specs, Machines(dedicated));
        return CloudJson.Cluster(cluster);
    }

    /// <summary>
    /// The machine type of each region that region_machine_specs names. With hardware.machine_spec it is refused.
    /// </summary>
    private static Dictionary<string, string> Machines(JsonObject dedicated)
    {
        if (dedicated["region_machine_specs"] is not JsonObject map)
            return [];
        if (dedicated["hardware"]?["machine_spec"] is not null)
            throw CloudException.InvalidArgument("region_machine_specs and hardware.machine_spec exclude each other");
        return map.ToDictionary(
            p => p.Key,
            p => (string?)p.Value?["machine_type"] ?? throw CloudException.InvalidArgument("machine_type is missing")
        );
    }

    private void SetRegions(
        FleetCluster cluster,
        JsonObject nodesByRegion,
        List<(string Region, SandboxKeySpec Spec)> specs,
        IReadOnlyDictionary<string, string> machines
    )
    {
        var wanted = nodesByRegion
            .Select(p => new FleetRegion(p.Key, p.Value?.GetValue<int>() ?? 0)
            {
                MachineType = machines.TryGetValue(p.Key, out var machine)
                    ? machine
                    : (cluster.Regions.FirstOrDefault(r => r.Name == p.Key) ?? cluster.Regions[0]).MachineType,
            })
            .ToList();
        if (wanted.Count == 0)
            throw CloudException.InvalidArgument("region_nodes must not be empty");
        if (wanted.FirstOrDefault(r => r.Nodes < (wanted.Count > 1 ? 3 : 1)) is { } small)
            throw CloudException.InvalidArgument(
                $"region '{small.Name}' needs at least 3 nodes in a multi-region cluster"
            );
        var added = wanted.Where(w => !cluster.Regions.Any(r => r.Name == w.Name)).ToList();
        if (added.FirstOrDefault(r => !OfferedRegions.All.Contains((r.Name, cluster.Provider))) is { } unknown)
            throw CloudException.InvalidArgument($"region '{unknown.Name}' is not available on {cluster.Provider}");
        if (cluster.Cmek.Status != "DISABLED")
        {
            foreach (var region in added)
                if (!specs.Any(s => s.Region == region.Name))
                    throw CloudException.InvalidArgument(
                        $"CMEK is enabled: a CMEK spec is required for the new region '{region.Name}'"
                    );
            RefuseUnfit(cluster, specs, newRegions: true);
            if (added.Count > 0)
                RefuseKey(operations.AddRegions(cluster, specs, clock.UtcNow));
            operations.StartNodes(
                cluster,
                [
                    .. wanted
                        .Where(w => cluster.Regions.Any(r => r.Name == w.Name && r.Nodes < w.Nodes))
                        .Select(w => w.Name),
                ]
            );
        }

        cluster.Regions = wanted;
    }

    private void RefuseBusy(FleetCluster cluster)
    {
        if (cluster.IsBusy)
            throw data.LockForm switch
            {
                CloudLockForm.Conflict => new CloudException(409, 10, "cluster lock is held"),
                CloudLockForm.InvalidArgument => CloudException.InvalidArgument("couldn't lock cluster"),
                CloudLockForm.Html => new CloudException(503, 14, "Service Unavailable") { IsHtml = true },
                _ => new CloudException(503, 14, $"cluster '{cluster.Id}' is locked by another operation"),
            };
    }

    private static void RefuseStatus(FleetCluster cluster, params string[] allowed)
    {
        if (!allowed.Contains(cluster.Cmek.Status))
            throw CloudException.FailedPrecondition($"CMEK is {cluster.Cmek.Status} for cluster '{cluster.Id}'");
    }

    private void RefuseKey(string? refusal)
    {
        if (refusal is not null)
            throw data.KeyRefusalForm switch
            {
                CloudKeyRefusalForm.OtherSentence => CloudException.InvalidArgument($"CMEK not usable: {refusal}"),
                CloudKeyRefusalForm.Unauthorized => new CloudException(401, 16, $"unauthenticated: {refusal}"),
                CloudKeyRefusalForm.Forbidden => new CloudException(403, 7, $"permission denied: {refusal}"),
                _ => CloudException.InvalidArgument($"Insufficient permissions to access the KMS key: {refusal}"),
            };
    }

    private static void RefuseUnfit(
        FleetCluster cluster,
        List<(string Region, SandboxKeySpec Spec)> specs,
        bool newRegions = false
    )
    {
        if (cluster.Plan != "ADVANCED")
            throw CloudException.FailedPrecondition($"CMEK is not available on plan {cluster.Plan}");
        if (!cluster.AdvancedSecurity)
            throw CloudException.FailedPrecondition(NeedsAdvancedSecurity);
        if (specs.Count == 0)
            throw CloudException.InvalidArgument("region_specs must not be empty");
        var type = cluster.Provider switch
        {
            "AWS" => "AWS_KMS",
            "GCP" => "GCP_CLOUD_KMS",
            _ => "AZURE_KEY_VAULT",
        };
        foreach (var (region, spec) in specs)
        {
            if (!newRegions && !cluster.Regions.Any(r => r.Name == region))
                throw CloudException.InvalidArgument($"cluster has no region '{region}'");
            if (spec.Type != type)
                throw CloudException.InvalidArgument(
                    $"key type {spec.Type} does not match the cloud provider {cluster.Provider}"
                );
            if (specs.Count(s => s.Region == region) > 1)
                throw CloudException.InvalidArgument($"region '{region}' is given more than once");
        }
    }
}
