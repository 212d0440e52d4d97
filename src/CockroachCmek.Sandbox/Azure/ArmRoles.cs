using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>Microsoft.Authorization: role assignments with all their traps, role definitions, and what the caller may do.</summary>
internal sealed class ArmRoles(AzureWorld world)
{
    private const string Type = "Microsoft.Authorization/roleAssignments";
    private static readonly string[] Versions =
    [
        "2022-04-01",
        "2022-05-01-preview",
        "2020-04-01-preview",
        "2018-01-01-preview",
        "2015-07-01",
    ];

    public AzureAnswer Answer(
        ServicePrincipal caller,
        AzureRequest request,
        string scope,
        List<string> path,
        string version
    )
    {
        if (!Versions.Contains(version))
            throw new AzureFault(
                400,
                "NoRegisteredProviderFound",
                $"No registered resource provider found for API version '{version}' for type '{string.Join("/", path.Take(1))}'. The supported api-versions are '{string.Join(", ", Versions)}'."
            );
        switch ((request.Method, path.Count > 0 ? path[0].ToLowerInvariant() : "", path.Count))
        {
            case ("GET", "roleassignments", 1):
                return List(caller, scope, request.Query("$filter"));
            case ("GET", "roleassignments", 2):
                Require(caller, "read", scope);
                return AzureAnswer.Ok(Json(Find(scope, path[1]) ?? throw NotFound(path[1])));
            case ("PUT", "roleassignments", 2):
                return Put(caller, scope, path[1], request.Body("InvalidRequestContent").Object("properties"));
            case ("DELETE", "roleassignments", 2):
                return Delete(caller, scope, path[1]);
            case ("GET", "roledefinitions", 1):
                return Definitions(caller, scope, request.Query("$filter"));
            case ("GET", "roledefinitions", 2):
                return AzureAnswer.Ok(Json(AzureRole.Find(path[1]) ?? throw NoDefinition(path[1]), scope));
            case ("GET", "permissions", 1):
                return AzureAnswer.List(world.Roles.Managing(caller.Id, scope).Distinct().Select(Permissions));
            default:
                throw new AzureFault(
                    404,
                    "InvalidResourceType",
                    $"The sandbox has no resource {request.Method} {request.Path}."
                );
        }
    }

    private AzureAnswer Put(ServicePrincipal caller, string scope, string name, JsonObject? properties)
    {
        Require(caller, "write", scope);
        if (!Guid.TryParse(name, out _))
            throw new AzureFault(
                400,
                "InvalidRoleAssignmentId",
                $"The role assignment ID '{name}' is not valid. The role assignment ID must be a GUID."
            );
        var principalId = properties.Text("principalId");
        if (properties is null || !Guid.TryParse(principalId, out _))
            throw new AzureFault(
                400,
                "InvalidPrincipalId",
                "A valid principal ID must be provided for role assignment."
            );
        var role = AzureRole.Find((properties.Text("roleDefinitionId") ?? "").Split('/').Last())
            ?? throw NoDefinition(properties.Text("roleDefinitionId") ?? "");
        RequireScope(scope);
        RequireAssignable(caller, role, scope);
        var type = PrincipalType(caller.TenantId, principalId!, properties.Text("principalType"));

        var present = world.Roles.Present.ToList();
        if (present.FirstOrDefault(a => AzureDirectory.Same(a.Name, name)) is { } named)
        {
            if (
                !AzureDirectory.Same(named.Scope, scope)
                || !AzureDirectory.Same(named.PrincipalId, principalId)
                || named.Role != role
            )
                throw new AzureFault(
                    400,
                    "RoleAssignmentUpdateNotPermitted",
                    "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
                );
            return AzureAnswer.Ok(Json(named));
        }

        // Another name for what is there already is a conflict, not a success (Azure/azure-cli#8599).
        if (
            present.FirstOrDefault(a =>
                AzureDirectory.Same(a.Scope, scope) && AzureDirectory.Same(a.PrincipalId, principalId) && a.Role == role
            ) is
            { } same
        )
            throw new AzureFault(
                409,
                "RoleAssignmentExists",
                $"The role assignment already exists. The ID of the existing role assignment is {same.Name.Replace("-", "")}."
            );
        var made = world.Roles.Assign(
            principalId!,
            role,
            scope,
            name: name,
            principalType: type,
            description: properties.Text("description"),
            createdBy: caller.Id
        );
        return new AzureAnswer(201, Json(made));
    }

    /// <summary>
    /// With the type ServicePrincipal the principal is not looked up: the way to give a role to one that is not replicated yet, and the way in
    /// which a wrong id, for example an application's, is accepted and has no effect.
    /// </summary>
    private string PrincipalType(string tenant, string id, string? stated)
    {
        if (stated is "ServicePrincipal")
            return stated;
        var principal = world.Directory.PrincipalById(id);
        if (
            principal is null
            || !AzureDirectory.Same(principal.TenantId, tenant)
            || !world.Directory.IsKnownToArm(principal)
        )
        {
            throw new AzureFault(
                400,
                "PrincipalNotFound",
                $"Principal {id.Replace("-", "")} does not exist in the directory {tenant}. Check that you have the correct principal ID. "
                    + "If you are creating this principal and then immediately assigning a role, this error might be related to a replication delay. In this case, set the role assignment principalType property to a value, such as ServicePrincipal, User, or Group."
            );
        }

        return stated is null
            ? "ServicePrincipal"
            : throw new AzureFault(
                400,
                "UnmatchedPrincipalType",
                $"The PrincipalId '{id}' has type 'ServicePrincipal', which is different from specified PrincipalType '{stated}'."
            );
    }

