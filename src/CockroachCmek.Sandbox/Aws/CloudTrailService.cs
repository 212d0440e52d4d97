using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>
/// CloudTrail's LookupEvents: one attribute, newest first, 50 entries a page, two requests a second for each account and
/// region, about five minutes late.
/// </summary>
internal sealed class CloudTrailService(TrailLog log, AwsData data, string accountId, AccessEvaluator access)
{
    private const int LargestPage = 50;
    private const int RequestsPerSecond = 2;

    /// <exception cref="AwsException">The caller is not allowed to do it, or the request is wrong.</exception>
    public JsonObject Handle(Caller caller, string region, string operation, JsonObject body)
    {
        if (operation != "LookupEvents")
            throw new AwsException("UnknownOperationException", $"There is no operation {operation}.");
        const string action = "cloudtrail:LookupEvents";
        var decision = access.Decide(new AccessRequest(caller, action, "*", access.Context(caller, region)));
        if (!decision.IsAllowed)
            throw new AwsException("AccessDeniedException", access.Sentence(caller, action, "*", decision));
        Count(region);
        return Lookup(region, body);
    }

    private void Count(string region)
    {
        var recent = data.Lookups.TryGetValue(region, out var known) ? known : data.Lookups[region] = [];
        recent.RemoveAll(t => log.Now - t >= TimeSpan.FromSeconds(1));
        if (recent.Count >= RequestsPerSecond)
            throw new AwsException("ThrottlingException", "Rate exceeded");
        recent.Add(log.Now);
    }

    private JsonObject Lookup(string region, JsonObject body)
    {
        var size = (int?)body["MaxResults"] ?? LargestPage;
        if (size is < 1 or > LargestPage)
            throw new AwsException("InvalidMaxResultsException", "MaxResults is between 1 and 50.");
        var (from, to) = (Time(body, "StartTime"), Time(body, "EndTime"));
        if (from > to)
            throw new AwsException("InvalidTimeRangeException", "StartTime is later than EndTime.");
        var (asOf, start) = Position(body);
        var found = log.Visible(region, asOf)
            .Where(e => (from is null || e.Time >= from) && (to is null || e.Time <= to) && Filter(body)(e))
            .Skip(start)
            .Take(size + 1)
            .ToList();
        var page = new JsonObject { ["Events"] = new JsonArray([.. found.Take(size).Select(Describe)]) };
        if (found.Count > size)
            page["NextToken"] = Token(body, asOf, start + size);
        return page;
    }

    private static Func<TrailEvent, bool> Filter(JsonObject body)
    {
        if (body["LookupAttributes"] is not JsonArray { Count: > 0 } attributes)
            return _ => true;
        if (attributes.Count > 1)
            throw new AwsException("InvalidLookupAttributesException", "You can specify only one lookup attribute.");
        var value = (string?)attributes[0]!["AttributeValue"] ?? "";
        return (string?)attributes[0]!["AttributeKey"] switch
        {
            "EventId" => e => e.Id == value,
            "EventName" => e => e.Name == value,
            "EventSource" => e => e.Source == value,
            "ReadOnly" => e => (e.IsReadOnly ? "true" : "false") == value,
            "Username" => e => e.Identity.UserName == value,
            "AccessKeyId" => e => e.Identity.AccessKeyId == value,
            "ResourceType" => e => e.Resource?.Type == value,
            "ResourceName" => e => e.Resource?.Name == value,
            var other => throw new AwsException("InvalidLookupAttributesException", $"{other} is not an attribute."),
        };
    }

