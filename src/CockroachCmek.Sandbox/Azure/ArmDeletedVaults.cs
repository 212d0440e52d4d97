using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>
/// Microsoft.KeyVault on the control plane: deletion of key vaults, deleted ones, and their recovery.
/// </summary>
internal sealed class ArmDeletedVaults(AzureContext context)
{
    private const string Type = "Microsoft.KeyVault/deletedVaults";

    /// <summary>
    /// True for a path /subscriptions/{id}/providers/Microsoft.KeyVault/[locations/{name}/]deletedVaults.
    /// </summary>
    public static bool Handles(IReadOnlyList<string> path) =>
        path.Count is 5 or 8 && AzureDirectory.Same(path[path.Count == 5 ? 4 : 6], "deletedVaults");

    public AzureResponse Handle(ServicePrincipal caller, AzureRequest request)
    {
        var path = request.Segments;
        ArmApi.Require(context, caller, Type + "/read", $"/subscriptions/{path[1]}");
        var deleted = context.DeletedKeyVaults.Where(v => AzureDirectory.Same(v.SubscriptionId, path[1]));
        return (request.Method, path.Count) switch
        {
            ("GET", 5) => AzureResponse.List(deleted.Select(Json)),
            ("GET", _) => AzureResponse.Ok(
                Json(
                    deleted.FirstOrDefault(v =>
                        AzureDirectory.Same(v.Name, path[7]) && AzureDirectory.Same(v.Location, path[5])
                    )
                        ?? throw new AzureException(
                            404,
                            "DeletedVaultNotFound",
                            $"The specified deleted vault '{path[7]}' does not exist."
                        )
                )
            ),
            _ => throw ArmApi.NoResource(request),
        };
    }

    /// <summary>
    /// Deletes a key vault softly. Its role assignments go with it, and a recovery does not bring them back
    /// (learn.microsoft.com, "Azure Key Vault soft-delete overview").
    /// </summary>
    public void Delete(KeyVault keyVault)
    {
        context.Locks.RequireDelete(keyVault.Id);
        foreach (var gone in context.Roles.Present.Where(a => AzureScopes.IsAtOrBelow(a.Scope, keyVault.Id)).ToList())
            context.Roles.Remove(gone);
        keyVault.Deleted = context.Now;
        context.KeyVaults.Remove(keyVault);
        context.DeletedKeyVaults.Add(keyVault);
    }

    /// <summary>Recovers a key vault as it was: createMode "recover".</summary>
    public KeyVault Recover(string id)
    {
        var keyVault = context.DeletedKeyVaults.FirstOrDefault(v => AzureDirectory.Same(v.Id, id))
            ?? throw new AzureException(
                404,
                "DeletedVaultNotFound",
                $"The specified deleted vault '{id.Split('/').Last()}' does not exist."
            );
        keyVault.Deleted = null;
        context.DeletedKeyVaults.Remove(keyVault);
        context.KeyVaults.Add(keyVault);
        return keyVault;
    }

    private static JsonObject Json(KeyVault keyVault)
    {
        var properties = new JsonObject
        {
            ["vaultId"] = keyVault.Id,
            ["location"] = keyVault.Location,
            ["tags"] = keyVault.Settings.Tags.ToJson(),
            ["deletionDate"] = AzureJson.Time(keyVault.Deleted!.Value),
            ["scheduledPurgeDate"] = AzureJson.Time(keyVault.Deleted.Value.AddDays(keyVault.RetentionDays)),
        };
        if (keyVault.Settings.PurgeProtection)
            properties["purgeProtectionEnabled"] = true;
        return new JsonObject
        {
            ["id"] =
                $"/subscriptions/{keyVault.SubscriptionId}/providers/Microsoft.KeyVault/locations/{keyVault.Location}"
                + $"/deletedVaults/{keyVault.Name}",
            ["name"] = keyVault.Name,
            ["type"] = Type,
            ["properties"] = properties,
        };
    }
}
