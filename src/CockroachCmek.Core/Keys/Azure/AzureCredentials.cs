using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Identity;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// The SDK's credentials for a connection. Only Interactive opens a browser, and no process is started in Azure
/// Automation.
/// </summary>
internal sealed class AzureCredentials(AzureConnection connection, AzureCloud cloud, HttpPipelineTransport? transport)
{
    /// <summary>
    /// Each token request names its tenant, and the token is checked for it, so that the credentials may serve any
    /// tenant.
    /// </summary>
    private const string AnyTenant = "*";

    /// <summary>
    /// True where the platform serves tokens at an address in the environment: Azure Automation, App Service,
    /// Functions.
    /// </summary>
    public static bool IsAutomation => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("IDENTITY_ENDPOINT"));

    public TokenCredential Create() =>
        connection switch
        {
            { ClientSecret: { } secret, ClientId: { } id, TenantId: { } tenant } => new ClientSecretCredential(
                tenant,
                id,
                secret.Reveal(),
                Configure(
                    new ClientSecretCredentialOptions
                    {
                        DisableInstanceDiscovery = IsSandbox,
                        AdditionallyAllowedTenants = { AnyTenant },
                    }
                )
            ),
            { Credential: AzureCredential.Environment } => new EnvironmentCredential(
                Configure(
                    new EnvironmentCredentialOptions
                    {
                        DisableInstanceDiscovery = IsSandbox,
                        AdditionallyAllowedTenants = { AnyTenant },
                    }
                )
            ),
            { Credential: AzureCredential.AzureCli } => new AzureCliCredential(
                Configure(new AzureCliCredentialOptions { AdditionallyAllowedTenants = { AnyTenant } })
            ),
            { Credential: AzureCredential.AzurePowerShell } => new AzurePowerShellCredential(
                Configure(new AzurePowerShellCredentialOptions { AdditionallyAllowedTenants = { AnyTenant } })
            ),
            { Credential: AzureCredential.Interactive } => new InteractiveBrowserCredential(
                Configure(
                    new InteractiveBrowserCredentialOptions
                    {
                        TenantId = connection.TenantId,
                        AdditionallyAllowedTenants = { AnyTenant },
                    }
                )
            ),
            { Credential: AzureCredential.ManagedIdentity } => ManagedIdentity(),
            // The default chain would start az and pwsh, which Azure Automation forbids.
            _ when IsAutomation => ManagedIdentity(),
            _ => new DefaultAzureCredential(
                Configure(
                    new DefaultAzureCredentialOptions
                    {
                        ManagedIdentityClientId = connection.ClientId,
                        ExcludeInteractiveBrowserCredential = true,
                        ExcludeVisualStudioCredential = true,
                        ExcludeVisualStudioCodeCredential = true,
                        ExcludeAzureDeveloperCliCredential = true,
                        ExcludeBrokerCredential = true,
                        DisableInstanceDiscovery = IsSandbox,
                        AdditionallyAllowedTenants = { AnyTenant },
                    }
                )
            ),
        };

    private bool IsSandbox => connection.Loopback is not null;

    /// <summary>A client id is sent only when one was given, because Azure Automation refuses it.</summary>
    private ManagedIdentityCredential ManagedIdentity() =>
        new(
            Configure(
                new ManagedIdentityCredentialOptions(
                    connection.ClientId is { } id
                        ? ManagedIdentityId.FromUserAssignedClientId(id)
                        : ManagedIdentityId.SystemAssigned
                )
            )
        );

    private T Configure<T>(T options)
        where T : TokenCredentialOptions
    {
        options.AuthorityHost = cloud.Login;
        return AzureTransport.Configure(options, transport);
    }
}