    /// <summary>The moment whose entries are paged through, and how many of them were read.</summary>
    private (DateTimeOffset AsOf, int Start) Position(JsonObject body)
    {
        if ((string?)body["NextToken"] is not { } token)
            return (log.Now, 0);
        try
        {
            var parts = Encoding.ASCII.GetString(Convert.FromBase64String(token)).Split('|');
            var asOf = new DateTimeOffset(long.Parse(parts[0], CultureInfo.InvariantCulture), TimeSpan.Zero);
            var start = int.Parse(parts[1], CultureInfo.InvariantCulture);
            if (token == Token(body, asOf, start))
                return (asOf, start);
        }
        catch (Exception error) when (error is FormatException or IndexOutOfRangeException or ArgumentException) { }

        throw new AwsException("InvalidNextTokenException", "The token is invalid, or the parameters have changed.");
    }

    /// <summary>A token holds for the request that it came with only.</summary>
    private static string Token(JsonObject body, DateTimeOffset asOf, int start)
    {
        var same = string.Join(
            ",",
            body.Where(p => p.Key != "NextToken")
                .OrderBy(p => p.Key, StringComparer.Ordinal)
                .Select(p => $"{p.Key}={p.Value?.ToJsonString()}")
        );
        return Convert.ToBase64String(
            Encoding.ASCII.GetBytes(
                FormattableString.Invariant($"{asOf.UtcTicks}|{start}|")
                    + Convert.ToBase64String(Encoding.UTF8.GetBytes(same))
            )
        );
    }

    private static DateTimeOffset? Time(JsonObject body, string name) =>
        (double?)body[name] is { } seconds ? DateTimeOffset.FromUnixTimeMilliseconds((long)(seconds * 1000)) : null;

    private JsonObject Describe(TrailEvent entry) =>
        new()
        {
            ["EventId"] = entry.Id,
            ["EventName"] = entry.Name,
            ["ReadOnly"] = entry.IsReadOnly ? "true" : "false",
            ["AccessKeyId"] = entry.Identity.AccessKeyId ?? "",
            ["EventTime"] = entry.Time.ToUnixTimeSeconds(),
            ["EventSource"] = entry.Source,
            ["Username"] = entry.Identity.UserName,
            ["Resources"] = new JsonArray([
                .. entry.Resource is { } resource
                    ? new[]
                    {
                        new JsonObject { ["ResourceType"] = resource.Type, ["ResourceName"] = resource.Name },
                    }
                    : [],
            ]),
            ["CloudTrailEvent"] = Record(entry).ToJsonString(),
        };

    /// <summary>The record itself, as it is in the files of a trail.</summary>
    private JsonObject Record(TrailEvent entry)
    {
        var record = new JsonObject
        {
            ["eventVersion"] = "1.11",
            ["userIdentity"] = entry.Identity.ToJson(),
            ["eventTime"] = entry.Time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            ["eventSource"] = entry.Source,
            ["eventName"] = entry.Name,
            ["awsRegion"] = entry.Region,
            ["sourceIPAddress"] = "192.0.2.0",
            ["userAgent"] = "sandbox",
            ["requestParameters"] = JsonNode.Parse(entry.Request),
            ["responseElements"] = JsonNode.Parse(entry.Response),
            ["requestID"] = entry.RequestId,
            ["eventID"] = entry.Id,
            ["readOnly"] = entry.IsReadOnly,
            ["eventType"] = "AwsApiCall",
            ["managementEvent"] = true,
            ["recipientAccountId"] = accountId,
            ["eventCategory"] = "Management",
        };
        if (entry.Resource is { } resource)
            record["resources"] = new JsonArray(
                new JsonObject
                {
                    ["accountId"] = accountId,
                    ["type"] = resource.Type,
                    ["ARN"] = resource.Arn,
                }
            );
        if (entry.KeyMaterialId is { } material)
            record["additionalEventData"] = new JsonObject { ["keyMaterialId"] = material };
        if (entry.SharedEventId is { } shared)
            record["sharedEventID"] = shared;
        if (entry.ErrorCode is { } code)
            (record["errorCode"], record["errorMessage"]) = (TrailCode(code), entry.ErrorMessage);
        return record;
    }

    /// <summary>CloudTrail has one name for refused permissions.</summary>
    private static string TrailCode(string code) => code == "AccessDeniedException" ? "AccessDenied" : code;
}
