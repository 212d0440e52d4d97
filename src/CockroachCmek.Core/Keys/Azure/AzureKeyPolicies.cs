using System.Text.Json;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>Grants for people who hand them to somebody else. What these credentials may not read, the az commands find out.</summary>
internal sealed class AzureKeyPolicies(AzureClients clients, AzureCalls calls)
{
    private static readonly JsonSerializerOptions Indented = new(AzureRest.Json) { WriteIndented = true };

    public async Task<CmekKeyPolicy> DescribeAsync(KeyPolicyRequest request)
    {
        var applicationId = AzureRoles.ApplicationId(request.Cluster);
        var key = request.KeyUri is { } uri ? AzureKeyId.Parse(uri, clients.Cloud) : null;
        var principalId = (await UnlessUnknownAsync(() => new AzureRoles(clients, calls).FindAsync(applicationId)))?.Id;
        var vault = key is null
            ? null
            : await UnlessUnknownAsync(() =>
                new AzureVaults(clients, calls).FindAsync(key, null, request.AuthPrincipal)
            );
        var role = KeyVaultRoles.Find(AzureKeyOptions.From(request.Options).RoleName ?? KeyVaultRoles.Default)!;
        var vaultName = key?.VaultName ?? "<vault>";

        // What is not known stands as the command that tells it.
        var assignee = principalId ?? $"$(az ad sp show --id {applicationId} --query id --output tsv)";
        var scope = vault?.Id ?? $"$(az keyvault show --name {vaultName} --query id --output tsv)";
        var commands = new List<string>();
        if (principalId is null)
            commands.Add($"az ad sp create --id {applicationId}");
        if (key is null)
            commands.Add(
                $"az keyvault key create --vault-name {vaultName} --name {AzureNames.Default(request.Cluster)} --kty RSA --size 3072"
            );
        if (vault?.UsesRoles == false)
            commands.Add(
                $"az keyvault set-policy --name {vaultName} --object-id \"{assignee}\" --key-permissions {string.Join(" ", GrantedAccess.NeededPermissions)}"
            );
        else
            commands.Add(
                $"az role assignment create {(principalId is not null && vault is not null ? $"--name {AzureNames.AssignmentId(vault.Id, role.Name, principalId).Split('/').Last()} " : "")}--role \"{role.Properties.RoleName}\" --assignee-object-id \"{assignee}\" --assignee-principal-type ServicePrincipal --scope \"{scope}\""
            );

        var statement =
            vault?.UsesRoles == false
                ? AzureGrants.Standard(vault, role, principalId ?? assignee).Policy!
                : new JsonObject
                {
                    ["roleDefinitionId"] =
                        $"{(vault is null ? "/subscriptions/<subscription>" : string.Join("/", vault.Id.Split('/').Take(3)))}/providers/Microsoft.Authorization/roleDefinitions/{role.Name}",
                    ["principalId"] = principalId ?? assignee,
                    ["principalType"] = "ServicePrincipal",
                };
        var text = statement.ToJsonString(Indented);
        return new CmekKeyPolicy
        {
            ClusterId = request.Cluster.Id,
            ClusterName = request.Cluster.Name,
            CloudProvider = "AZURE",
            KeyUri = request.KeyUri ?? "",
            AuthPrincipal = request.AuthPrincipal,
            Policy = new JsonObject
            {
                ["properties"] =
                    vault?.UsesRoles == false
                        ? new JsonObject { ["accessPolicies"] = new JsonArray(statement) }
                        : statement,
            }.ToJsonString(Indented),
            Statement = text,
            Commands = commands,
        };
    }

    private async Task<T?> UnlessUnknownAsync<T>(Func<Task<T?>> read)
        where T : class
    {
        try
        {
            return await read();
        }
        catch (AzureFault fault) when (fault.Status == 403)
        {
            calls.Context.Log.Verbose($"Not known here, so the command asks for it: {fault.Message}");
        }
        catch (CmekException fault)
            when (fault.ErrorId is nameof(AzureErrors.KeyVaultNotVisible) or nameof(AzureErrors.KeyVaultFirewalled))
        {
            calls.Context.Log.Verbose($"Not known here, so the command asks for it: {fault.Message}");
        }

        return null;
    }
}
