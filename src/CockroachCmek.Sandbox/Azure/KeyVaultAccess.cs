namespace CockroachCmek.Sandbox.Azure;

/// <summary>An operation of the data plane, as access policies and as roles name it.</summary>
internal sealed record KeyVaultAction(string Policy, string Role)
{
    private const string Keys = "Microsoft.KeyVault/vaults/keys/";

    public static readonly KeyVaultAction Get = new("get", Keys + "read");
    public static readonly KeyVaultAction List = new("list", Keys + "read");
    public static readonly KeyVaultAction Create = new("create", Keys + "create/action");
    public static readonly KeyVaultAction Import = new("import", Keys + "import/action");
    public static readonly KeyVaultAction Update = new("update", Keys + "update/action");
    public static readonly KeyVaultAction Delete = new("delete", Keys + "delete");
    public static readonly KeyVaultAction Recover = new("recover", Keys + "recover/action");
    public static readonly KeyVaultAction Purge = new("purge", Keys + "purge/action");
    public static readonly KeyVaultAction Rotate = new("rotate", Keys + "rotate/action");
    public static readonly KeyVaultAction GetRotationPolicy = new(
        "getrotationpolicy",
        "Microsoft.KeyVault/vaults/keyrotationpolicies/read"
    );
    public static readonly KeyVaultAction SetRotationPolicy = new(
        "setrotationpolicy",
        "Microsoft.KeyVault/vaults/keyrotationpolicies/write"
    );
    public static readonly KeyVaultAction Encrypt = new("encrypt", Keys + "encrypt/action");
    public static readonly KeyVaultAction Decrypt = new("decrypt", Keys + "decrypt/action");
    public static readonly KeyVaultAction Wrap = new("wrapKey", Keys + "wrap/action");
    public static readonly KeyVaultAction Unwrap = new("unwrapKey", Keys + "unwrap/action");
}

/// <summary>
/// Decides whether a principal may do something in a key vault, with the settings and roles that have reached it.
/// Used by the data plane and by the sandbox's CockroachDB.
/// </summary>
internal static class KeyVaultAccess
{
    /// <summary>
    /// The refusal, or null if the action is allowed. The key name is null for an action on the whole key vault.
    /// </summary>
    public static AzureException? Check(
        AzureContext context,
        KeyVault keyVault,
        ServicePrincipal caller,
        KeyVaultAction action,
        string? key
    )
    {
        var settings = keyVault.Effective(context.Now, context.Propagation);
        var who = $"appid={caller.Application.AppId};oid={caller.Id};iss=https://sts.windows.net/{caller.TenantId}/";
        if (settings.PublicNetworkAccess == "Disabled")
            return AzureException.Forbidden(
                "Public network access is disabled and request is not from a trusted service nor via an approved "
                    + $"private link.\r\nCaller: {who}\r\nVault: {keyVault.Name};location={keyVault.Location}",
                "ForbiddenByConnection"
            );
        if (settings.BlocksPublicAddresses)
            return AzureException.Forbidden(
                "Client address is not authorized and caller is not a trusted service.\r\nClient address: 127.0.0.1\r\n"
                    + $"Caller: {who}\r\nVault: {keyVault.Name};location={keyVault.Location}",
                "ForbiddenByFirewall"
            );
        if (settings.RbacAuthorization is true)
        {
            var resource = key is null ? keyVault.Id : $"{keyVault.Id}/keys/{key}";
            var decision = context.Authorization.DecideData(caller.Id, action.Role, resource);
            return decision.IsAllowed
                ? null
                : AzureException.Forbidden(
                    "Caller is not authorized to perform action on resource.\r\n"
                        + "If role assignments, deny assignments or role definitions were changed recently, "
                        + $"please observe propagation time.\r\nCaller: {who}\r\nAction: '{action.Role}'\r\n"
                        + $"Resource: '{resource.ToLowerInvariant()}'\r\nAssignment: (not found)\r\n"
                        + $"DenyAssignmentId: {(decision.Deny is { } deny ? $"'{deny.Name}'" : "null")}\r\n"
                        + $"DecisionReason: null \r\nVault: {keyVault.Name};location={keyVault.Location}\r\n",
                    "ForbiddenByRbac"
                );
        }

        var identities = context.Directory.IdentitiesOf(caller.Id, context.Now - context.MembershipPropagation);
        return settings.Policies.Any(p =>
            identities.Contains(p.ObjectId)
            && AzureDirectory.Same(p.TenantId, caller.TenantId)
            && p.Allows(action.Policy)
        )
            ? null
            : AzureException.Forbidden(
                $"The user, group or application '{who}' does not have keys {action.Policy} permission on key vault "
                    + $"'{keyVault.Name};location={keyVault.Location}'. For help resolving this issue, please see "
                    + "https://go.microsoft.com/fwlink/?linkid=2125287",
                "ForbiddenByPolicy"
            );
    }
}
