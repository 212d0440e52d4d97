using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>Makes one planned change of access, or undoes it. Each is read back, and can be repeated.</summary>
internal sealed class AzureKeyAccessWriter(AzureClients clients, AzureCalls calls)
{
    private readonly AzureGrantWriter _grants = new(clients, calls);

    public async Task<CmekAccessChange> RevokeAsync(CmekAccessChange change)
    {
        switch (change.Kind)
        {
            case AzureAccessChange.RoleAssignment:
                await _grants.UnassignAsync(change.Target);
                WarnOfDelay(change);
                break;
            case AzureAccessChange.AccessPolicy:
                await _grants.RemovePolicyAsync(change.Target, AzureAccessChange.ReadDocument<JsonObject>(change));
                WarnOfDelay(change);
                break;
            case AzureAccessChange.KeyVersionState:
                await EnableAsync(change, enabled: false);
                break;
            default:
                throw UnknownKind(change);
        }

        return change with
        {
            State = CmekAccessChangeState.Done,
        };
    }

    public async Task<CmekAccessChange> RestoreAsync(CmekAccessChange change)
    {
        switch (change.Kind)
        {
            case AzureAccessChange.RoleAssignment:
                await _grants.AssignAsync(
                    change.Target,
                    AzureAccessChange.ReadDocument<RoleAssignment>(change).Properties
                );
                break;
            case AzureAccessChange.AccessPolicy:
                await _grants.AddPolicyAsync(change.Target, AzureAccessChange.ReadDocument<JsonObject>(change));
                break;
            case AzureAccessChange.KeyVersionState:
                await EnableAsync(change, enabled: true);
                break;
            case AzureAccessChange.ServicePrincipal:
                await RequireApplicationAsync(change);
                break;
            default:
                throw UnknownKind(change);
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

    private Task EnableAsync(CmekAccessChange change, bool enabled) =>
        new AzureKeyWriter(clients, calls, new AzureKeyReader(clients, calls)).EnableAsync(
            AzureKeyId.Parse(change.Target, clients.Cloud),
            enabled
        );

    /// <summary>
    /// An application that was removed cannot be restored here: it comes back with another object id, and so without
    /// its assignments.
    /// </summary>
    private async Task RequireApplicationAsync(CmekAccessChange change)
    {
        if (await new AzureApplications(clients, calls).FindAsync(change.Target) is null)
            throw AzureErrors.ApplicationGone(
                change.Target,
                clients.Cloud.ConsentUrl(change.AuthPrincipal, change.Target)
            );
    }

    private static CmekException UnknownKind(CmekAccessChange change) =>
        Errors.RevocationFileInvalid(change.Target, $"Azure has no change of kind '{change.Kind}'");
}
