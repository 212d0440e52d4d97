using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>Microsoft.Authorization: role definitions, and the permissions of the caller.</summary>
internal sealed class ArmRoleDefinitions(AzureContext context)
{
    private const string Type = "Microsoft.Authorization/roleDefinitions";

    public AzureResponse List(ServicePrincipal caller, string scope, string? filter)
    {
        ArmApi.Require(context, caller, Type + "/read", scope);
        var name =
            filter is null ? null
            : Regex.Match(filter, "^\\s*roleName\\s+eq\\s+'([^']*)'\\s*$") is { Success: true } match
                ? match.Groups[1].Value
            : throw new AzureException(400, "InvalidFilter", $"The filter '{filter}' is not supported.");
        return AzureResponse.List(
            AzureRole.All.Where(r => name is null || AzureDirectory.Same(r.Name, name)).Select(r => Json(r, scope))
        );
    }

    public static AzureResponse Read(string id, string scope) =>
        AzureResponse.Ok(Json(AzureRole.Find(id) ?? throw NotFound(id), scope));

    /// <summary>The permissions of the caller's roles on a scope.</summary>
    public AzureResponse ListPermissions(ServicePrincipal caller, string scope) =>
        AzureResponse.List(context.Roles.RolesOf(caller.Id, scope).Distinct().Select(Permissions));

    /// <summary>The resource id of a role definition.</summary>
    public static string Id(AzureRole role, string scope) =>
        (scope.Trim('/').Split('/') is { Length: > 1 } path ? "/subscriptions/" + path[1] : "")
        + $"/providers/{Type}/{role.Id}";

    public static AzureException NotFound(string id) =>
        new(
            404,
            "RoleDefinitionDoesNotExist",
            $"The specified role definition with ID '{id.Split('/').Last()}' does not exist."
        );

    private static JsonObject Json(AzureRole role, string scope) =>
        new()
        {
            ["id"] = Id(role, scope),
            ["name"] = role.Id,
            ["type"] = Type,
            ["properties"] = new JsonObject
            {
                ["roleName"] = role.Name,
                ["type"] = "BuiltInRole",
                ["description"] = role.Name,
                ["assignableScopes"] = new JsonArray("/"),
                ["permissions"] = new JsonArray(Permissions(role)),
            },
        };

    private static JsonObject Permissions(AzureRole role) =>
        new()
        {
            ["actions"] = role.Actions.ToJson(),
            ["notActions"] = role.NotActions.ToJson(),
            ["dataActions"] = role.DataActions.ToJson(),
            ["notDataActions"] = new JsonArray(),
        };
}
