using System.Globalization;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Cloud;

/// <summary>One entry of the organization's audit log: data only, so that it can be saved.</summary>
internal sealed record AuditEntry(
    string Id,
    DateTimeOffset At,
    string Action,
    string ClusterId,
    string ClusterName,
    string Account,
    string Error
);

/// <summary>
/// GET /api/v1/auditlogevents (openapi.json 2024-09-16): no filter; pages follow next_starting_from, which is
/// exclusive. Enabling has no action of its own.
/// </summary>
internal static class AuditLog
{
    private const int DefaultLimit = 200;

    /// <summary>The action that a write of the API is logged as.</summary>
    public static string? ActionOf(string method, string path) =>
        (method, path) switch
        {
            ("POST" or "PUT", "clusters/*/cmek") => "AUDIT_LOG_ACTION_UPDATE_CMEK",
            ("PATCH", "clusters/*/cmek") => "AUDIT_LOG_ACTION_REVOKE_CMEK",
            ("PATCH", "clusters/*") => "AUDIT_LOG_ACTION_UPDATE_CLUSTER",
            _ => null,
        };

    public static JsonObject Read(IReadOnlyList<AuditEntry> entries, IReadOnlyDictionary<string, string> query)
    {
        var isDescending = query.TryGetValue("sort_order", out var order) && order == "DESC";
        if (order is not (null or "ASC" or "DESC"))
            throw CloudException.InvalidArgument($"invalid value for enum field sort_order: \"{order}\"");
        var rest = isDescending ? entries.OrderByDescending(e => e.At) : entries.OrderBy(e => e.At);
        var from = StartingFrom(query);
        var after = rest.Where(e => from is null || (isDescending ? e.At < from : e.At > from)).ToList();
        var limit = Limit(query);
        // Every entry of one timestamp is on the same page.
        var page = after.Where((e, i) => i < limit || e.At == after[limit - 1].At).ToList();
        var body = new JsonObject { ["entries"] = new JsonArray([.. page.Select(e => (JsonNode)Entry(e))]) };
        if (page.Count < after.Count)
            body["next_starting_from"] = Time(page[^1].At);
        return body;
    }

    private static JsonObject Entry(AuditEntry entry) =>
        new()
        {
            ["id"] = entry.Id,
            ["action"] = entry.Action,
            ["created_at"] = Time(entry.At),
            ["cluster_id"] = entry.ClusterId,
            ["cluster_name"] = entry.ClusterName,
            ["user_email"] = "",
            ["service_account_name"] = entry.Account,
            ["source"] = "AUDIT_LOG_SOURCE_CC_API",
            ["error"] = entry.Error,
        };

    private static DateTimeOffset? StartingFrom(IReadOnlyDictionary<string, string> query) =>
        !query.TryGetValue("starting_from", out var text) ? null
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
        : throw CloudException.InvalidArgument("invalid starting_from");

    private static int Limit(IReadOnlyDictionary<string, string> query) =>
        !query.TryGetValue("limit", out var text) ? DefaultLimit
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit > 0 ? limit
        : throw CloudException.InvalidArgument("invalid limit");

    private static string Time(DateTimeOffset time) =>
        time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
}
