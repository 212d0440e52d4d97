using CockroachCmek.Core.Keys.Azure.Access;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// Makes one planned change of access, or undoes it. Each is read back, and can be repeated. A grant is given back only
/// to the cluster's own application, only with a role for keys, and only where the cluster has a key: the record of a
/// revocation is a file that anybody may have edited.
/// </summary>
internal sealed class AzureKeyAccessWriter(AzureClients clients, AzureCalls calls)
{
    /// <summary>How long a change of state may need until it can be read.</summary>
    private static readonly TimeSpan Propagation = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

    private readonly AzureGrantWriter _grants = new(clients, calls);
    private readonly AzureApplications _applications = new(clients, calls);
    private readonly AzureKeyReader _reader = new(clients, calls);

    public async Task<CmekAccessChange> RevokeAsync(CmekAccessChange change)
    {
        switch (AzureChangeReader.Read(change))
        {
            case RoleAssignmentChange role:
                await _grants.UnassignAsync(role.Target);
                WarnOfDelay(change);
                break;
            case AccessPolicyChange policy:
                await _grants.RemovePolicyAsync(policy.KeyVaultId, policy.Content);
                WarnOfDelay(change);
                break;
            case KeyVersionStateChange state:
                await EnableAsync(state.Version, enabled: false);
                break;
            case ServicePrincipalStateChange signIn:
                await EnableAsync(signIn, change, enabled: false);
                calls.Context.Host.Warning(
                    $"Signing in as {signIn.ApplicationId} is disabled. Tokens that were issued before stay valid "
                        + "until "
                        + "they expire, which can take 90 minutes. To stop their use now, run Revoke-CrdbCmek with "
                        + "-Method DisableKey."
                );
                break;
            default:
                throw AzureChangeReader.Invalid(change, "this module never makes such a change");
        }

        return change with
        {
            State = CmekAccessChangeState.Done,
        };
    }

    public async Task<CmekAccessChange> RestoreAsync(CmekAccessChange change)
    {
        switch (AzureChangeReader.Read(change))
        {
            case RoleAssignmentChange role:
                await RequireOwnAsync(role.Assignment.Properties.PrincipalId, role, change);
                await RequireKeyRoleAsync(role, change);
                await _grants.AssignAsync(role.Target, role.Assignment.Properties);
                break;
            case AccessPolicyChange policy:
                await RequireOwnAsync(policy.ObjectId, policy, change);
                await _grants.AddPolicyAsync(policy.KeyVaultId, policy.Content);
                break;
            case KeyVersionStateChange state:
                await EnableAsync(state.Version, enabled: true);
                break;
            case ServicePrincipalStateChange signIn:
                await EnableAsync(signIn, change, enabled: true);
                break;
            case DeletedKeyChange deleted:
                await new AzureKeyWriter(clients, calls, _reader).RecoverAsync(InThisCloud(deleted.Key));
                break;
            case ServicePrincipalChange removed:
                if (await _applications.FindAsync(removed.ApplicationId) is null)
                    throw Gone(removed, change);
                break;
            default:
                throw AzureChangeReader.Invalid(change, "this module cannot undo such a change");
        }

        return change with
        {
            State = CmekAccessChangeState.Restored,
            Fault = "",
        };
    }

    /// <summary>
    /// A Key Vault may admit the application for a while after Resource Manager removed the grant (key-vault
    /// rbac-guide). Only the application itself could tell when that ends.
    /// </summary>
    private void WarnOfDelay(CmekAccessChange change) =>
        calls.Context.Host.Warning(
            $"{change.Target} was removed. Key Vault may still admit the application for up to ten minutes."
        );

    private async Task EnableAsync(AzureKeyId version, bool enabled)
    {
        var id = InThisCloud(version);
        await new AzureKeyWriter(clients, calls, _reader).EnableAsync(id, enabled);
        await calls.PollUntilAsync(
            async () => await _reader.FindAsync(id) is { } found && found.Bundle.Attributes.Enabled == enabled,
            Propagation,
            Pause,
            () => AzureErrors.GrantNotSeen(id.ToString())
        );
    }

