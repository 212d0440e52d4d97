using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>Microsoft Graph: service principals of the caller's tenant.</summary>
internal sealed class GraphServicePrincipals(AzureContext context)
{
    private const string ReadAll = "Application.Read.All";
    private const string ReadWriteAll = "Application.ReadWrite.All";
    private const string Set = "servicePrincipals";

    public AzureResponse List(ServicePrincipal caller, AzureRequest request)
    {
        GraphApi.Require(caller, ReadAll);
        return GraphApi.List(request, Set, context.Directory.InTenant(caller.TenantId).Select(Json));
    }

    public AzureResponse Read(ServicePrincipal caller, string id) => One(Find(caller, id, ReadAll));

    /// <summary>The service principal with this object id. Requires the permission first.</summary>
    public ServicePrincipal Find(ServicePrincipal caller, string id, string permission = ReadWriteAll)
    {
        GraphApi.Require(caller, permission);
        return InTenant(caller, id);
    }

    public ServicePrincipal InTenant(ServicePrincipal caller, string id) =>
        context.Directory.InTenant(caller.TenantId).FirstOrDefault(p => AzureDirectory.Same(p.Id, id))
        ?? throw GraphApi.NotFound(id);

    /// <summary>
    /// Requests that name the principal by its application. PATCH with "Prefer: create-if-missing" also creates it
    /// (learn.microsoft.com, "Upsert servicePrincipal").
    /// </summary>
    public AzureResponse ByApplication(AzureRequest request, ServicePrincipal caller, string appId)
    {
        GraphApi.Require(caller, request.Method == "GET" ? ReadAll : ReadWriteAll);
        var principal = context.Directory.Principal(caller.TenantId, appId);
        var isUpsert =
            request.Method == "PATCH"
            && request.Header("Prefer") is { } prefer
            && prefer.IndexOf("create-if-missing", StringComparison.OrdinalIgnoreCase) >= 0;
        if (principal is null)
            return isUpsert ? Create(caller, appId) : throw GraphApi.NotFound(appId);
        return request.Method switch
        {
            "GET" => One(principal),
            "PATCH" => Update(principal, request.Body("Request_BadRequest")),
            "DELETE" => Delete(principal),
            _ => throw new AzureException(
                405,
                "Request_BadRequest",
                "Specified HTTP method is not allowed for the request target."
            ),
        };
    }

    public AzureResponse Create(ServicePrincipal caller, string? appId)
    {
        GraphApi.Require(caller, ReadWriteAll);
        if (!Guid.TryParse(appId, out _))
            throw GraphApi.Bad("Invalid value specified for property 'appId' of resource 'ServicePrincipal'.");
        var application = context.Directory.Application(appId);
        if (
            application is null
            || (!application.IsMultiTenant && !AzureDirectory.Same(application.HomeTenantId, caller.TenantId))
        )
            throw GraphApi.Bad(
                $"The appId '{appId}' of the service principal does not reference a valid application object."
            );
        if (context.Directory.Principal(caller.TenantId, appId) is not null)
            throw GraphApi.Conflict(
                "The service principal cannot be created, updated, or restored "
                    + $"because the service principal name {appId} is already in use."
            );
        var created = context.Directory.AddPrincipal(application, caller.TenantId);
        return new AzureResponse(201, GraphApi.Entity(Set, Json(created)));
    }

    public static AzureResponse Update(ServicePrincipal principal, JsonObject body)
    {
        if (body.Flag("accountEnabled") is { } enabled)
            principal.IsEnabled = enabled;
        return AzureResponse.NoContent;
    }

    public AzureResponse Delete(ServicePrincipal principal)
    {
        context.Directory.Remove(principal);
        return AzureResponse.NoContent;
    }

    private static AzureResponse One(ServicePrincipal principal) =>
        AzureResponse.Ok(GraphApi.Entity(Set, Json(principal)));

    /// <summary>A service principal as an element of a list of directory objects.</summary>
    public static JsonObject Typed(ServicePrincipal principal)
    {
        var json = Json(principal);
        json["@odata.type"] = "#microsoft.graph.servicePrincipal";
        return json;
    }

    private static JsonObject Json(ServicePrincipal principal) =>
        new()
        {
            ["id"] = principal.Id,
            ["accountEnabled"] = principal.IsEnabled,
            ["appId"] = principal.Application.AppId,
            ["appDisplayName"] = principal.Application.DisplayName,
            ["displayName"] = principal.Application.DisplayName,
            ["appOwnerOrganizationId"] = principal.Application.HomeTenantId,
            ["servicePrincipalType"] = "Application",
            ["servicePrincipalNames"] = new JsonArray(principal.Application.AppId),
            ["signInAudience"] = principal.Application.IsMultiTenant ? "AzureADMultipleOrgs" : "AzureADMyOrg",
            ["createdDateTime"] = AzureJson.Time(principal.Created),
        };
}