    private void RequireScope(string scope)
    {
        var path = scope.Trim('/').Split('/');
        if (path.Length > 3 && !world.Groups.ContainsKey("/" + string.Join("/", path.Take(4))))
            throw ArmService.NoGroup(path[3]);
        // A scope below a vault, as vaults/x/keys/y, need not exist.
        if (
            path.Length > 7
            && AzureDirectory.Same(path[5], "Microsoft.KeyVault")
            && !world.Vaults.Any(v => RoleBook.IsAtOrBelow(scope, v.Id))
        )
            throw ArmVaults.NotFound(path[7], path[3]);
    }

    private void RequireAssignable(ServicePrincipal caller, AzureRole role, string scope)
    {
        var assigning = world.Roles.Managing(caller.Id, scope).Where(r => r.Allows(Type + "/write"));
        if (assigning.All(r => r.AssignsVaultRolesOnly) && !role.Name.StartsWith("Key Vault", StringComparison.Ordinal))
            throw new AzureFault(
                403,
                "AuthorizationFailed",
                $"The client '{caller.Application.AppId}' with object id '{caller.Id}' has an authorization with ABAC condition that is not fulfilled to perform action '{Type}/write' over scope '{scope}'."
            );
    }

    private AzureAnswer Delete(ServicePrincipal caller, string scope, string name)
    {
        Require(caller, "delete", scope);
        if (Find(scope, name) is not { } found)
            return AzureAnswer.NoContent;
        world.Roles.Remove(found);
        return AzureAnswer.Ok(Json(found));
    }

    private AzureAnswer List(ServicePrincipal caller, string scope, string? filter)
    {
        Require(caller, "read", scope);
        var present = world.Roles.Present.Where(a => InTenant(a.Scope, caller.TenantId));
        var above = present.Where(a => a.Covers(scope));
        var below = present.Where(a => !a.Covers(scope) && RoleBook.IsAtOrBelow(a.Scope, scope));
        if (filter is null)
            return AzureAnswer.List(above.Concat(below).Select(Json));
        if (Regex.IsMatch(filter, "^\\s*atScope\\(\\)\\s*$"))
            return AzureAnswer.List(above.Select(Json));
        var principal = Regex.Match(
            filter,
            "^\\s*(?:atScope\\(\\)\\s+and\\s+)?(?:principalId\\s+eq\\s+'([^']*)'|assignedTo\\('([^']*)'\\))\\s*$"
        );
        if (!principal.Success)
            throw new AzureFault(400, "InvalidFilter", $"The filter '{filter}' is not supported.");
        var id = principal.Groups[1].Value + principal.Groups[2].Value;
        var all = filter.Contains("atScope()") ? above : above.Concat(below);
        return AzureAnswer.List(all.Where(a => AzureDirectory.Same(a.PrincipalId, id)).Select(Json));
    }

    private bool InTenant(string scope, string tenant) =>
        scope.Trim('/').Split('/') is { Length: > 1 } path
        && world.Subscriptions.TryGetValue(path[1], out var owner)
        && AzureDirectory.Same(owner, tenant);

    private AzureAnswer Definitions(ServicePrincipal caller, string scope, string? filter)
    {
        ArmService.Require(world, caller, "Microsoft.Authorization/roleDefinitions/read", scope);
        var name =
            filter is null ? null
            : Regex.Match(filter, "^\\s*roleName\\s+eq\\s+'([^']*)'\\s*$") is { Success: true } match
                ? match.Groups[1].Value
            : throw new AzureFault(400, "InvalidFilter", $"The filter '{filter}' is not supported.");
        return AzureAnswer.List(
            AzureRole.All.Where(r => name is null || AzureDirectory.Same(r.Name, name)).Select(r => Json(r, scope))
        );
    }

    private void Require(ServicePrincipal caller, string verb, string scope) =>
        ArmService.Require(world, caller, $"{Type}/{verb}", scope);

    private RoleAssignment? Find(string scope, string name) =>
        world.Roles.Present.FirstOrDefault(a =>
            AzureDirectory.Same(a.Name, name) && AzureDirectory.Same(a.Scope, scope)
        );

    private static JsonObject Json(RoleAssignment assignment) =>
        new()
        {
            ["id"] = $"{assignment.Scope}/providers/{Type}/{assignment.Name}",
            ["name"] = assignment.Name,
            ["type"] = Type,
            ["properties"] = new JsonObject
            {
                ["roleDefinitionId"] = Definition(assignment.Role, assignment.Scope),
                ["principalId"] = assignment.PrincipalId,
                ["principalType"] = assignment.PrincipalType,
                ["scope"] = assignment.Scope,
                ["description"] = assignment.Description,
                ["condition"] = null,
                ["conditionVersion"] = null,
                ["createdOn"] = AzureJson.Time(assignment.Created),
                ["updatedOn"] = AzureJson.Time(assignment.Created),
                ["createdBy"] = assignment.CreatedBy,
                ["updatedBy"] = assignment.CreatedBy,
                ["delegatedManagedIdentityResourceId"] = null,
            },
        };

    private static string Definition(AzureRole role, string scope) =>
        (scope.Trim('/').Split('/') is { Length: > 1 } path ? "/subscriptions/" + path[1] : "")
        + $"/providers/Microsoft.Authorization/roleDefinitions/{role.Id}";

    private static JsonObject Json(AzureRole role, string scope) =>
        new()
        {
            ["id"] = Definition(role, scope),
            ["name"] = role.Id,
            ["type"] = "Microsoft.Authorization/roleDefinitions",
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

    private static AzureFault NotFound(string name) =>
        new(404, "RoleAssignmentNotFound", $"The role assignment '{name}' is not found.");

    private static AzureFault NoDefinition(string id) =>
        new(
            404,
            "RoleDefinitionDoesNotExist",
            $"The specified role definition with ID '{id.Split('/').Last()}' does not exist."
        );
}
