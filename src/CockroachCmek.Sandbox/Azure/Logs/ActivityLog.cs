using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Azure.Logs;

/// <summary>
/// The activity log of subscriptions: writes on the control plane, kept for 90 days. Nothing has to be enabled for it.
/// Source: Azure/azure-rest-api-specs, activityLogs_API.json 2015-04-01.
/// </summary>
internal sealed class ActivityLog(AzureContext context, AzureData data)
{
    /// <summary>More than a rehearsal writes. The oldest ones go first.</summary>
    private const int Most = 5_000;
    private const int PageSize = 200;
    private static readonly TimeSpan Kept = TimeSpan.FromDays(90);

    /// <summary>"No other syntax is allowed."</summary>
    private static readonly Regex Filter = new(
        @"^\s*eventTimestamp ge '(?<from>[^']+)'(?: and eventTimestamp le '(?<to>[^']+)')?"
            + @"(?: and (?<name>resourceGroupName|resourceUri|resourceProvider|correlationId) eq '(?<value>[^']*)')?\s*$",
        RegexOptions.CultureInvariant
    );

    /// <summary>Logs a write of Resource Manager and its outcome.</summary>
    public void Add(ServicePrincipal caller, AzureRequest request, int status, JsonNode? body)
    {
        if (
            request.Method is "GET" or "POST"
            || request.Segments.Count < 4
            || !AzureDirectory.Same(request.Segments[0], "subscriptions")
        )
            return;
        var operation = OperationOf(request);
        data.Activities.Enqueue(
            new ActivityEntry(
                Guid.NewGuid().ToString("D"),
                context.Now,
                operation,
                request.Path,
                caller.Id,
                caller.Application.AppId,
                caller.TenantId,
                request.Method,
                status,
                operation.StartsWith("Microsoft.Authorization/", StringComparison.OrdinalIgnoreCase) && status < 300
                    ? body?.ToJsonString() ?? ""
                    : ""
            )
        );
        while (data.Activities.Count > Most)
            data.Activities.Dequeue();
    }

    public AzureResponse List(ServicePrincipal caller, AzureRequest request, string version)
    {
        ArmApi.RequireVersion(version, ["2015-04-01", "2017-03-01-preview"], "eventtypes");
        var subscription = request.Segments[1];
        ArmApi.Require(
            context,
            caller,
            "Microsoft.Insights/eventtypes/management/values/read",
            $"/subscriptions/{subscription}"
        );
        var filter = request.Query("$filter") ?? "";
        if (Filter.Match(filter) is not { Success: true } match)
            throw new AzureException(400, "BadRequest", $"The filter '{filter}' is not supported.");
        var (from, to) = (Time(match, "from") ?? DateTimeOffset.MinValue, Time(match, "to") ?? context.Now);
        if (from < context.Now - Kept)
            throw new AzureException(400, "BadRequest", "The start time cannot be more than 90 days in the past.");
        var events = data
            .Activities.Where(e =>
                AzureDirectory.Same(e.Subscription, subscription) && e.At >= from && e.At <= to && Admits(match, e)
            )
            // The newest are first.
            .Reverse()
            .SelectMany(e => e.Events().Reverse())
            .ToList();
        var start = int.TryParse(request.Query("$skiptoken"), out var token) ? token : 0;
        var body = new JsonObject { ["value"] = new JsonArray([.. events.Skip(start).Take(PageSize)]) };
        if (start + PageSize < events.Count)
            body["nextLink"] =
                $"https://{request.Host}{request.Path}?api-version={version}&$filter={Uri.EscapeDataString(filter)}"
                + $"&$skiptoken={start + PageSize}";
        return AzureResponse.Ok(body);
    }

    private static bool Admits(Match filter, ActivityEntry entry)
    {
        var value = filter.Groups["value"].Value;
        return filter.Groups["name"].Value switch
        {
            "resourceGroupName" => AzureDirectory.Same(entry.Group, value),
            "resourceUri" => AzureDirectory.Same(entry.ResourceId, value),
            "resourceProvider" => AzureDirectory.Same(entry.Provider, value),
            "correlationId" => AzureDirectory.Same(entry.Id, value),
            _ => true,
        };
    }

    private static DateTimeOffset? Time(Match filter, string name) =>
        !filter.Groups[name].Success ? null
        : DateTimeOffset.TryParse(
            filter.Groups[name].Value,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out var time
        )
            ? time
        : throw new AzureException(400, "BadRequest", $"'{filter.Groups[name].Value}' is not a time.");

    /// <summary>The action of a write: provider, types without names, and write or delete.</summary>
    private static string OperationOf(AzureRequest request)
    {
        var path = request.Segments;
        var provider = path.Select((s, i) => (s, i)).LastOrDefault(p => AzureDirectory.Same(p.s, "providers")).i;
        var verb = request.Method == "DELETE" ? "delete" : "write";
        if (provider == 0 || provider + 2 >= path.Count)
            return $"Microsoft.Resources/{path[path.Count - 2]}/{verb}";
        var types = path.Skip(provider + 2).Where((_, i) => i % 2 == 0);
        return $"{path[provider + 1]}/{string.Join("/", types)}/{verb}";
    }
}
