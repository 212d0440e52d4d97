using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>Microsoft.Authorization: role assignments. Delegates role definitions and permissions.</summary>
internal sealed class ArmRoleAssignments(AzureContext context)
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
    private readonly ArmRoleDefinitions _definitions = new(context);

    public AzureResponse Handle(
        ServicePrincipal caller,
        AzureRequest request,
        string scope,
        List<string> path,
        string version
    )
    {
        ArmApi.RequireVersion(version, Versions, string.Join("/", path.Take(1)));
        switch ((request.Method, path.Count > 0 ? path[0].ToLowerInvariant() : "", path.Count))
        {
            case ("GET", "roleassignments", 1):
                return List(caller, scope, request.Query("$filter"));
            case ("GET", "roleassignments", 2):
                Require(caller, "read", scope);
                return AzureResponse.Ok(Json(Find(scope, path[1]) ?? throw NotFound(path[1])));
            case ("PUT", "roleassignments", 2):
                return Put(caller, scope, path[1], request.Body(ArmApi.InvalidBody).Object("properties"));
            case ("DELETE", "roleassignments", 2):
                return Delete(caller, scope, path[1]);
            case ("GET", "roledefinitions", 1):
                return _definitions.List(caller, scope, request.Query("$filter"));
            case ("GET", "roledefinitions", 2):
                return ArmRoleDefinitions.Read(path[1], scope);
            case ("GET", "permissions", 1):
                return _definitions.ListPermissions(caller, scope);
            default:
                throw ArmApi.NoResource(request);
        }
    }

    private AzureResponse Put(ServicePrincipal caller, string scope, string name, JsonObject? properties)
    {
        Require(caller, "write", scope);
        if (!Guid.TryParse(name, out _))
            throw new AzureException(
                400,
                "InvalidRoleAssignmentId",
                $"The role assignment ID '{name}' is not valid. The role assignment ID must be a GUID."
            );
        var principalId = properties.Text("principalId");
        if (properties is null || !Guid.TryParse(principalId, out _))
            throw new AzureException(
                400,
                "InvalidPrincipalId",
                "A valid principal ID must be provided for role assignment."
            );
        var role = AzureRole.Find((properties.Text("roleDefinitionId") ?? "").Split('/').Last())
            ?? throw ArmRoleDefinitions.NotFound(properties.Text("roleDefinitionId") ?? "");
        RequireScope(scope);
        RequireAssignable(caller, role, scope);
        var type = PrincipalType(caller.TenantId, principalId!, properties.Text("principalType"));

        var wanted = new RoleAssignment(name, scope, role, principalId!, type)
        {
            Description = properties.Text("description"),
            CreatedBy = caller.Id,
        };
        return FindPresent(wanted) is { } present
            ? AzureResponse.Ok(Json(present))
            : new AzureResponse(201, Json(context.Roles.Add(wanted)));
    }

    /// <summary>
    /// The assignment of this name if it is the same. The same assignment under another name is a conflict
    /// (Azure/azure-cli#8599).
    /// </summary>
    private RoleAssignment? FindPresent(RoleAssignment wanted)
    {
        if (context.Roles.Present.FirstOrDefault(a => AzureDirectory.Same(a.Name, wanted.Name)) is { } named)
            return named.GrantsSame(wanted)
                ? named
                : throw new AzureException(
                    400,
                    "RoleAssignmentUpdateNotPermitted",
                    "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
                );
        return context.Roles.Present.FirstOrDefault(a => a.GrantsSame(wanted)) is { } same
            ? throw new AzureException(
                409,
                "RoleAssignmentExists",
                "The role assignment already exists. "
                    + $"The ID of the existing role assignment is {same.Name.Replace("-", "")}."
            )
            : null;
    }

    /// <summary>
    /// Checks the principal and returns its type. Azure does not look up a principal whose type is given as
    /// ServicePrincipal. That allows roles for principals that are not replicated yet, and accepts wrong ids, which
    /// then have no effect.
    /// </summary>
    private string PrincipalType(string tenant, string id, string? stated)
    {
        if (stated is "ServicePrincipal")
            return stated;
        var principal = context.Directory.PrincipalById(id);
        if (
            principal is null
            || !AzureDirectory.Same(principal.TenantId, tenant)
            || !context.Directory.IsKnownToArm(principal)
        )
        {
            throw new AzureException(
                400,
                "PrincipalNotFound",
                $"Principal {id.Replace("-", "")} does not exist in the directory {tenant}. "
                    + "Check that you have the correct principal ID. "
                    + "If you are creating this principal and then immediately assigning a role, "
                    + "this error might be related to a replication delay. "
                    + "In this case, set the role assignment principalType property to a value, "
                    + "such as ServicePrincipal, User, or Group."
            );
        }

        return stated is null
            ? "ServicePrincipal"
            : throw new AzureException(
                400,
                "UnmatchedPrincipalType",
                $"The PrincipalId '{id}' has type 'ServicePrincipal', "
                    + $"which is different from specified PrincipalType '{stated}'."
            );
    }

    private void RequireScope(string scope)
    {
        var path = scope.Trim('/').Split('/');
        if (path.Length > 3 && !context.Groups.ContainsKey("/" + string.Join("/", path.Take(4))))
            throw ArmApi.NoGroup(path[3]);
        // A scope below a key vault, for example vaults/x/keys/y, does not have to exist.
        if (
            path.Length > 7
            && AzureDirectory.Same(path[5], "Microsoft.KeyVault")
            && !context.KeyVaults.Any(v => RoleAssignments.IsAtOrBelow(scope, v.Id))
        )
            throw ArmKeyVaults.NotFound(path[7], path[3]);
    }

    private void RequireAssignable(ServicePrincipal caller, AzureRole role, string scope)
    {
        var assigning = context.Roles.RolesOf(caller.Id, scope).Where(r => r.Allows(Type + "/write"));
        if (
            assigning.All(r => r.AssignsKeyVaultRolesOnly)
            && !role.Name.StartsWith("Key Vault", StringComparison.Ordinal)
        )
            throw new AzureException(
                403,
                "AuthorizationFailed",
                $"The client '{caller.Application.AppId}' with object id '{caller.Id}' has an authorization with ABAC "
                    + $"condition that is not fulfilled to perform action '{Type}/write' over scope '{scope}'."
            );
    }

    private AzureResponse Delete(ServicePrincipal caller, string scope, string name)
    {
        Require(caller, "delete", scope);
        if (Find(scope, name) is not { } found)
            return AzureResponse.NoContent;
        context.Roles.Remove(found);
        return AzureResponse.Ok(Json(found));
    }

    private AzureResponse List(ServicePrincipal caller, string scope, string? filter)
    {
        Require(caller, "read", scope);
        var present = context.Roles.Present.Where(a => InTenant(a.Scope, caller.TenantId));
        var above = present.Where(a => a.Covers(scope));
        var below = present.Where(a => !a.Covers(scope) && RoleAssignments.IsAtOrBelow(a.Scope, scope));
        if (filter is null)
            return AzureResponse.List(above.Concat(below).Select(Json));
        if (Regex.IsMatch(filter, "^\\s*atScope\\(\\)\\s*$"))
            return AzureResponse.List(above.Select(Json));
        var principal = Regex.Match(
            filter,
            "^\\s*(?:atScope\\(\\)\\s+and\\s+)?(?:principalId\\s+eq\\s+'([^']*)'|assignedTo\\('([^']*)'\\))\\s*$"
        );
        if (!principal.Success)
            throw new AzureException(400, "InvalidFilter", $"The filter '{filter}' is not supported.");
        var id = principal.Groups[1].Value + principal.Groups[2].Value;
        var all = filter.Contains("atScope()") ? above : above.Concat(below);
        return AzureResponse.List(all.Where(a => AzureDirectory.Same(a.PrincipalId, id)).Select(Json));
    }

    private bool InTenant(string scope, string tenant) =>
        scope.Trim('/').Split('/') is { Length: > 1 } path
        && context.Subscriptions.TryGetValue(path[1], out var owner)
        && AzureDirectory.Same(owner, tenant);

    private void Require(ServicePrincipal caller, string verb, string scope) =>
        ArmApi.Require(context, caller, $"{Type}/{verb}", scope);

    private RoleAssignment? Find(string scope, string name) =>
        context.Roles.Present.FirstOrDefault(a =>
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
                ["roleDefinitionId"] = ArmRoleDefinitions.Id(assignment.Role, assignment.Scope),
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

    private static AzureException NotFound(string name) =>
        new(404, "RoleAssignmentNotFound", $"The role assignment '{name}' is not found.");
}
