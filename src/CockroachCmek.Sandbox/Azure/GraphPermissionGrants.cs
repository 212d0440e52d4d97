using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>Microsoft Graph: delegated permission grants of the caller's tenant.</summary>
internal sealed class GraphPermissionGrants(AzureContext context)
{
    private const string Set = "oauth2PermissionGrants";

    public AzureResponse List(ServicePrincipal caller, AzureRequest request) =>
        List(caller, request, g => AzureDirectory.Same(g.TenantId, caller.TenantId));

    /// <summary>The grants of one service principal.</summary>
    public AzureResponse ListOf(ServicePrincipal owner, ServicePrincipal caller, AzureRequest request) =>
        List(caller, request, g => g.ClientId == owner.Id);

    public AzureResponse Create(ServicePrincipal caller, JsonObject body)
    {
        GraphApi.Require(caller, "DelegatedPermissionGrant.ReadWrite.All");
        var (client, resource) = (Required(body, "clientId"), Required(body, "resourceId"));
        foreach (var id in new[] { client, resource })
            if (!context.Directory.InTenant(caller.TenantId).Any(p => AzureDirectory.Same(p.Id, id)))
                throw GraphApi.Bad($"The object '{id}' does not reference a service principal of this tenant.");
        var type = Required(body, "consentType");
        var principalId = body.Text("principalId");
        if (type is not ("AllPrincipals" or "Principal") || (type == "Principal") != (principalId is not null))
            throw GraphApi.Bad(
                "Invalid value specified for property 'consentType' of resource 'OAuth2PermissionGrant'."
            );
        if (
            context.Directory.Grants.Any(g =>
                AzureDirectory.Same(g.ClientId, client)
                && AzureDirectory.Same(g.ResourceId, resource)
                && g.PrincipalId == principalId
            )
        )
            throw GraphApi.Conflict("Permission entry already exists.");
        var grant = new PermissionGrant(
            Base64Url.Encode(Guid.NewGuid().ToByteArray()) + Base64Url.Encode(Guid.NewGuid().ToByteArray()),
            caller.TenantId,
            client,
            type,
            principalId,
            resource,
            Required(body, "scope")
        );
        context.Directory.Grants.Add(grant);
        return new AzureResponse(201, GraphApi.Entity(Set, Json(grant)));
    }

    public AzureResponse Delete(ServicePrincipal caller, string id)
    {
        GraphApi.Require(caller, "DelegatedPermissionGrant.ReadWrite.All");
        var removed = context.Directory.Grants.RemoveAll(g =>
            g.Id == id && AzureDirectory.Same(g.TenantId, caller.TenantId)
        );
        return removed > 0 ? AzureResponse.NoContent : throw GraphApi.NotFound(id);
    }

    private AzureResponse List(ServicePrincipal caller, AzureRequest request, Func<PermissionGrant, bool> isWanted)
    {
        GraphApi.Require(caller, "DelegatedPermissionGrant.Read.All");
        return GraphApi.List(request, Set, context.Directory.Grants.Where(isWanted).Select(Json));
    }

    private static string Required(JsonObject body, string name) =>
        body.Text(name) is { Length: > 0 } text
            ? text
            : throw GraphApi.Bad($"A value is required for property '{name}' of resource 'OAuth2PermissionGrant'.");

    private static JsonObject Json(PermissionGrant grant) =>
        new()
        {
            ["id"] = grant.Id,
            ["clientId"] = grant.ClientId,
            ["consentType"] = grant.ConsentType,
            ["principalId"] = grant.PrincipalId,
            ["resourceId"] = grant.ResourceId,
            ["scope"] = grant.Scope,
        };
}
