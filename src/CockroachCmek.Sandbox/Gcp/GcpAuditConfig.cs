using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>
/// What a policy says about Data Access logs: which types of a service, or of allServices, are written, and for whom
/// not.
/// </summary>
internal sealed record GcpAuditConfig(string Service, IReadOnlyList<GcpAuditType> Types)
{
    public const string AllServices = "allServices";
    private static readonly string[] Known = ["ADMIN_READ", "DATA_READ", "DATA_WRITE"];

    /// <summary>True if it is about a service.</summary>
    public bool IsAbout(string service) => Service == AllServices || Service == service;

    public JsonObject ToJson() =>
        new()
        {
            ["service"] = Service,
            ["auditLogConfigs"] = new JsonArray([.. Types.Select(t => (JsonNode)t.ToJson())]),
        };

    /// <summary>Reads the field auditConfigs of a policy.</summary>
    /// <exception cref="GcpException">INVALID_ARGUMENT.</exception>
    public static IReadOnlyList<GcpAuditConfig> Read(JsonObject policy)
    {
        var items = policy["auditConfigs"] switch
        {
            null => [],
            JsonArray array => array,
            _ => throw GcpException.Invalid("Invalid value at 'policy.auditConfigs'"),
        };
        return [.. items.Select(i => ReadOne(i as JsonObject ?? []))];
    }

    private static GcpAuditConfig ReadOne(JsonObject item)
    {
        GcpJson.AllowFields(item, "policy.auditConfigs", "service", "auditLogConfigs");
        var service = GcpJson.Text(item, "service") ?? "";
        if (service != AllServices && !Regex.IsMatch(service, @"^[a-z0-9-]+\.googleapis\.com$"))
            throw GcpException.Invalid($"The audit config's service '{service}' is invalid.");
        var types = (item["auditLogConfigs"] as JsonArray ?? []).OfType<JsonObject>().Select(ReadType).ToList();
        return types.Count > 0
            ? new GcpAuditConfig(service, types)
            : throw GcpException.Invalid("An audit config must have at least one audit log config.");
    }

    private static GcpAuditType ReadType(JsonObject item)
    {
        GcpJson.AllowFields(item, "policy.auditConfigs.auditLogConfigs", "logType", "exemptedMembers");
        var type = GcpJson.Text(item, "logType");
        return Known.Contains(type)
            ? new GcpAuditType(type!, GcpJson.Texts(item, "exemptedMembers"))
            : throw GcpException.Invalid($"The log type '{type}' is invalid.");
    }
}

/// <summary>A type of Data Access logs, and the members whose accesses are not logged.</summary>
internal sealed record GcpAuditType(string LogType, IReadOnlyList<string> Exempted)
{
    public JsonObject ToJson()
    {
        var json = new JsonObject { ["logType"] = LogType };
        if (Exempted.Count > 0)
            json["exemptedMembers"] = new JsonArray([.. Exempted.Select(m => (JsonNode)m)]);
        return json;
    }
}
