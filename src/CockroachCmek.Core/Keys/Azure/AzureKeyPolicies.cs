using System.Text.Json;
using System.Text.Json.Nodes;
using CockroachCmek.Core.Keys.Azure.Access;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// Describes the grant that a key needs, as JSON and as az commands, for somebody who is allowed to make it. What these
/// credentials cannot read, the commands look up.
/// </summary>
internal sealed class AzureKeyPolicies(AzureClients clients, AzureCalls calls, KeyPolicyRequest request)
{
    private static readonly JsonSerializerOptions Indented = new(AzureRest.Json) { WriteIndented = true };

    /// <summary>What is known about a grant. An unknown part is null.</summary>
    private sealed record Grant(string ApplicationId, RoleDefinition Role)
    {
        public AzureKeyId? Key { get; init; }

        public AzureKeyVault? KeyVault { get; init; }

        public string? PrincipalId { get; init; }

        public bool UsesPolicies => KeyVault?.UsesRoles == false;

        public string KeyVaultName => Key?.KeyVaultName ?? "<Key Vault>";

        /// <summary>The object id, or the command that prints it.</summary>
        public string Assignee =>
            PrincipalId ?? $"$(az ad sp show --id {ShellQuote.Bash(ApplicationId)} --query id --output tsv)";

        /// <summary>The same as one argument in a shell: an id literally, a command's output in quotes.</summary>
        public string AssigneeArgument => PrincipalId is { } id ? ShellQuote.Bash(id) : $"\"{Assignee}\"";

        /// <summary>The Key Vault's id, or the command that prints it, as one argument in a shell.</summary>
        public string ScopeArgument =>
            KeyVault is { Id: var id }
                ? ShellQuote.Bash(id)
                : $"\"$(az keyvault show --name {ShellQuote.Bash(KeyVaultName)} --query id --output tsv)\"";
    }

    public async Task<CmekKeyPolicy> DescribeAsync()
    {
        var grant = await ReadAsync();
        var statement = Statement(grant);
        var text = statement.ToJsonString(Indented);
        JsonNode properties = grant.UsesPolicies
            ? new JsonObject { ["accessPolicies"] = new JsonArray(statement) }
            : statement;
        return new CmekKeyPolicy
        {
            ClusterId = request.Cluster.Id,
            ClusterName = request.Cluster.Name,
            CloudProvider = AzureCustomerCloud.ProviderName,
            KeyUri = request.KeyUri ?? "",
            AuthPrincipal = request.AuthPrincipal,
            Policy = new JsonObject { ["properties"] = properties }.ToJsonString(Indented),
            Statement = text,
            Commands = [.. Commands(grant)],
        };
    }

    private async Task<Grant> ReadAsync()
    {
        var applicationId = AzureApplications.ApplicationId(request.Cluster);
        var roleName = AzureKeyOptions.From(request.Options).RoleName ?? KeyVaultRoles.Default;
        var grant = new Grant(applicationId, KeyVaultRoles.Find(roleName)!)
        {
            Key = request.KeyUri is { } uri ? AzureKeyId.Parse(uri, clients.Cloud) : null,
        };
        var applications = new AzureApplications(clients, calls);
        var principal = await UnlessDeniedAsync(() => applications.FindAsync(applicationId));
        var keyVault = grant.Key is { } key
            ? await UnlessDeniedAsync<AzureKeyVault>(async () =>
                await new AzureKeyVaults(clients, calls).FindAsync(key, request.AuthPrincipal)
            )
            : null;
        return grant with { PrincipalId = principal?.Id, KeyVault = keyVault };
    }

    private IEnumerable<string> Commands(Grant grant)
    {
        if (grant.PrincipalId is null)
            yield return $"az ad sp create --id {ShellQuote.Bash(grant.ApplicationId)}";
        if (grant.Key is null)
            yield return $"az keyvault key create --vault-name {ShellQuote.Bash(grant.KeyVaultName)} "
                + $"--name {AzureNames.Key(request.Cluster)} --kty {KeyMaterial.Rsa} --size {KeyShape.DefaultSize}";
        yield return grant.UsesPolicies
            ? $"az keyvault set-policy --name {ShellQuote.Bash(grant.KeyVaultName)} --object-id "
                + $"{grant.AssigneeArgument} "
                + $"--key-permissions {string.Join(" ", AzurePolicyEntry.Needed)}"
            : $"az role assignment create {NameOption(grant)}--role \"{grant.Role.Properties.RoleName}\" "
                + $"--assignee-object-id {grant.AssigneeArgument} --assignee-principal-type ServicePrincipal "
                + $"--scope {grant.ScopeArgument}";
    }

    /// <summary>The name that the module itself would give the assignment, as far as it is known.</summary>
    private static string NameOption(Grant grant)
    {
        if (grant.PrincipalId is not { } principalId || grant.KeyVault is not { } keyVault)
            return "";
        var id = AzureNames.RoleAssignment(keyVault.Id, grant.Role.Name, principalId);
        return $"--name {id.Split('/').Last()} ";
    }

    private static JsonObject Statement(Grant grant)
    {
        if (grant.KeyVault is { UsesRoles: false } keyVault)
            return StandardGrant.For(keyVault, grant.Role, grant.Assignee).PolicyEntry!;
        var subscription = grant.KeyVault is { Id: var id }
            ? AzureScope.SubscriptionOf(id)
            : "/subscriptions/<subscription>";
        return new JsonObject
        {
            ["roleDefinitionId"] =
                $"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{grant.Role.Name}",
            ["principalId"] = grant.Assignee,
            ["principalType"] = "ServicePrincipal",
        };
    }

    /// <summary>Reads what these credentials may not be allowed to read; null then.</summary>
    private async Task<T?> UnlessDeniedAsync<T>(Func<Task<T?>> read)
        where T : class
    {
        try
        {
            return await read();
        }
        catch (Exception error)
            when (error
                    is AzureException { Status: 403 }
                        or CmekException
                        {
                            ErrorId: nameof(AzureErrors.KeyVaultNotVisible) or nameof(AzureErrors.KeyVaultFirewalled)
                        }
            )
        {
            calls.Context.Host.Verbose($"The command looks this up, because it cannot be read here: {error.Message}");
            return null;
        }
    }
}
