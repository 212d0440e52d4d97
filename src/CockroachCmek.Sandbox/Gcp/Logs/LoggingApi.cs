using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Cloud;

namespace CockroachCmek.Sandbox.Gcp.Logs;

/// <summary>Cloud Logging v2: entries:list, and the buckets _Default and _Required of a project.</summary>
internal sealed class LoggingApi(SandboxClock clock, GcpData data, GcpAccess access)
{
    public const string Host = "logging.googleapis.com";
    private const int RequiredRetentionDays = 400;
    private const int RequestsPerMinute = 60;

    /// <summary>Handles requests of Cloud Logging; null for any other route.</summary>
    public JsonObject? Handle(GcpCall call)
    {
        if (call is { Method: "POST", Path: ["entries"], Verb: "list" })
            return List(call);
        return call.Route switch
        {
            "GET locations/*/buckets/*" => ReadBucket(call),
            "PATCH locations/*/buckets/*" => ChangeBucket(call),
            _ => null,
        };
    }

    private JsonObject List(GcpCall call)
    {
        call.AllowQuery();
        var body = call.Body;
        GcpJson.AllowFields(body, "", "resourceNames", "projectIds", "filter", "orderBy", "pageSize", "pageToken");
        var names = Names(body);
        var filter = LogFilterParser.Parse(GcpJson.Text(body, "filter") ?? "");
        var isDescending = (GcpJson.Text(body, "orderBy") ?? "timestamp asc") switch
        {
            "timestamp desc" => true,
            "timestamp asc" or "timestamp" => false,
            var other => throw GcpException.Invalid($"order_by '{other}' is invalid."),
        };
        foreach (var name in names)
            access.Require(call.Principal, "logging.logEntries.list", name);
        RequireQuota();
        return Page(call, body, names, filter, isDescending);
    }

    /// <summary>
    /// A page. It is found within a bounded search, so that it may be empty while a token follows.
    /// </summary>
    private JsonObject Page(GcpCall call, JsonObject body, List<string> names, LogFilter filter, bool isDescending)
    {
        var size = PageSize(body);
        var last = LastSearched(body);
        var visible = Visible(call.Principal, names, isDescending);
        if (last > 0)
            visible = visible.SkipWhile(e => e.Number != last).Skip(1);
        var page = new List<JsonObject>();
        var searched = 0;
        foreach (var entry in visible)
        {
            if (page.Count == size || searched == data.LogSearchLimit)
                return Result(page, Token(body, last));
            (searched, last) = (searched + 1, entry.Number);
            var json = entry.ToJson(data.LogDelay);
            if (filter.Matches(json))
                page.Add(json);
        }

        return Result(page, null);
    }

    private static JsonObject Result(List<JsonObject> page, string? token)
    {
        var result = new JsonObject();
        if (page.Count > 0)
            result["entries"] = new JsonArray([.. page.Select(e => (JsonNode)e)]);
        if (token is not null)
            result["nextPageToken"] = token;
        return result;
    }

    /// <summary>
    /// The entries of these resources that have arrived and are still kept. Data Access entries are left out, without
    /// an error, for a caller who is not allowed to read them.
    /// </summary>
    private IEnumerable<GcpAuditEntry> Visible(GcpPrincipal caller, List<string> names, bool isDescending)
    {
        var now = clock.UtcNow;
        var readable = names.Where(n => access.Has(caller, "logging.privateLogEntries.list", n)).ToList();
        var entries = Kept(data.ActivityLog, names, now, RequiredRetentionDays)
            .Concat(Kept(data.DataAccessLog, readable, now, data.LogRetentionDays));
        return isDescending
            ? entries.OrderByDescending(e => e.Time).ThenByDescending(e => e.Number)
            : entries.OrderBy(e => e.Time).ThenBy(e => e.Number);
    }

    private IEnumerable<GcpAuditEntry> Kept(
        List<GcpAuditEntry> log,
        List<string> names,
        DateTimeOffset now,
        int days
    ) => log.Where(e => names.Contains(e.Container) && e.Time + data.LogDelay <= now && e.Time > now.AddDays(-days));

