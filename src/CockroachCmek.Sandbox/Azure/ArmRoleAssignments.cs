using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>Microsoft.Authorization: role assignments.</summary>
internal sealed class ArmRoleAssignments(AzureContext context)
{
    private const string Type = "Microsoft.Authorization/roleAssignments";

    /// <summary>assignedTo() is transitive through groups; principalId is literal.</summary>
    private static readonly Regex Filter = new(
        "^\\s*(?:(?<at>atScope\\(\\))|principalId\\s+eq\\s+'(?<literal>[^']*)'"
            + "|(?:(?<at>atScope\\(\\))\\s+and\\s+)?assignedTo\\('(?<member>[^']*)'\\))\\s*$",
        RegexOptions.CultureInvariant
    );

    private readonly ArmRoleDefinitions _definitions = new(context);

    public AzureResponse Read(ServicePrincipal caller, string scope, string name)
    {
        Require(caller, "read", scope);
        return AzureResponse.Ok(Json(Find(scope, name) ?? throw NotFound(name)));
    }

    public AzureResponse Put(ServicePrincipal caller, string scope, string name, JsonObject? properties)
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
        RequireScope(scope);
        var role = _definitions.Find(caller, scope, (properties.Text("roleDefinitionId") ?? "").Split('/').Last())
            ?? throw ArmRoleDefinitions.NotFound(properties.Text("roleDefinitionId") ?? "");
        RequireAssignable(caller, role, scope);
        var type = PrincipalType(caller.TenantId, principalId!, properties.Text("principalType"));

