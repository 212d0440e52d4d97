using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>management.azure.com: subscriptions, resource groups and resources; vaults and roles have classes of their own.</summary>
internal sealed class ArmService(AzureWorld world) : IAzureService
{
    private static readonly Regex Version = new("^20\\d\\d-\\d\\d-\\d\\d(-preview)?$", RegexOptions.CultureInvariant);

    private readonly ArmVaults _vaults = new(world);
    private readonly ArmRoles _roles = new(world);

    public AzureAnswer Answer(AzureRequest request)
    {
        var caller = Authenticate(request);
        var version = request.Query("api-version")
            ?? throw new AzureFault(
                400,
                "MissingApiVersionParameter",
                "The api-version query parameter (?api-version=) is required for all requests."
            );
        if (!Version.IsMatch(version))
            throw new AzureFault(400, "InvalidApiVersionParameter", $"The api-version '{version}' is invalid.");
        var path = request.Segments;
        if (path.Count > 1 && AzureDirectory.Same(path[0], "subscriptions"))
            RequireSubscription(caller, path[1]);

        // The last provider of a path says whose request it is: roles can be assigned on anything.
        var provider = path.Select((s, i) => (s, i))
            .LastOrDefault(p => AzureDirectory.Same(p.s, "providers") && p.i + 1 < path.Count)
            .i;
        var isProvided = path.Count > provider + 1 && AzureDirectory.Same(path[provider], "providers");
        if (isProvided && AzureDirectory.Same(path[provider + 1], "Microsoft.Authorization"))
            return _roles.Answer(
                caller,
                request,
                "/" + string.Join("/", path.Take(provider)),
                [.. path.Skip(provider + 2)],
                version
            );
        if (isProvided && AzureDirectory.Same(path[provider + 1], "Microsoft.KeyVault"))
            return _vaults.Answer(caller, request, version);

        switch ((request.Method, string.Join("/", path.Select((s, i) => i % 2 == 0 ? s.ToLowerInvariant() : "*"))))
        {
            case ("GET", "subscriptions"):
                return AzureAnswer.List(
                    world
                        .Subscriptions.Where(s =>
                            AzureDirectory.Same(s.Value, caller.TenantId)
                            && world.Roles.Managing(caller.Id, "/subscriptions/" + s.Key).Any()
                        )
                        .Select(s => Subscription(s.Key))
                );
            case ("GET", "subscriptions/*"):
                Require(world, caller, "Microsoft.Resources/subscriptions/read", $"/subscriptions/{path[1]}");
                return AzureAnswer.Ok(Subscription(path[1]));
            case ("GET", "subscriptions/*/resources"):
                return AzureAnswer.List(Resources(caller, path[1], request.Query("$filter")));
            case ("GET", "subscriptions/*/resourcegroups"):
                Require(
                    world,
                    caller,
                    "Microsoft.Resources/subscriptions/resourceGroups/read",
                    $"/subscriptions/{path[1]}"
                );
                return AzureAnswer.List(
                    world
                        .Groups.Where(g => RoleBook.IsAtOrBelow(g.Key, $"/subscriptions/{path[1]}"))
                        .Select(g => Group(g.Key, g.Value))
                );
            case ("GET", "subscriptions/*/resourcegroups/*"):
                var id = $"/subscriptions/{path[1]}/resourceGroups/{path[3]}";
                Require(world, caller, "Microsoft.Resources/subscriptions/resourceGroups/read", id);
                return world.Groups.TryGetValue(id, out var location)
                    ? AzureAnswer.Ok(Group(id, location))
                    : throw NoGroup(path[3]);
            default:
                throw new AzureFault(
                    404,
                    "InvalidResourceType",
                    $"The sandbox has no resource {request.Method} {request.Path}."
                );
        }
    }

    public JsonObject Describe(AzureFault fault) =>
        new()
        {
            ["error"] = new JsonObject
            {
                ["code"] = fault.Code,
                ["message"] = fault.Message,
                ["details"] = new JsonArray(),
            },
        };

    /// <summary>Refuses what no role of the caller allows.</summary>
    public static void Require(AzureWorld world, ServicePrincipal caller, string action, string scope)
    {
        if (!world.Roles.Managing(caller.Id, scope).Any(r => r.Allows(action)))
            throw new AzureFault(
                403,
                "AuthorizationFailed",
                $"The client '{caller.Application.AppId}' with object id '{caller.Id}' does not have authorization to perform action '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh your credentials."
            );
    }

    public static AzureFault NoGroup(string name) =>
        new(404, "ResourceGroupNotFound", $"Resource group '{name}' could not be found.");

    private ServicePrincipal Authenticate(AzureRequest request)
    {
        if (request.Token is null)
            throw new AzureFault(
                401,
                "AuthenticationFailed",
                "Authentication failed. The 'Authorization' header is missing."
            );
        var token = world.Directory.Token(request.Token)
            ?? throw new AzureFault(
                401,
                "ExpiredAuthenticationToken",
                "The access token has expired or was not issued here."
            );
        return token.Audience == AzureDirectory.ArmAudience
            ? token.Principal
            : throw new AzureFault(
                401,
                "InvalidAuthenticationTokenAudience",
                $"The access token has been obtained for wrong audience or resource '{token.Audience}'. It should exactly match with one of the allowed audiences '{AzureDirectory.ArmAudience}'."
            );
    }

    private void RequireSubscription(ServicePrincipal caller, string id)
    {
        if (!world.Subscriptions.TryGetValue(id, out var tenant))
            throw new AzureFault(404, "SubscriptionNotFound", $"The subscription '{id}' could not be found.");
        if (!AzureDirectory.Same(tenant, caller.TenantId))
        {
            throw new AzureFault(
                401,
                "InvalidAuthenticationTokenTenant",
                $"The access token is from the wrong issuer 'https://sts.windows.net/{caller.TenantId}/'. It must match the tenant 'https://sts.windows.net/{tenant}/' associated with this subscription."
            )
            {
                Headers =
                [
                    new(
                        "WWW-Authenticate",
                        $"Bearer authorization_uri=\"https://login.windows.net/{tenant}\", error=\"invalid_token\", error_description=\"The access token is from the wrong issuer.\""
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
            : throw new AzureFault(
                400,
                "InvalidFilterInQueryString",
                $"Invalid $filter '{filter}' specified in the query string."
            );
        // Only what the caller may read is listed; nothing at all is an empty list, not a refusal.
        return world
            .Vaults.Where(v =>
                AzureDirectory.Same(v.SubscriptionId, subscription)
                && (type is null || AzureDirectory.Same(type, "Microsoft.KeyVault/vaults"))
                && world.Roles.Managing(caller.Id, v.Id).Any(r => r.Allows("Microsoft.KeyVault/vaults/read"))
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
            ["tenantId"] = world.Subscriptions[id],
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
