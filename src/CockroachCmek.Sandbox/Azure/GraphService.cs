using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>Microsoft Graph v1.0: service principals and the delegated permissions they were granted.</summary>
internal sealed class GraphService(AzureWorld world) : IAzureService
{
    private static readonly Regex Equality = new("^\\s*(\\w+)\\s+eq\\s+'([^']*)'\\s*$", RegexOptions.CultureInvariant);
    private static readonly Regex ByAppId = new(
        "^servicePrincipals\\(appId='([^']*)'\\)$",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase
    );

    public AzureAnswer Answer(AzureRequest request)
    {
        if (request.Segments.Count < 2 || request.Segments[0] != "v1.0")
            throw new AzureFault(400, "BadRequest", "Resource not found for the segment.");
        var caller = Authenticate(request);
        var path = request.Segments.Skip(1).ToList();
        if (ByAppId.Match(path[0]) is { Success: true } key && path.Count == 1)
            return ByApplication(request, caller, key.Groups[1].Value);
        switch ((request.Method, path[0].ToLowerInvariant(), path.Count))
        {
            case ("GET", "serviceprincipals", 1):
                return List(caller, request, "servicePrincipals", Here(caller), Json);
            case ("POST", "serviceprincipals", 1):
                return Create(caller, request.Body("Request_BadRequest").Text("appId"));
            case ("GET", "serviceprincipals", 2):
                return One(Find(caller, path[1], "Application.Read.All"));
            case ("PATCH", "serviceprincipals", 2):
                return Update(Find(caller, path[1]), request.Body("Request_BadRequest"));
            case ("DELETE", "serviceprincipals", 2):
                return Delete(Find(caller, path[1]));
            case ("GET", "serviceprincipals", 3) when AzureDirectory.Same(path[2], "oauth2PermissionGrants"):
                var owner = Find(caller, path[1], "Application.Read.All");
                return List(
                    caller,
                    request,
                    "oauth2PermissionGrants",
                    world.Directory.Grants.Where(g => g.ClientId == owner.Id),
                    Json
                );
            case ("GET", "oauth2permissiongrants", 1):
                return List(
                    caller,
                    request,
                    "oauth2PermissionGrants",
                    world.Directory.Grants.Where(g => AzureDirectory.Same(g.TenantId, caller.TenantId)),
                    Json
                );
            case ("POST", "oauth2permissiongrants", 1):
                return Grant(caller, request.Body("Request_BadRequest"));
            case ("DELETE", "oauth2permissiongrants", 2):
                return Withdraw(caller, path[1]);
            default:
                throw new AzureFault(400, "BadRequest", $"Resource not found for the segment '{path[0]}'.");
        }
    }

    public JsonObject Describe(AzureFault fault) =>
        new()
        {
            ["error"] = new JsonObject
            {
                ["code"] = fault.Code,
                ["message"] = fault.Message,
                ["innerError"] = new JsonObject
                {
                    ["date"] = world.Now.ToString(
                        "yyyy-MM-dd'T'HH:mm:ss",
                        System.Globalization.CultureInfo.InvariantCulture
                    ),
                    ["request-id"] = Guid.NewGuid().ToString("D"),
                    ["client-request-id"] = Guid.NewGuid().ToString("D"),
                },
            },
        };

    private ServicePrincipal Authenticate(AzureRequest request)
    {
        if (request.Token is null)
            throw new AzureFault(401, "InvalidAuthenticationToken", "Access token is empty.");
        var token = world.Directory.Token(request.Token)
            ?? throw new AzureFault(
                401,
                "InvalidAuthenticationToken",
                "Access token validation failure. The token has expired or was not issued here."
            );
        return token.Audience == AzureDirectory.GraphAudience
            ? token.Principal
            : throw new AzureFault(
                401,
                "InvalidAuthenticationToken",
                "Access token validation failure. Invalid audience."
            );
    }

