using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CockroachCmek.Sandbox.Azure.Logs;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>management.azure.com: authentication, subscriptions, resource groups and the list of resources.</summary>
internal sealed class ArmService(AzureContext context, AzureData data) : IAzureService
{
    private static readonly Regex Version = new("^20\\d\\d-\\d\\d-\\d\\d(-preview)?$", RegexOptions.CultureInvariant);

    private readonly ArmKeyVaults _keyVaults = new(context);
    private readonly ArmManagementGroups _managementGroups = new(context);
    private readonly ArmAuthorization _authorization = new(context);
    private readonly ArmInsights _insights = new(context, data);
    private readonly ArmWorkspaces _workspaces = new(context, data);

    public AzureResponse Handle(AzureRequest request)
    {
        var caller = Authenticate(request);
        try
        {
            var response = Handle(caller, request);
            _insights.Activities.Add(caller, request, response.Status, response.Body);
            return response;
        }
        catch (AzureException error)
        {
            _insights.Activities.Add(caller, request, error.Status, null);
            throw;
        }
    }

    private AzureResponse Handle(ServicePrincipal caller, AzureRequest request)
    {
        var version = request.Query("api-version")
            ?? throw new AzureException(
                400,
                "MissingApiVersionParameter",
                "The api-version query parameter (?api-version=) is required for all requests."
            );
        if (!Version.IsMatch(version))
            throw new AzureException(400, "InvalidApiVersionParameter", $"The api-version '{version}' is invalid.");
        var path = request.Segments;
        if (path.Count > 1 && AzureDirectory.Same(path[0], "subscriptions"))
            RequireSubscription(caller, path[1]);

        // The last provider in the path handles the request, because roles can be assigned on any resource.
        var provider = path.Select((s, i) => (s, i))
            .LastOrDefault(p => AzureDirectory.Same(p.s, "providers") && p.i + 1 < path.Count)
            .i;
        var hasProvider = path.Count > provider + 1 && AzureDirectory.Same(path[provider], "providers");
        var name = hasProvider ? path[provider + 1] : null;
        if (AzureDirectory.Same(name, "Microsoft.Authorization"))
        {
            return _authorization.Handle(caller, request, Scope(path, provider), [.. path.Skip(provider + 2)], version);
        }

        return name?.ToLowerInvariant() switch
        {
            "microsoft.keyvault" => _keyVaults.Handle(caller, request, version),
            "microsoft.insights" => _insights.Handle(caller, request, Scope(path, provider), version),
            "microsoft.operationalinsights" => _workspaces.Handle(caller, request, version),
            "microsoft.management" => _managementGroups.Handle(caller, request, version),
            _ => HandleCommon(caller, request),
        };
    }

    private static string Scope(IReadOnlyList<string> path, int provider) =>
        "/" + string.Join("/", path.Take(provider));

    private AzureResponse HandleCommon(ServicePrincipal caller, AzureRequest request)
    {
        var path = request.Segments;
        switch ((request.Method, string.Join("/", path.Select((s, i) => i % 2 == 0 ? s.ToLowerInvariant() : "*"))))
        {
            case ("GET", "subscriptions"):
                return AzureResponse.List(
                    context
                        .Subscriptions.Where(s =>
                            AzureDirectory.Same(s.Value, caller.TenantId)
                            && context.Authorization.RolesOf(caller.Id, "/subscriptions/" + s.Key).Any()
                        )
                        .Select(s => Subscription(s.Key))
                );
            case ("GET", "subscriptions/*"):
                ArmApi.Require(context, caller, "Microsoft.Resources/subscriptions/read", $"/subscriptions/{path[1]}");
                return AzureResponse.Ok(Subscription(path[1]));
            case ("GET", "subscriptions/*/resources"):
                return AzureResponse.List(Resources(caller, path[1], request.Query("$filter")));
            case ("GET", "subscriptions/*/resourcegroups"):
                ArmApi.Require(
                    context,
                    caller,
                    "Microsoft.Resources/subscriptions/resourceGroups/read",
                    $"/subscriptions/{path[1]}"
                );
                return AzureResponse.List(
                    context
                        .Groups.Where(g => AzureScopes.IsAtOrBelow(g.Key, $"/subscriptions/{path[1]}"))
                        .Select(g => Group(g.Key, g.Value))
                );
            case ("GET", "subscriptions/*/resourcegroups/*"):
                var id = $"/subscriptions/{path[1]}/resourceGroups/{path[3]}";
                ArmApi.Require(context, caller, "Microsoft.Resources/subscriptions/resourceGroups/read", id);
                return context.Groups.TryGetValue(id, out var location)
                    ? AzureResponse.Ok(Group(id, location))
                    : throw ArmApi.NoGroup(path[3]);
            default:
                throw ArmApi.NoResource(request);
        }
    }

