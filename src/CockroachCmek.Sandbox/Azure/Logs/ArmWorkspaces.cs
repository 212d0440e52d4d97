using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Azure.Logs;

/// <summary>Microsoft.OperationalInsights: Log Analytics workspaces.</summary>
internal sealed class ArmWorkspaces(AzureContext context, AzureData data)
{
    public const string Type = "Microsoft.OperationalInsights/workspaces";
    private static readonly string[] Versions = ["2020-08-01", "2022-10-01", "2023-09-01", "2025-02-01"];

    public AzureResponse Handle(ServicePrincipal caller, AzureRequest request, string version)
    {
        ArmApi.RequireVersion(version, Versions, "workspaces");
        var path = request.Segments;
        var isResource = path.Count is 7 or 8 && AzureDirectory.Same(path[6], "workspaces");
        if (!isResource)
            throw ArmApi.NoResource(request);
        var group = ArmKeyVaults.Group(path);
        var id = path.Count == 7 ? group : $"{group}/providers/{Type}/{path[7]}";
        ArmApi.Require(context, caller, $"{Type}/{(request.Method == "PUT" ? "write" : "read")}", id);
        if (!context.Groups.ContainsKey(group))
            throw ArmApi.NoGroup(path[3]);
        var found = data.Workspaces.FirstOrDefault(w => AzureDirectory.Same(w.Id, id));
        return (request.Method, path.Count) switch
        {
            ("GET", 7) => AzureResponse.List(
                data.Workspaces.Where(w => AzureScopes.IsAtOrBelow(w.Id, group)).Select(Json)
            ),
            ("GET", _) => AzureResponse.Ok(
                Json(
                    found
                        ?? throw new AzureException(
                            404,
                            "ResourceNotFound",
                            $"The Resource '{Type}/{path[7]}' under resource group '{path[3]}' was not found."
                        )
                )
            ),
            ("PUT", 8) => Put(found, id, request.Body(ArmApi.InvalidBody)),
            _ => throw ArmApi.NoResource(request),
        };
    }

    private AzureResponse Put(LogWorkspace? found, string id, JsonObject body)
    {
        var location = body.Text("location")
            ?? throw new AzureException(400, "LocationRequired", "The location property is required.");
        var days = body.Object("properties").Number("retentionInDays") ?? found?.RetentionDays ?? 30;
        if (days is < 30 or > 730)
            throw new AzureException(
                400,
                "InvalidParameter",
                $"'RetentionInDays' property doesn't match the SKU limits: {days}."
            );
        context.Locks.RequireWrite(id);
        var quota = (
            body.Object("properties").Object("workspaceCapping")?["dailyQuotaGb"] as JsonValue
        )?.GetValue<double>();
        if (found is not null)
        {
            (found.RetentionDays, found.DailyQuota) = ((int)days, quota > 0 ? quota : null);
            return AzureResponse.Ok(Json(found));
        }

        var created = new LogWorkspace(id, location, (int)days, context.Now) { DailyQuota = quota > 0 ? quota : null };
        data.Workspaces.Add(created);
        return new AzureResponse(201, Json(created));
    }

    private static JsonObject Json(LogWorkspace workspace) =>
        new()
        {
            ["id"] = workspace.Id,
            ["name"] = workspace.Name,
            ["type"] = Type,
            ["location"] = workspace.Location,
            ["properties"] = new JsonObject
            {
                ["customerId"] = workspace.CustomerId,
                ["provisioningState"] = "Succeeded",
                ["sku"] = new JsonObject { ["name"] = "PerGB2018" },
                ["retentionInDays"] = workspace.RetentionDays,
                ["workspaceCapping"] = new JsonObject
                {
                    ["dailyQuotaGb"] = workspace.DailyQuota ?? -1,
                    ["dataIngestionStatus"] = "RespectQuota",
                },
                ["createdDate"] = AzureJson.Time(workspace.Created),
                ["publicNetworkAccessForIngestion"] = "Enabled",
                ["publicNetworkAccessForQuery"] = "Enabled",
            },
        };
}
