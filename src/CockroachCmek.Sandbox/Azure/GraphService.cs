using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>Microsoft Graph v1.0: service principals, delegated permission grants, groups, the organization.</summary>
internal sealed class GraphService(AzureContext context) : IAzureService
{
    private static readonly Regex ByAppId = new(
        "^servicePrincipals\\(appId='([^']*)'\\)$",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase
    );
    private readonly GraphServicePrincipals _principals = new(context);
    private readonly GraphGroups _groups = new(context);
    private readonly GraphPermissionGrants _grants = new(context);

    public AzureResponse Handle(AzureRequest request)
    {
        if (request.Segments.Count < 2 || request.Segments[0] != "v1.0")
            throw new AzureException(400, "BadRequest", "Resource not found for the segment.");
        var caller = Authenticate(request);
        var path = request.Segments.Skip(1).ToList();
        if (ByAppId.Match(path[0]) is { Success: true } match && path.Count == 1)
            return _principals.ByApplication(request, caller, match.Groups[1].Value);
        switch ((request.Method, path[0].ToLowerInvariant(), path.Count))
        {
            case ("GET", "serviceprincipals", 1):
                return _principals.List(caller, request);
            case ("POST", "serviceprincipals", 1):
                return _principals.Create(caller, request.Body(GraphApi.BadRequest).Text("appId"));
            case ("GET", "serviceprincipals", 2):
                return _principals.Read(caller, path[1]);
            case ("PATCH", "serviceprincipals", 2):
                return GraphServicePrincipals.Update(
                    _principals.Find(caller, path[1]),
                    request.Body(GraphApi.BadRequest)
                );
            case ("DELETE", "serviceprincipals", 2):
                return _principals.Delete(_principals.Find(caller, path[1]));
            case ("GET", "serviceprincipals", 3) when AzureDirectory.Same(path[2], "oauth2PermissionGrants"):
                return _grants.ListOf(_principals.Find(caller, path[1], "Application.Read.All"), caller, request);
            case ("GET", "serviceprincipals", 3 or 4)
                when path[2].ToLowerInvariant() is "memberof" or "transitivememberof":
                return _groups.ListGroupsOf(request, caller, _principals.InTenant(caller, path[1]).Id, path);
            case ("POST", "serviceprincipals" or "directoryobjects", 3)
                when AzureDirectory.Same(path[2], "getMemberGroups"):
                return _groups.MemberGroups(caller, path[1]);
            case ("POST", "serviceprincipals" or "directoryobjects", 3)
                when AzureDirectory.Same(path[2], "checkMemberGroups"):
                return _groups.CheckGroups(caller, path[1], request.Body(GraphApi.BadRequest));
            case ("POST", "directoryobjects", 2) when AzureDirectory.Same(path[1], "getByIds"):
                return _groups.ByIds(caller, request.Body(GraphApi.BadRequest));
            case (_, "groups", _):
                return _groups.Handle(request, caller, path);
            case ("GET", "organization", 1):
                GraphApi.Require(caller, "Organization.Read.All");
                return GraphApi.List(request, "organization", [Organization(caller.TenantId)]);
            case ("GET", "oauth2permissiongrants", 1):
                return _grants.List(caller, request);
            case ("POST", "oauth2permissiongrants", 1):
                return _grants.Create(caller, request.Body(GraphApi.BadRequest));
            case ("DELETE", "oauth2permissiongrants", 2):
                return _grants.Delete(caller, path[1]);
            default:
                throw GraphApi.NoResource(path);
        }
    }

    public JsonObject ErrorBody(AzureException error) =>
        new()
        {
            ["error"] = new JsonObject
            {
                ["code"] = error.Code,
                ["message"] = error.Message,
                ["innerError"] = new JsonObject
                {
                    ["date"] = context.Now.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture),
                    ["request-id"] = Guid.NewGuid().ToString("D"),
                    ["client-request-id"] = Guid.NewGuid().ToString("D"),
                },
            },
        };

    private static JsonObject Organization(string tenantId) =>
        new()
        {
            ["id"] = tenantId,
            ["displayName"] = "Sandbox",
            ["tenantType"] = "AAD",
            ["verifiedDomains"] = new JsonArray(
                new JsonObject
                {
                    ["name"] = "sandbox.onmicrosoft.com",
                    ["isDefault"] = true,
                    ["isInitial"] = true,
                    ["type"] = "Managed",
                }
            ),
        };

    private ServicePrincipal Authenticate(AzureRequest request)
    {
        if (request.Token is null)
            throw Invalid("Access token is empty.");
        var token = context.Directory.Token(request.Token)
            ?? throw Invalid("Access token validation failure. The token has expired or was not issued here.");
        return token.Audience == AzureDirectory.GraphAudience
            ? token.Principal
            : throw Invalid("Access token validation failure. Invalid audience.");
    }

    private static AzureException Invalid(string message) => new(401, "InvalidAuthenticationToken", message);
}