    public JsonObject ErrorBody(AzureException error)
    {
        var body = new JsonObject { ["code"] = error.Code, ["message"] = error.Message };
        if (error.AdditionalInfo is { } info)
            body["additionalInfo"] = new JsonArray(info);
        return new JsonObject { ["error"] = body };
    }

    private ServicePrincipal Authenticate(AzureRequest request)
    {
        if (request.Token is null)
            throw new AzureException(
                401,
                "AuthenticationFailed",
                "Authentication failed. The 'Authorization' header is missing."
            );
        var token = context.Directory.Token(request.Token)
            ?? throw new AzureException(
                401,
                "ExpiredAuthenticationToken",
                "The access token has expired or was not issued here."
            );
        return token.Audience == AzureDirectory.ArmAudience
            ? token.Principal
            : throw new AzureException(
                401,
                "InvalidAuthenticationTokenAudience",
                $"The access token has been obtained for wrong audience or resource '{token.Audience}'. "
                    + $"It should exactly match with one of the allowed audiences '{AzureDirectory.ArmAudience}'."
            );
    }

    private void RequireSubscription(ServicePrincipal caller, string id)
    {
        if (!context.Subscriptions.TryGetValue(id, out var tenant))
            throw new AzureException(404, "SubscriptionNotFound", $"The subscription '{id}' could not be found.");
        if (!AzureDirectory.Same(tenant, caller.TenantId))
        {
            throw new AzureException(
                401,
                "InvalidAuthenticationTokenTenant",
                $"The access token is from the wrong issuer 'https://sts.windows.net/{caller.TenantId}/'. "
                    + $"It must match the tenant 'https://sts.windows.net/{tenant}/' associated with this subscription."
            )
            {
                Headers =
                [
                    new(
                        "WWW-Authenticate",
                        $"Bearer authorization_uri=\"https://login.windows.net/{tenant}\", error=\"invalid_token\", "
                            + "error_description=\"The access token is from the wrong issuer.\""
                    ),
                ],
            };
        }
    }

    private IEnumerable<JsonObject> Resources(ServicePrincipal caller, string subscription, string? filter)
    {
        var type =
            filter is null ? null
            : Regex.Match(filter, "^\\s*resourceType\\s+eq\\s+'([^']*)'\\s*$") is { Success: true } match
                ? match.Groups[1].Value
            : throw new AzureException(
                400,
                "InvalidFilterInQueryString",
                $"Invalid $filter '{filter}' specified in the query string."
            );
        // The list has only what the caller can read. It can be empty; it is never refused.
        return context
            .KeyVaults.Where(v =>
                AzureDirectory.Same(v.SubscriptionId, subscription)
                && (type is null || AzureDirectory.Same(type, "Microsoft.KeyVault/vaults"))
                && context.Authorization.IsAllowed(caller.Id, "Microsoft.KeyVault/vaults/read", v.Id)
            )
            .Select(v => new JsonObject
            {
                ["id"] = v.Id,
                ["name"] = v.Name,
                ["type"] = "Microsoft.KeyVault/vaults",
                ["location"] = v.Location,
                ["tags"] = v.Settings.Tags.ToJson(),
            });
    }

    private JsonObject Subscription(string id) =>
        new()
        {
            ["id"] = $"/subscriptions/{id}",
            ["subscriptionId"] = id,
            ["tenantId"] = context.Subscriptions[id],
            ["displayName"] = "Sandbox",
            ["state"] = "Enabled",
            ["authorizationSource"] = "RoleBased",
            ["managedByTenants"] = new JsonArray(),
        };

    private static JsonObject Group(string id, string location) =>
        new()
        {
            ["id"] = id,
            ["name"] = id.Split('/').Last(),
            ["type"] = "Microsoft.Resources/resourceGroups",
            ["location"] = location,
            ["properties"] = new JsonObject { ["provisioningState"] = "Succeeded" },
        };
}
