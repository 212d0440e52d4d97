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
        var match = Regex.Match(
            filter ?? "",
            "^\\s*(?:atScopeAndBelow\\(\\)(?:\\s+and\\s+|\\s*$))?"
                + "(?:roleName\\s+eq\\s+'([^']*)'|type\\s+eq\\s+'(BuiltInRole|CustomRole)')?\\s*$"
        );
        if (!match.Success)
            throw ArmApi.BadFilter(filter!);
        var (name, type) = (match.Groups[1].Value, match.Groups[2].Value);
        return AzureResponse.List(
            Visible(caller, scope)
                .Where(r =>
                    (name.Length == 0 || AzureDirectory.Same(r.Name, name))
                    && (type.Length == 0 || r.IsCustom == (type == "CustomRole"))
                )
                .Select(r => Json(r, scope))
        );
    }

    public AzureResponse Read(ServicePrincipal caller, string scope, string id)
    {
        ArmApi.Require(context, caller, Type + "/read", scope);
        return AzureResponse.Ok(Json(Find(caller, scope, id) ?? throw NotFound(id), scope));
    }

    public AzureResponse Put(ServicePrincipal caller, string scope, string id, JsonObject? properties)
    {
        ArmApi.Require(context, caller, Type + "/write", scope);
        var name = properties.Text("roleName");
        var scopes = properties.Texts("assignableScopes");
        if (!Guid.TryParse(id, out _) || name is null || scopes.Count == 0)
            throw Invalid("A role definition needs a GUID, a roleName and assignableScopes.");
        var permissions = (properties?["permissions"] as JsonArray ?? [])
            .OfType<JsonObject>()
            .Select(p => new RolePermission(
                p.Texts("actions"),
                p.Texts("notActions"),
                p.Texts("dataActions"),
                p.Texts("notDataActions")
            ))
            .ToList();
        if (permissions.Count == 0)
            throw Invalid("A role definition needs permissions.");
        if (context.RoleDefinitions.Find(id) is { IsCustom: false })
            throw Invalid($"The role definition '{id}' is built in and cannot be changed.");
        if (Custom(caller).Any(r => AzureDirectory.Same(r.Name, name) && !AzureDirectory.Same(r.Id, id)))
            throw new AzureException(
                409,
                "RoleDefinitionWithSameNameExists",
                "A custom role with the same name already exists in this directory. Use a different name."
            );
        var role = new AzureRole(id, name, permissions)
        {
            Description = properties.Text("description") ?? "",
            AssignableScopes = scopes,
            IsCustom = true,
        };
        context.RoleDefinitions.Put(caller.TenantId, role, context.Now);
        return new AzureResponse(201, Json(role, scope));
    }

    public AzureResponse Delete(ServicePrincipal caller, string scope, string id)
    {
        ArmApi.Require(context, caller, Type + "/delete", scope);
        if (Custom(caller).FirstOrDefault(r => AzureDirectory.Same(r.Id, id)) is not { } role)
            return AzureResponse.NoContent;
        if (context.Roles.Present.Any(a => AzureDirectory.Same(a.RoleId, id)))
            throw new AzureException(
                400,
                "RoleDefinitionHasAssignments",
                $"There are existing role assignments referencing role (code: {id})."
            );
        context.RoleDefinitions.Remove(id);
        return AzureResponse.Ok(Json(role, scope));
    }

    /// <summary>The permissions of the caller's roles on a scope.</summary>
    public AzureResponse ListPermissions(ServicePrincipal caller, string scope) =>
        AzureResponse.List(
            context.Authorization.RolesOf(caller.Id, scope).Distinct().SelectMany(r => r.Permissions).Select(Json)
        );

    /// <summary>The resource id of a role definition.</summary>
    public static string Id(string role, string scope) =>
        (
            scope.Trim('/').Split('/') is { Length: > 1 } path && AzureDirectory.Same(path[0], "subscriptions")
                ? "/subscriptions/" + path[1]
                : ""
        ) + $"/providers/{Type}/{role}";

    public static AzureException NotFound(string id) =>
        new(
            404,
            "RoleDefinitionDoesNotExist",
            $"The specified role definition with ID '{id.Split('/').Last()}' does not exist."
        );

    /// <summary>The definition, if it is built in or a custom one that can be assigned at the scope.</summary>
    public AzureRole? Find(ServicePrincipal caller, string scope, string id) =>
        Visible(caller, scope).FirstOrDefault(r => AzureDirectory.Same(r.Id, id));

    public static JsonObject Json(RolePermission permission) =>
        new()
        {
            ["actions"] = permission.Actions.ToJson(),
            ["notActions"] = permission.NotActions.ToJson(),
            ["dataActions"] = permission.DataActions.ToJson(),
            ["notDataActions"] = permission.NotDataActions.ToJson(),
        };

    private IEnumerable<AzureRole> Visible(ServicePrincipal caller, string scope) =>
        context
            .RoleDefinitions.InTenant(caller.TenantId)
            .Where(r =>
                !r.IsCustom
                || r.AssignableScopes.Any(s => context.Scopes.Covers(s, scope) || context.Scopes.Covers(scope, s))
            );

    private IEnumerable<AzureRole> Custom(ServicePrincipal caller) =>
        context.RoleDefinitions.InTenant(caller.TenantId).Where(r => r.IsCustom);

    private static AzureException Invalid(string message) => new(400, "InvalidRoleDefinition", message);

    private static JsonObject Json(AzureRole role, string scope) =>
        new()
        {
            ["id"] = Id(role.Id, scope),
            ["name"] = role.Id,
            ["type"] = Type,
            ["properties"] = new JsonObject
            {
                ["roleName"] = role.Name,
                ["type"] = role.IsCustom ? "CustomRole" : "BuiltInRole",
                ["description"] = role.IsCustom ? role.Description : role.Name,
                ["assignableScopes"] = role.AssignableScopes.ToJson(),
                ["permissions"] = new JsonArray([.. role.Permissions.Select(Json)]),
            },
        };
}
