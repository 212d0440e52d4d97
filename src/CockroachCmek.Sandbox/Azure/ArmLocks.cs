using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>Microsoft.Authorization: management locks on key vaults, resource groups and subscriptions.</summary>
internal sealed class ArmLocks(AzureContext context)
{
    private const string Type = "Microsoft.Authorization/locks";
    private static readonly string[] Levels = ["CanNotDelete", "ReadOnly"];

    /// <summary>
    /// "All the management locks for a resource or any level below": those above are not in the list (locks.json
    /// 2020-05-01).
    /// </summary>
    public AzureResponse List(ServicePrincipal caller, string scope, string? filter)
    {
        ArmApi.Require(context, caller, Type + "/read", scope);
        if (filter is not null)
            throw ArmApi.BadFilter(filter);
        return AzureResponse.List(context.Locks.All.Where(l => AzureScopes.IsAtOrBelow(l.Scope, scope)).Select(Json));
    }

    public AzureResponse Read(ServicePrincipal caller, string scope, string name)
    {
        ArmApi.Require(context, caller, Type + "/read", scope);
        var found = context.Locks.All.FirstOrDefault(l =>
            AzureDirectory.Same(l.Name, name) && AzureDirectory.Same(l.Scope, scope)
        );
        return AzureResponse.Ok(
            Json(found ?? throw new AzureException(404, "LockNotFound", $"The lock '{name}' could not be found."))
        );
    }

    public AzureResponse Put(ServicePrincipal caller, string scope, string name, JsonObject? properties)
    {
        ArmApi.Require(context, caller, Type + "/write", scope);
        var level = Levels.FirstOrDefault(l => AzureDirectory.Same(l, properties.Text("level")));
        if (level is null || !scope.StartsWith("/subscriptions/", StringComparison.OrdinalIgnoreCase))
            throw new AzureException(
                400,
                "LockPropertiesInvalid",
                $"The lock '{name}' needs the level CanNotDelete or ReadOnly, at a subscription or below."
            );
        var wanted = new ManagementLock(name, scope, level, properties.Text("notes") ?? "");
        var isNew = !context.Locks.All.Any(l => AzureDirectory.Same(l.Id, wanted.Id));
        context.Locks.Put(wanted);
        return new AzureResponse(isNew ? 201 : 200, Json(wanted));
    }

    public AzureResponse Delete(ServicePrincipal caller, string scope, string name)
    {
        ArmApi.Require(context, caller, Type + "/delete", scope);
        return context.Locks.Remove(new ManagementLock(name, scope, "", ""))
            ? new AzureResponse(200, null)
            : AzureResponse.NoContent;
    }

    private static JsonObject Json(ManagementLock found) =>
        new()
        {
            ["id"] = found.Id,
            ["name"] = found.Name,
            ["type"] = Type,
            ["properties"] = new JsonObject { ["level"] = found.Level, ["notes"] = found.Notes },
        };
}
