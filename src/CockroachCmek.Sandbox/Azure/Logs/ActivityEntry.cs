using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Azure.Logs;

/// <summary>A write on the control plane.</summary>
internal sealed record ActivityEntry(
    string Id,
    DateTimeOffset At,
    string Operation,
    string ResourceId,
    string Caller,
    string AppId,
    string TenantId,
    string Method,
    int Status,
    string Body
)
{
    /// <summary>The subscription that the write concerns.</summary>
    public string Subscription => ResourceId.Split('/')[2];

    /// <summary>The resource group that the write concerns; empty for a write on a subscription.</summary>
    public string Group =>
        ResourceId.Split('/') is { Length: > 4 } path && AzureDirectory.Same(path[3], "resourceGroups") ? path[4] : "";

    public string Provider => Operation.Split('/')[0];

    /// <summary>Two events for one write, as the activity log has them: its begin and its end.</summary>
    public IEnumerable<JsonObject> Events()
    {
        yield return Event("BeginRequest", "Started", "");
        yield return Event("EndRequest", Status < 300 ? "Succeeded" : "Failed", StatusName);
    }

    private string StatusName => Status == 200 ? "OK" : ((System.Net.HttpStatusCode)Status).ToString();

    private JsonObject Event(string name, string status, string subStatus)
    {
        var properties = new JsonObject { ["statusCode"] = subStatus };
        if (Body.Length > 0)
            properties[name == "BeginRequest" ? "requestbody" : "responseBody"] = Body;
        return new JsonObject
        {
            ["authorization"] = new JsonObject { ["action"] = Operation, ["scope"] = ResourceId },
            ["caller"] = Caller,
            ["claims"] = new JsonObject
            {
                ["appid"] = AppId,
                ["http://schemas.microsoft.com/identity/claims/objectidentifier"] = Caller,
                ["http://schemas.microsoft.com/identity/claims/tenantid"] = TenantId,
            },
            ["correlationId"] = Id,
            ["description"] = "",
            ["eventDataId"] = $"{Id.Substring(0, 24)}{(name == "EndRequest" ? "e" : "b")}{Id.Substring(25)}",
            ["eventName"] = Localizable(name),
            ["category"] = Localizable("Administrative"),
            ["httpRequest"] = new JsonObject { ["clientIpAddress"] = "127.0.0.1", ["method"] = Method },
            ["level"] = Status < 300 ? "Informational" : "Error",
            ["resourceGroupName"] = Group,
            ["resourceProviderName"] = Localizable(Provider),
            ["resourceId"] = ResourceId,
            ["resourceType"] = Localizable(Operation.Substring(0, Operation.LastIndexOf('/'))),
            ["operationId"] = Id,
            ["operationName"] = Localizable(Operation),
            ["properties"] = properties,
            ["status"] = Localizable(status),
            ["subStatus"] = Localizable(subStatus),
            ["eventTimestamp"] = AzureJson.Time(At),
            ["submissionTimestamp"] = AzureJson.Time(At.AddMinutes(1)),
            ["subscriptionId"] = Subscription,
            ["tenantId"] = TenantId,
        };
    }

    private static JsonObject Localizable(string value) => new() { ["value"] = value, ["localizedValue"] = value };
}
