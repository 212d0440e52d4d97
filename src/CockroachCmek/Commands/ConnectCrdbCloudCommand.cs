using System.Management.Automation;
using System.Security;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Connects this runspace to CockroachDB Cloud.</summary>
/// <remarks>
/// <para>Takes the secret key of a service account's API key from -ApiKey, from a vault of the module Microsoft.PowerShell.SecretManagement
/// (-SecretName), or from the environment variable COCKROACH_API_KEY, in this order, and checks it with one call. The cmdlets of the same
/// runspace then use the connection; the object that is returned can be given to -Session elsewhere, for example in ForEach-Object -Parallel.</para>
/// <para>CMEK needs an API key whose service account has the role Cluster Admin or Cluster Operator. A key that may not read the organization
/// still works; give -OrganizationId then, because AWS needs it as the external id.</para>
/// <para>Your own clouds are reached with their usual credentials: on AWS the SDK's chain, on Google Cloud application default credentials, on Azure
/// the first that are found of environment, managed identity, az and Connect-AzAccount (in Azure Automation the managed identity alone).
/// The -Gcp and -Azure parameters say otherwise for the whole session; a browser opens for -AzureCredential Interactive only.</para>
/// <para>Keys and tokens stay inside the module: no object, message or transcript shows them.</para>
/// </remarks>
/// <example>
/// <para>Connects with the key that the environment variable COCKROACH_API_KEY holds.</para>
/// <code>Connect-CrdbCloud</code>
/// </example>
/// <example>
/// <para>Connects with a key that is kept in a SecretManagement vault.</para>
/// <code>Connect-CrdbCloud -SecretName CockroachCloud</code>
/// </example>
/// <example>
/// <para>Connects, and makes what Google Cloud needs in a project of its own.</para>
/// <code>Connect-CrdbCloud -GcpProject my-keys</code>
/// </example>
/// <example>
/// <para>Connects in a runbook, and takes the Automation account's identity for Azure.</para>
/// <code>Connect-CrdbCloud -AzureCredential ManagedIdentity</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/managing-access">Manage access to CockroachDB Cloud</seealso>
[Cmdlet(VerbsCommunications.Connect, "CrdbCloud", DefaultParameterSetName = KeySet)]
[OutputType(typeof(CrdbSession))]
public sealed class ConnectCrdbCloudCommand : CrdbCmdlet
{
    private const string KeySet = "ApiKey";
    private const string SecretSet = "Secret";

    /// <summary>Secret key of the API key. Without it, and without -SecretName, the environment variable COCKROACH_API_KEY is read.</summary>
    [Parameter(Position = 0, ParameterSetName = KeySet)]
    [ValidateNotNull]
    public SecureString? ApiKey { get; set; }

    /// <summary>Name of a secret that holds the key, read with Get-Secret of the module Microsoft.PowerShell.SecretManagement.</summary>
    [Parameter(
        Mandatory = true,
        ParameterSetName = SecretSet,
        HelpMessage = "Name of the secret that holds the API key."
    )]
    [ValidateNotNullOrEmpty]
    public string SecretName { get; set; } = "";

    /// <summary>Vault that holds the secret; without it, all registered vaults are searched.</summary>
    [Parameter(ParameterSetName = SecretSet)]
    [ValidateNotNullOrEmpty]
    public string? SecretVault { get; set; }

    /// <summary>Base address of the API. Only https is accepted, except on this machine's loopback address.</summary>
    [Parameter]
    [ValidateNotNull]
    public Uri? Endpoint { get; set; }

    /// <summary>Version of the API, sent as Cc-Version; without it, the version that this module was written for.</summary>
    [Parameter]
    [ValidatePattern(@"^\d{4}-\d{2}-\d{2}$")]
    public string? ApiVersion { get; set; }

    /// <summary>UUID of the organization, for an API key that may not read it. It is shown at https://cockroachlabs.cloud/settings.</summary>
    [Parameter]
    public Guid? OrganizationId { get; set; }

    /// <summary>AWS: profile of the shared configuration, SSO and assume-role profiles included. Default: the AWS SDK's credential chain.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [CloudOption]
    public string? AwsProfile { get; set; }

    /// <summary>AWS: access key id as user name, secret access key as password, instead of the SDK's credential chain.</summary>
    [Parameter]
    [ValidateNotNull]
    [Credential]
    [CloudOption]
    public PSCredential? AwsCredential { get; set; }

    /// <summary>AWS: session token of temporary credentials, with -AwsCredential.</summary>
    [Parameter]
    [ValidateNotNull]
    [CloudOption]
    public SecureString? AwsSessionToken { get; set; }