        var wanted = new RoleAssignment(name, scope, role.Id, principalId!, type)
        {
            Description = properties.Text("description"),
            Condition = Condition(properties),
            CreatedBy = caller.Id,
        };
        context.Locks.RequireWrite(Id(wanted));
        context.Policies.RequireRoleAssignment(Id(wanted));
        if (FindPresent(wanted) is not { } present)
            return new AzureResponse(201, Json(context.Roles.Add(wanted)));
        return AzureResponse.Ok(
            Json(
                present.Condition == wanted.Condition && present.Description == wanted.Description
                    ? present
                    : context.Roles.Change(present, wanted)
            )
        );
    }

    /// <summary>The condition, after a check of its syntax. Codes and texts of the refusals are guessed.</summary>
    private string? Condition(JsonObject properties)
    {
        if (properties.Text("condition") is not { } condition)
            return null;
        if (properties.Text("conditionVersion") != "2.0")
            throw new AzureException(400, "InvalidConditionVersion", "The condition version must be 2.0.");
        try
        {
            RoleCondition.Evaluate(condition, "", context.Now);
            return condition;
        }
        catch (FormatException error)
        {
            throw new AzureException(400, "InvalidCondition", error.Message);
        }
    }

    /// <summary>
    /// The assignment of this name if it is the same. The same assignment under another name is a conflict
    /// (Azure/azure-cli#8599). Bodies of 2025 do not name the other one (hashicorp/terraform-provider-azurerm#28557).
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
                "The role assignment already exists."
                    + (
                        context.NamesExistingAssignment
                            ? $" The ID of the existing role assignment is {same.Name.Replace("-", "")}."
                            : ""
                    )
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
        if (KnownType(tenant, id) is not { } type)
            throw new AzureException(
                400,
                "PrincipalNotFound",
                $"Principal {id.Replace("-", "")} does not exist in the directory {tenant}. "
                    + "Check that you have the correct principal ID. "
                    + "If you are creating this principal and then immediately assigning a role, "
                    + "this error might be related to a replication delay. "
                    + "In this case, set the role assignment principalType property to a value, "
                    + "such as ServicePrincipal, User, or Group. See https://aka.ms/docs-principaltype"
            );
        return stated is null || stated == type
            ? type
            : throw new AzureException(
                400,
                "UnmatchedPrincipalType",
                $"The PrincipalId '{id}' has type '{type}', "
                    + $"which is different from specified PrincipalType '{stated}'."
            );
    }

    /// <summary>The type of a principal; null if ARM does not know it, or not yet.</summary>
    private string? KnownType(string tenant, string id)
    {
        if (context.Directory.Group(tenant, id) is not null)
            return "Group";
        var principal = context.Directory.PrincipalById(id);
        return
            principal is not null
            && AzureDirectory.Same(principal.TenantId, tenant)
            && context.Directory.IsKnownToArm(principal)
            ? "ServicePrincipal"
            : null;
    }

    private void RequireScope(string scope)
    {
        if (context.Scopes.TenantOf(scope) is null)
            throw new AzureException(404, "ScopeNotFound", $"The scope '{scope}' could not be found.");
        var path = scope.Trim('/').Split('/');
        if (AzureDirectory.Same(path[0], "providers"))
            return;
        if (path.Length > 3 && !context.Groups.ContainsKey("/" + string.Join("/", path.Take(4))))
            throw ArmApi.NoGroup(path[3]);
        // A scope below a key vault, for example vaults/x/keys/y, does not have to exist.
        if (
            path.Length > 7
            && AzureDirectory.Same(path[5], "Microsoft.KeyVault")
            && !context.KeyVaults.Any(v => AzureScopes.IsAtOrBelow(scope, v.Id))
        )
            throw ArmKeyVaults.NotFound(path[7], path[3]);
    }

    private void RequireAssignable(ServicePrincipal caller, AzureRole role, string scope)
    {
        var assigning = context.Authorization.RolesOf(caller.Id, scope).Where(r => r.Allows(Type + "/write"));
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

    public AzureResponse Delete(ServicePrincipal caller, string scope, string name)
    {
        Require(caller, "delete", scope);
        if (Find(scope, name) is not { } found)
            return AzureResponse.NoContent;
        context.Locks.RequireDelete(Id(found));
        context.Roles.Remove(found);
        return AzureResponse.Ok(Json(found));
    }

    public AzureResponse List(ServicePrincipal caller, string scope, string? filter)
    {
        Require(caller, "read", scope);
        var present = context.Roles.Present.Where(a =>
            AzureDirectory.Same(context.Scopes.TenantOf(a.Scope), caller.TenantId)
        );
        var above = present.Where(a => context.Scopes.Covers(a.Scope, scope));
        var below = present.Where(a => !context.Scopes.Covers(a.Scope, scope) && context.Scopes.Covers(scope, a.Scope));
        if (filter is null)
            return AzureResponse.List(above.Concat(below).Select(Json));
        // The server does not accept atScope() together with principalId (azure-cli, command_modules/role/custom.py).
        var match = Filter.Match(filter);
        if (!match.Success)
            throw ArmApi.BadFilter(filter);
        var all = match.Groups["at"].Success ? above : above.Concat(below);
        if (match.Groups["literal"] is { Success: true } literal)
            all = all.Where(a => AzureDirectory.Same(a.PrincipalId, literal.Value));
        if (match.Groups["member"] is { Success: true } member)
        {
            var identities = context.Directory.IdentitiesOf(member.Value, context.Now);
            all = all.Where(a => identities.Contains(a.PrincipalId));
        }

        return AzureResponse.List(all.Select(Json));
    }

    private void Require(ServicePrincipal caller, string verb, string scope) =>
        ArmApi.Require(context, caller, $"{Type}/{verb}", scope);

    private RoleAssignment? Find(string scope, string name) =>
        context.Roles.Present.FirstOrDefault(a =>
            AzureDirectory.Same(a.Name, name) && AzureDirectory.Same(a.Scope, scope)
        );

    private static string Id(RoleAssignment assignment) => $"{assignment.Scope}/providers/{Type}/{assignment.Name}";

    private static JsonObject Json(RoleAssignment assignment) =>
        new()
        {
            ["id"] = Id(assignment),
            ["name"] = assignment.Name,
            ["type"] = Type,
            ["properties"] = new JsonObject
            {
                ["roleDefinitionId"] = ArmRoleDefinitions.Id(assignment.RoleId, assignment.Scope),
                ["principalId"] = assignment.PrincipalId,
                ["principalType"] = assignment.PrincipalType,
                ["scope"] = assignment.Scope,
                ["description"] = assignment.Description,
                ["condition"] = assignment.Condition,
                ["conditionVersion"] = assignment.Condition is null ? null : "2.0",
                ["createdOn"] = AzureJson.Time(assignment.Created),
                ["updatedOn"] = AzureJson.Time(assignment.Updated),
                ["createdBy"] = assignment.CreatedBy,
                ["updatedBy"] = assignment.CreatedBy,
                ["delegatedManagedIdentityResourceId"] = null,
            },
        };

    private static AzureException NotFound(string name) =>
        new(404, "RoleAssignmentNotFound", $"The role assignment '{name}' is not found.");
}