    private static List<string> Names(JsonObject body)
    {
        var names = GcpJson
            .Texts(body, "resourceNames")
            .Concat(GcpJson.Texts(body, "projectIds").Select(p => "projects/" + p))
            .Select(GcpHierarchy.WithId)
            .Distinct()
            .ToList();
        if (names.Count is 0 or > 100)
            throw GcpException.Invalid("resource_names must name between 1 and 100 resources.");
        if (
            names.Find(n => n.Split('/') is not ["projects" or "folders" or "organizations", { Length: > 0 }]) is
            { } odd
        )
            throw GcpException.Invalid($"The sandbox does not know the resource name '{odd}'.");
        return names;
    }

    private static int PageSize(JsonObject body)
    {
        if (body["pageSize"] is not { } given)
            return 50;
        var isNumber = int.TryParse(
            given.ToString(),
            NumberStyles.AllowLeadingSign,
            CultureInfo.InvariantCulture,
            out var size
        );
        if (!isNumber || size < 0)
            throw GcpException.Invalid($"page_size '{given}' is invalid.");
        return size == 0 ? 50 : Math.Min(size, 1000);
    }

    /// <summary>A token belongs to one query: the other fields must be the same.</summary>
    private static string Token(JsonObject body, int last) =>
        $"{PageToken.Write(last)}.{Convert.ToBase64String(Encoding.UTF8.GetBytes(Query(body)))}";

    private static int LastSearched(JsonObject body)
    {
        if (GcpJson.Text(body, "pageToken") is not { } token)
            return 0;
        return
            token.Split('.') is [var place, _] && PageToken.TryRead(place, out var last) && token == Token(body, last)
            ? last
            : throw GcpException.Invalid("page_token doesn't match arguments from the request");
    }

    private static string Query(JsonObject body)
    {
        uint hash = 2166136261;
        foreach (var letter in $"{body["filter"]}|{body["orderBy"]}|{body["resourceNames"]?.ToJsonString()}")
            hash = unchecked((hash ^ letter) * 16777619);
        return hash.ToString("x8", CultureInfo.InvariantCulture);
    }

    /// <summary>Reads of entries, for a project and minute.</summary>
    private void RequireQuota()
    {
        var now = clock.UtcNow;
        data.LogReads.RemoveAll(t => t <= now.AddMinutes(-1));
        if (data.LogReads.Count >= RequestsPerMinute)
            throw new GcpException(
                "RESOURCE_EXHAUSTED",
                "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute' of service "
                    + $"'{Host}' for consumer 'project_number:{GcpProjects.Numbers[GcpProjects.Customer]}'.",
                GcpException.ErrorInfo("RATE_LIMIT_EXCEEDED", "googleapis.com", ("service", Host))
            );
        data.LogReads.Add(now);
    }

    private JsonObject ReadBucket(GcpCall call)
    {
        call.AllowQuery();
        access.Require(call.Principal, "logging.buckets.get", call.Name);
        return Bucket(call.Name);
    }

    private JsonObject ChangeBucket(GcpCall call)
    {
        call.AllowQuery("updateMask");
        access.Require(call.Principal, "logging.buckets.update", call.Name);
        var bucket = Bucket(call.Name);
        if (call.Path[5] == "_Required")
            throw GcpException.Invalid("The bucket _Required cannot be modified.");
        if (
            GcpJson.Mask(call.Argument("updateMask")) is not ["retentionDays"]
            || call.Body["retentionDays"] is not JsonValue value
            || !value.TryGetValue<int>(out var days)
            || days is < 1 or > 3650
        )
            throw GcpException.Invalid("The sandbox changes retentionDays, between 1 and 3650, only.");
        data.LogRetentionDays = days;
        bucket["retentionDays"] = days;
        return bucket;
    }

    private JsonObject Bucket(string name)
    {
        var (location, id) = (name.Split('/')[3], name.Split('/')[5]);
        if (location != "global" || id is not ("_Default" or "_Required"))
            throw GcpException.NotFound($"Bucket {name}");
        return new JsonObject
        {
            ["name"] = name,
            ["retentionDays"] = id == "_Required" ? RequiredRetentionDays : data.LogRetentionDays,
            ["lifecycleState"] = "ACTIVE",
        };
    }
}