    /// <summary>Which application permission is needed. What may write may read.</summary>
    private static void Require(ServicePrincipal caller, string permission)
    {
        var write = permission.Replace(".Read.", ".ReadWrite.");
        if (!caller.GraphRoles.Any(r => r == permission || r == write || r == "Directory.ReadWrite.All"))
            throw new AzureFault(
                403,
                "Authorization_RequestDenied",
                "Insufficient privileges to complete the operation."
            );
    }

    private IEnumerable<ServicePrincipal> Here(ServicePrincipal caller) =>
        world.Directory.Principals.Where(p => AzureDirectory.Same(p.TenantId, caller.TenantId));

    private ServicePrincipal Find(ServicePrincipal caller, string id, string permission = "Application.ReadWrite.All")
    {
        Require(caller, permission);
        return Here(caller).FirstOrDefault(p => AzureDirectory.Same(p.Id, id)) ?? throw NotFound(id);
    }

    private AzureAnswer ByApplication(AzureRequest request, ServicePrincipal caller, string appId)
    {
        Require(caller, request.Method == "GET" ? "Application.Read.All" : "Application.ReadWrite.All");
        var principal = world.Directory.Principal(caller.TenantId, appId);
        // The idempotent form: learn.microsoft.com, "Upsert servicePrincipal".
        var upsert =
            request.Method == "PATCH"
            && request.Header("Prefer") is { } prefer
            && prefer.IndexOf("create-if-missing", StringComparison.OrdinalIgnoreCase) >= 0;
        if (principal is null)
            return upsert ? Create(caller, appId) : throw NotFound(appId);
        return request.Method switch
        {
            "GET" => One(principal),
            "PATCH" => Update(principal, request.Body("Request_BadRequest")),
            "DELETE" => Delete(principal),
            _ => throw new AzureFault(
                405,
                "Request_BadRequest",
                "Specified HTTP method is not allowed for the request target."
            ),
        };
    }

    private AzureAnswer Create(ServicePrincipal caller, string? appId)
    {
        Require(caller, "Application.ReadWrite.All");
        if (!Guid.TryParse(appId, out _))
            throw new AzureFault(
                400,
                "Request_BadRequest",
                "Invalid value specified for property 'appId' of resource 'ServicePrincipal'."
            );
        var application = world.Directory.Application(appId);
        if (
            application is null
            || (!application.IsMultiTenant && !AzureDirectory.Same(application.HomeTenantId, caller.TenantId))
        )
            throw new AzureFault(
                400,
                "Request_BadRequest",
                $"The appId '{appId}' of the service principal does not reference a valid application object."
            );
        if (world.Directory.Principal(caller.TenantId, appId) is not null)
            throw new AzureFault(
                409,
                "Request_MultipleObjectsWithSameKeyValue",
                $"The service principal cannot be created, updated, or restored because the service principal name {appId} is already in use."
            );
        var made = world.Directory.AddPrincipal(application, caller.TenantId);
        return new AzureAnswer(201, Entity("servicePrincipals", Json(made)));
    }

    private static AzureAnswer Update(ServicePrincipal principal, JsonObject body)
    {
        if (body.Flag("accountEnabled") is { } enabled)
            principal.IsEnabled = enabled;
        return AzureAnswer.NoContent;
    }

    private AzureAnswer Delete(ServicePrincipal principal)
    {
        world.Directory.Remove(principal);
        return AzureAnswer.NoContent;
    }