    /// <summary>Google Cloud: project of new service accounts and keys. Default: GOOGLE_CLOUD_PROJECT, or the credentials' project.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [CloudOption]
    public string? GcpProject { get; set; }

    /// <summary>
    /// Google Cloud: file of credentials: a service account key, workload identity federation, or what gcloud auth
    /// application-default login writes. Default: application default credentials.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [CloudOption(IsPath = true)]
    public string? GcpCredentialFile { get; set; }

    /// <summary>
    /// Google Cloud: OAuth access token, for example from gcloud auth print-access-token. It cannot be renewed and expires within
    /// the hour.
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    [CloudOption]
    public SecureString? GcpAccessToken { get; set; }

    /// <summary>Google Cloud: project whose quota the calls count against. Default: the credentials' own.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [CloudOption]
    public string? GcpQuotaProject { get; set; }

    /// <summary>
    /// Azure: whose credentials to use: Default, Environment, AzureCli, AzurePowerShell, ManagedIdentity or Interactive. Only
    /// Interactive opens a browser.
    /// </summary>
    [Parameter]
    [CloudOption]
    public AzureCredential AzureCredential { get; set; }

    /// <summary>Azure: client id of a user-assigned managed identity. Default: the system-assigned one.</summary>
    [Parameter]
    [CloudOption]
    public Guid? AzureClientId { get; set; }

    /// <summary>Azure: tenant that holds the Key Vaults. Default: the tenant that the credentials belong to.</summary>
    [Parameter]
    [CloudOption]
    public Guid? AzureTenantId { get; set; }

    /// <summary>Azure: subscription that holds the Key Vaults. Default: all subscriptions that the credentials can see.</summary>
    [Parameter]
    [CloudOption]
    public Guid? AzureSubscriptionId { get; set; }

    /// <summary>Azure: which of Microsoft's clouds: Public, USGovernment or China. Default: Public.</summary>
    [Parameter]
    [CloudOption]
    public AzureEnvironment AzureEnvironment { get; set; }

    /// <summary>HashiCorp Vault: address. Default: VAULT_ADDR. Must be https, except on the loopback address.</summary>
    [Parameter]
    [ValidateNotNull]
    [CloudOption]
    public Uri? VaultAddress { get; set; }

    /// <summary>HashiCorp Vault: token. Default: VAULT_TOKEN, or the file ~/.vault-token that "vault login" writes.</summary>
    [Parameter]
    [ValidateNotNull]
    [CloudOption]
    public SecureString? VaultToken { get; set; }

    /// <summary>HashiCorp Vault: namespace. Default: VAULT_NAMESPACE. On HCP Vault the topmost namespace is admin.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [CloudOption]
    public string? VaultNamespace { get; set; }

    /// <summary>HashiCorp Vault: mount of the Key Management secrets engine. Default: keymgmt.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [CloudOption]
    public string? VaultMount { get; set; }

    /// <summary>
    /// HashiCorp Vault: PEM file of the authority that signed Vault's certificate. Default: VAULT_CACERT, or the authorities that
    /// this machine trusts.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [CloudOption(IsPath = true)]
    public string? VaultCaCertificate { get; set; }

    /// <summary>
    /// HashiCorp Vault: credentials that new KMS provider entries get: on AWS access key id and secret access key, on Azure client
    /// id and client secret. Default: the environment of the Vault server.
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    [Credential]
    [CloudOption]
    public PSCredential? VaultCloudCredential { get; set; }

    /// <summary>
    /// HashiCorp Vault, Google Cloud: path, on the Vault server, of the service account file that new KMS provider entries use.
    /// Default: the environment of the Vault server.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [CloudOption]
    public string? VaultServiceAccountFile { get; set; }

    /// <summary>Checks the API key with one call and makes the session that of the runspace.</summary>
    protected override void BeginProcessing()
    {
        CloudSession? made = null;
        SessionRequest? request = null;
        try
        {
            request = new SessionRequest(Endpoint, ApiKeySource.Read(this, ApiKey, SecretName, SecretVault))
            {
                ApiVersion = ApiVersion,
                OrganizationId = OrganizationId?.ToString(),
                Options = CloudOptionReader.Read(this),
            };
        }
        catch (CmekException error)
        {
            ThrowTerminatingError(ErrorRecords.From(error));
        }

        SubmitAndWait(async operation =>
            made = await CloudSession.ConnectAsync(request!, operation, operation.CancellationToken)
        );
        made!.MakeCurrent();
        WriteObject(made.Session);
    }
}
