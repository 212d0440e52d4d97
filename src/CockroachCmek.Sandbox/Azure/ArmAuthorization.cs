namespace CockroachCmek.Sandbox.Azure;

/// <summary>
/// Microsoft.Authorization at any scope: role assignments, role definitions, permissions, deny assignments, locks.
/// </summary>
internal sealed class ArmAuthorization(AzureContext context)
{
    private static readonly Dictionary<string, string[]> Versions = new(StringComparer.OrdinalIgnoreCase)
    {
        ["roleAssignments"] =
        [
            "2022-04-01",
            "2022-05-01-preview",
            "2020-04-01-preview",
            "2018-01-01-preview",
            "2015-07-01",
        ],
        ["roleDefinitions"] = ["2022-04-01", "2022-05-01-preview", "2018-01-01-preview", "2015-07-01"],
        ["permissions"] = ["2022-04-01", "2022-05-01-preview", "2018-07-01", "2018-01-01-preview", "2015-07-01"],
        ["denyAssignments"] = ["2022-04-01", "2024-07-01-preview", "2018-07-01-preview"],
        ["locks"] = ["2020-05-01", "2017-04-01", "2016-09-01", "2015-01-01"],
    };

    private readonly ArmRoleAssignments _assignments = new(context);
    private readonly ArmRoleDefinitions _definitions = new(context);
    private readonly ArmDenyAssignments _denyAssignments = new(context);
    private readonly ArmLocks _locks = new(context);

    /// <param name="caller">Who sends the request.</param>
    /// <param name="request">The request.</param>
    /// <param name="scope">The resource before the provider in the path.</param>
    /// <param name="path">The segments after the provider.</param>
    /// <param name="version">The API version.</param>
    public AzureResponse Handle(
        ServicePrincipal caller,
        AzureRequest request,
        string scope,
        List<string> path,
        string version
    )
    {
        if (path.Count is not (1 or 2) || !Versions.TryGetValue(path[0], out var supported))
            throw ArmApi.NoResource(request);
        ArmApi.RequireVersion(version, supported, path[0]);
        var (name, filter) = (path.Count > 1 ? path[1] : "", request.Query("$filter"));
        switch ((request.Method, path[0].ToLowerInvariant(), path.Count))
        {
            case ("GET", "roleassignments", 1):
                return _assignments.List(caller, scope, filter);
            case ("GET", "roleassignments", 2):
                return _assignments.Read(caller, scope, name);
            case ("PUT", "roleassignments", 2):
                return _assignments.Put(caller, scope, name, request.Body(ArmApi.InvalidBody).Object("properties"));
            case ("DELETE", "roleassignments", 2):
                return _assignments.Delete(caller, scope, name);
            case ("GET", "roledefinitions", 1):
                return _definitions.List(caller, scope, filter);
            case ("GET", "roledefinitions", 2):
                return _definitions.Read(caller, scope, name);
            case ("PUT", "roledefinitions", 2):
                return _definitions.Put(caller, scope, name, request.Body(ArmApi.InvalidBody).Object("properties"));
            case ("DELETE", "roledefinitions", 2):
                return _definitions.Delete(caller, scope, name);
            case ("GET", "permissions", 1):
                return _definitions.ListPermissions(caller, scope);
            case ("GET", "denyassignments", 1):
                return _denyAssignments.List(caller, scope, filter);
            case ("GET", "denyassignments", 2):
                return _denyAssignments.Read(caller, scope, name);
            case ("GET", "locks", 1):
                return _locks.List(caller, scope, filter);
            case ("GET", "locks", 2):
                return _locks.Read(caller, scope, name);
            case ("PUT", "locks", 2):
                return _locks.Put(caller, scope, name, request.Body(ArmApi.InvalidBody).Object("properties"));
            case ("DELETE", "locks", 2):
                return _locks.Delete(caller, scope, name);
            default:
                throw ArmApi.NoResource(request);
        }
    }
}