    private AzureAnswer Grant(ServicePrincipal caller, JsonObject body)
    {
        Require(caller, "DelegatedPermissionGrant.ReadWrite.All");
        string Needed(string name) =>
            body.Text(name) is { Length: > 0 } text
                ? text
                : throw new AzureFault(
                    400,
                    "Request_BadRequest",
                    $"A value is required for property '{name}' of resource 'OAuth2PermissionGrant'."
                );
        var (client, resource) = (Needed("clientId"), Needed("resourceId"));
        foreach (var id in new[] { client, resource })
            if (!Here(caller).Any(p => AzureDirectory.Same(p.Id, id)))
                throw new AzureFault(
                    400,
                    "Request_BadRequest",
                    $"The object '{id}' does not reference a service principal of this tenant."
                );
        var type = Needed("consentType");
        if (
            type is not ("AllPrincipals" or "Principal")
            || (type == "Principal") != (body.Text("principalId") is not null)
        )
            throw new AzureFault(
                400,
                "Request_BadRequest",
                "Invalid value specified for property 'consentType' of resource 'OAuth2PermissionGrant'."
            );
        if (
            world.Directory.Grants.Any(g =>
                AzureDirectory.Same(g.ClientId, client)
                && AzureDirectory.Same(g.ResourceId, resource)
                && g.PrincipalId == body.Text("principalId")
            )
        )
            throw new AzureFault(409, "Request_MultipleObjectsWithSameKeyValue", "Permission entry already exists.");
        var grant = new PermissionGrant(
            Base64Url.Encode(Guid.NewGuid().ToByteArray()) + Base64Url.Encode(Guid.NewGuid().ToByteArray()),
            caller.TenantId,
            client,
            type,
            body.Text("principalId"),
            resource,
            Needed("scope")
        );
        world.Directory.Grants.Add(grant);
        return new AzureAnswer(201, Entity("oauth2PermissionGrants", Json(grant)));
    }

    private AzureAnswer Withdraw(ServicePrincipal caller, string id)
    {
        Require(caller, "DelegatedPermissionGrant.ReadWrite.All");
        return world.Directory.Grants.RemoveAll(g => g.Id == id && AzureDirectory.Same(g.TenantId, caller.TenantId)) > 0
            ? AzureAnswer.NoContent
            : throw NotFound(id);
    }

    /// <summary>A list, narrowed by $filter and $select. Filters other than "name eq 'value'" are refused rather than passed over.</summary>
    private static AzureAnswer List<T>(
        ServicePrincipal caller,
        AzureRequest request,
        string set,
        IEnumerable<T> items,
        Func<T, JsonObject> json
    )
    {
        Require(caller, set == "servicePrincipals" ? "Application.Read.All" : "DelegatedPermissionGrant.Read.All");
        var all = items.Select(json);
        if (request.Query("$filter") is { } filter)
        {
            var terms = Regex.Split(filter, "\\s+and\\s+").Select(t => Equality.Match(t)).ToList();
            if (terms.Any(t => !t.Success))
                throw new AzureFault(
                    400,
                    "Request_UnsupportedQuery",
                    "Unsupported or invalid query filter clause specified for property."
                );
            all = all.Where(item =>
                terms.All(t => AzureDirectory.Same(item.Text(t.Groups[1].Value), t.Groups[2].Value))
            );
        }

        var wanted = request.Query("$select")?.Split(',').Select(s => s.Trim()).ToList();
        var value = all.Select(item => wanted is null ? item : Only(item, wanted));
        return AzureAnswer.Ok(
            new JsonObject
            {
                ["@odata.context"] = $"https://graph.microsoft.com/v1.0/$metadata#{set}",
                ["value"] = new JsonArray([.. value]),
            }
        );
    }

    private static JsonObject Only(JsonObject item, List<string> names)
    {
        var picked = new JsonObject();
        foreach (var name in names)
            if (item[name] is { } value)
                picked[name] = value.DeepClone();
        return picked;
    }

    private static AzureAnswer One(ServicePrincipal principal) =>
        AzureAnswer.Ok(Entity("servicePrincipals", Json(principal)));

    private static JsonObject Entity(string set, JsonObject item)
    {
        item["@odata.context"] = $"https://graph.microsoft.com/v1.0/$metadata#{set}/$entity";
        return item;
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

    private static AzureFault NotFound(string id) =>
        new(
            404,
            "Request_ResourceNotFound",
            $"Resource '{id}' does not exist or one of its queried reference-property objects are not present."
        );
}
