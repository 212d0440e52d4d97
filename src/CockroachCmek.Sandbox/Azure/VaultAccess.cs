namespace CockroachCmek.Sandbox.Azure;

/// <summary>What can be asked of a vault, in the words of its two ways to authorize.</summary>
internal sealed record VaultAction(string Policy, string Role)
{
    private const string Keys = "Microsoft.KeyVault/vaults/keys/";

    public static readonly VaultAction Get = new("get", Keys + "read");
    public static readonly VaultAction List = new("list", Keys + "read");
    public static readonly VaultAction Create = new("create", Keys + "create/action");
    public static readonly VaultAction Import = new("import", Keys + "import/action");
    public static readonly VaultAction Update = new("update", Keys + "update/action");
    public static readonly VaultAction Delete = new("delete", Keys + "delete");
    public static readonly VaultAction Recover = new("recover", Keys + "recover/action");
    public static readonly VaultAction Purge = new("purge", Keys + "purge/action");
    public static readonly VaultAction Rotate = new("rotate", Keys + "rotate/action");
    public static readonly VaultAction GetRotationPolicy = new(
        "getrotationpolicy",
        "Microsoft.KeyVault/vaults/keyrotationpolicies/read"
    );
    public static readonly VaultAction SetRotationPolicy = new(
        "setrotationpolicy",
        "Microsoft.KeyVault/vaults/keyrotationpolicies/write"
    );
    public static readonly VaultAction Encrypt = new("encrypt", Keys + "encrypt/action");
    public static readonly VaultAction Decrypt = new("decrypt", Keys + "decrypt/action");
    public static readonly VaultAction Wrap = new("wrapKey", Keys + "wrap/action");
    public static readonly VaultAction Unwrap = new("unwrapKey", Keys + "unwrap/action");
}

/// <summary>Whether a principal may do a thing in a vault, as the vault knows it by now. The one place of that decision: the data plane and the sandbox's CockroachDB both ask here.</summary>
internal static class VaultAccess
{
    /// <summary>Null when it may; otherwise the refusal. The key's name is null for what concerns the vault as a whole.</summary>
    public static AzureFault? Judge(
        AzureWorld world,
        AzureVault vault,
        ServicePrincipal caller,
        VaultAction action,
        string? key
    )
    {
        var settings = vault.Effective(world.Now, world.Propagation);
        var who = $"appid={caller.Application.AppId};oid={caller.Id};iss=https://sts.windows.net/{caller.TenantId}/";
        if (settings.IsWalled)
            return new AzureFault(
                403,
                "Forbidden",
                $"Client address is not authorized and caller is not a trusted service.\r\nClient address: 127.0.0.1\r\nCaller: {who}\r\nVault: {vault.Name};location={vault.Location}",
                "ForbiddenByFirewall"
            );
        if (settings.RbacAuthorization is true)
        {
            var resource = key is null ? vault.Id : $"{vault.Id}/keys/{key}";
            return world.Roles.MayUse(caller.Id, action.Role, resource)
                ? null
                : new AzureFault(
                    403,
                    "Forbidden",
                    $"Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role definitions were changed recently, please observe propagation time.\r\nCaller: {who}\r\nAction: '{action.Role}'\r\nResource: '{resource.ToLowerInvariant()}'\r\nAssignment: (not found)\r\nVault: {vault.Name};location={vault.Location}",
                    "ForbiddenByRbac"
                );
        }

        return settings.Policies.Any(p =>
            AzureDirectory.Same(p.ObjectId, caller.Id)
            && AzureDirectory.Same(p.TenantId, caller.TenantId)
            && p.Allows(action.Policy)
        )
            ? null
            : new AzureFault(
                403,
                "Forbidden",
                $"The user, group or application '{who}' does not have keys {action.Policy} permission on key vault '{vault.Name};location={vault.Location}'.",
                "ForbiddenByPolicy"
            );
    }
}
