using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>Microsoft.Authorization: deny assignments. Nobody can write them.</summary>
internal sealed class ArmDenyAssignments(AzureContext context)
{
    private const string Type = "Microsoft.Authorization/denyAssignments";

    /// <summary>
    /// Without a filter, those at, above and below the scope. atScope() leaves out the ones below; principalId names a
    /// principal literally.
    /// </summary>
    public AzureResponse List(ServicePrincipal caller, string scope, string? filter)
    {
        ArmApi.Require(context, caller, Type + "/read", scope);
        var present = context.DenyAssignments.Where(d => d.ExistsAt(context.Now));
        var above = present.Where(d => context.Scopes.Covers(d.Scope, scope));
        var all = present.Where(d => context.Scopes.Covers(d.Scope, scope) || context.Scopes.Covers(scope, d.Scope));
        if (filter is null)
            return AzureResponse.List(all.Select(Json));
        if (Regex.IsMatch(filter, "^\\s*atScope\\(\\)\\s*$"))
            return AzureResponse.List(above.Select(Json));
        var match = Regex.Match(filter, "^\\s*principalId\\s+eq\\s+'([^']*)'\\s*$");
        return match.Success
            ? AzureResponse.List(
                all.Where(d => d.Principals.Contains(match.Groups[1].Value, StringComparer.OrdinalIgnoreCase))
                    .Select(Json)
            )
            : throw ArmApi.BadFilter(filter);
    }

    public AzureResponse Read(ServicePrincipal caller, string scope, string name)
    {
        ArmApi.Require(context, caller, Type + "/read", scope);
        return AzureResponse.Ok(
            Json(
                context.DenyAssignments.FirstOrDefault(d =>
                    AzureDirectory.Same(d.Name, name) && AzureDirectory.Same(d.Scope, scope) && d.ExistsAt(context.Now)
                )
                    ?? throw new AzureException(
                        404,
                        "DenyAssignmentNotFound",
                        $"The deny assignment '{name}' is not found."
                    )
            )
        );
    }

    private JsonObject Json(DenyAssignment deny) =>
        new()
        {
            ["id"] = deny.Id,
            ["name"] = deny.Name,
            ["type"] = Type,
            ["properties"] = new JsonObject
            {
                ["denyAssignmentName"] = deny.DisplayName,
                ["description"] = "Created by a deployment stack",
                ["permissions"] = new JsonArray(ArmRoleDefinitions.Json(deny.Permission)),
                ["scope"] = deny.Scope,
                ["doNotApplyToChildScopes"] = deny.DoNotApplyToChildScopes,
                ["principals"] = Principals(deny.Principals),
                ["excludePrincipals"] = Principals(deny.ExcludedPrincipals),
                ["isSystemProtected"] = true,
            },
        };

    private JsonArray Principals(IEnumerable<string> ids) =>
        new([
            .. ids.Select(id =>
                (JsonNode)
                    new JsonObject
                    {
                        ["id"] = id,
                        ["type"] =
                            id == DenyAssignment.Everybody ? "SystemDefined"
                            : context.Directory.Groups.Any(g => AzureDirectory.Same(g.Id, id)) ? "Group"
                            : "ServicePrincipal",
                    }
            ),
        ]);
}