    private async Task EnableAsync(ServicePrincipalStateChange signIn, CmekAccessChange change, bool enabled)
    {
        var principal = await RequireOwnAsync(null, signIn, change);
        if (principal.AccountEnabled == enabled)
            return;
        await _applications.EnableAsync(principal, enabled);
        await calls.PollUntilAsync(
            async () => (await _applications.FindAsync(principal.AppId))?.AccountEnabled == enabled,
            Propagation,
            Pause,
            () => AzureErrors.ApplicationNotSeen(principal.AppId, null)
        );
    }

    /// <summary>The cluster's application in the tenant.</summary>
    /// <param name="principalId">Whom the change names; null when it names the application itself.</param>
    /// <exception cref="CmekException">
    /// ConsentMissing; RevocationFileInvalid: the change names somebody else, or the application was added again and
    /// has
    /// another object id.
    /// </exception>
    private async Task<ServicePrincipal> RequireOwnAsync(
        string? principalId,
        AzureChange typed,
        CmekAccessChange change
    )
    {
        if (typed.Owner.Id.Length == 0)
            throw AzureChangeReader.Invalid(change, "it does not say which cluster it is about");
        var principal = await _applications.FindAsync(typed.Owner) ?? throw Gone(typed, change);
        var isNamed = principalId is null
            ? AzureScope.Same(principal.AppId, typed.Target)
            : AzureScope.Same(principal.Id, principalId);
        return isNamed
            ? principal
            : throw AzureChangeReader.Invalid(
                change,
                $"it names {principalId ?? typed.Target}, but {AzureNames.Application(typed.Owner.Id)} is "
                    + $"{principal.Id}. "
                    + "If the application was removed and added again, its grants must be made anew: "
                    + "New-CrdbCmekKey -KeyUri <key> -Grant"
            );
    }

    /// <summary>
    /// The assignment must stand on a key of the cluster or above it, and its role must allow the use of keys and let
    /// nobody grant anything. The role is read at the Key Vault, because it may be defined in a management group.
    /// </summary>
    private async Task RequireKeyRoleAsync(RoleAssignmentChange change, CmekAccessChange record)
    {
        var scope = AzureScope.Of(change.Assignment.Id);
        var keys = change.Owner.Keys.Select(k => AzureKeyId.Parse(k, clients.Cloud)).ToList();
        var keyVaults = await new AzureKeyVaults(clients, calls).FindAsync(
            [.. keys.Select(k => k.KeyVaultName)],
            null,
            record.AuthPrincipal
        );
        if (
            keys.Zip(keyVaults, (k, v) => (Key: k, KeyVault: v))
                .Where(p => AzureScope.IsWithin(p.KeyVault.KeyScope(p.Key.Name), scope))
                .Select(p => p.KeyVault)
                .FirstOrDefault()
            is not { } keyVault
        )
            throw AzureChangeReader.Invalid(record, $"no key of the cluster is in {AzureScope.Describe(scope)}");
        var id = change.Assignment.Properties.RoleDefinitionId;
        var path = $"{keyVault.Id}/providers/Microsoft.Authorization/roleDefinitions/{id.Split('/').Last()}";
        var role = KeyVaultRoles.Find(id)
            ?? await calls.FindAsync("ARM", "GetRoleDefinition", path, c =>
                clients.Arm.GetRoleDefinitionAsync(path, c)
            );
        if (
            role is null
            || (!role.Covers(KeyVaultRoles.Wrap) && !role.Covers(KeyVaultRoles.Unwrap))
            || role.Allows("Microsoft.Authorization/roleAssignments/write")
        )
            throw AzureChangeReader.Invalid(record, $"{change.RoleName} is not a role for keys alone");
    }

    /// <summary>
    /// An application that was removed cannot be restored here: it comes back with another object id, and so without
    /// its assignments.
    /// </summary>
    private CmekException Gone(AzureChange typed, CmekAccessChange change)
    {
        var application = typed.Owner.ApplicationId ?? typed.Target;
        return AzureErrors.ApplicationGone(application, clients.Cloud.ConsentUrl(change.AuthPrincipal, application));
    }

    /// <summary>The same key, if it is in the cloud that the session is connected to: a token is sent there.</summary>
    private AzureKeyId InThisCloud(AzureKeyId id) => AzureKeyId.Parse(id.ToString(), clients.Cloud);
}
