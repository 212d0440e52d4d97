using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>Microsoft.Management: management groups. Only what the caller can read is listed.</summary>
internal sealed class ArmManagementGroups(AzureContext context)
{
    private const string Type = "Microsoft.Management/managementGroups";
    private static readonly string[] Versions = ["2020-05-01", "2021-04-01", "2023-04-01"];

    public AzureResponse Handle(ServicePrincipal caller, AzureRequest request, string version)
    {
        ArmApi.RequireVersion(version, Versions, "managementGroups");
        var path = request.Segments;
        if (request.Method != "GET" || path.Count is not (3 or 4) || !AzureDirectory.Same(path[2], "managementGroups"))
            throw ArmApi.NoResource(request);
        var groups = context.ManagementGroups.Where(g => AzureDirectory.Same(g.TenantId, caller.TenantId));
        if (path.Count == 3)
            return AzureResponse.List(
                groups
                    .Where(g => context.Authorization.IsAllowed(caller.Id, Type + "/read", g.Id))
                    .Select(g => Json(g, withParent: false))
            );
        // A group that does not exist is refused like one that the caller cannot read.
        ArmApi.Require(context, caller, Type + "/read", AzureScopes.ManagementGroups + path[3]);
        return AzureResponse.Ok(Json(groups.First(g => AzureDirectory.Same(g.Name, path[3])), withParent: true));
    }

    private JsonObject Json(ManagementGroup group, bool withParent)
    {
        var properties = new JsonObject { ["tenantId"] = group.TenantId, ["displayName"] = group.DisplayName };
        if (withParent && group.Parent is { } parent)
            properties["details"] = new JsonObject
            {
                ["parent"] = new JsonObject
                {
                    ["id"] = AzureScopes.ManagementGroups + parent,
                    ["name"] = parent,
                    ["displayName"] = context.Scopes.Find(parent)?.DisplayName,
                },
            };
        return new JsonObject
        {
            ["id"] = group.Id,
            ["name"] = group.Name,
            ["type"] = Type,
            ["properties"] = properties,
        };
    }
}
