using System.Management.Automation;
using System.Security;
using CockroachCmek.Completion;
using CockroachCmek.Core.Http;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Connects this runspace to CockroachDB Cloud.</summary>
/// <remarks>
/// <para>Reads the secret key of a service account from -ApiKey, from a SecretManagement vault (-SecretName) or from
/// the environment variable COCKROACH_API_KEY, in this order, and checks it with one call. The other cmdlets in this
/// runspace then use the session. Pass the returned object to -Session in another runspace, for example in
/// ForEach-Object -Parallel or Start-ThreadJob. A session cannot leave its process: in Start-Job and in a remote
/// session, connect there. What Get-Secret returns may be a SecureString, a PSCredential or a String.</para>
/// <para>CMEK needs a service account with the role Cluster Admin or Cluster Operator. Do not type an API key at the
/// prompt: it would be saved in the history file. Use Read-Host -AsSecureString or -SecretName. Keys and tokens stay
/// inside the module: no object, message or transcript shows them.</para>
/// <para>The session also holds the connections to your own clouds. Each is opened when it is first needed. A session
/// with a sandbox uses the clouds of that sandbox, never credentials from the environment.</para>
/// <para>AWS. Uses the AWS SDK's credential chain. -AwsProfile or -AwsCredential replaces it. An API key that is not
/// allowed to read the organization also needs -OrganizationId, because AWS uses that id as the external id.</para>
/// <para>Google Cloud. Uses application default credentials. -GcpCredentialFile or -GcpAccessToken replaces
/// them.</para>
/// <para>Azure. Uses the first credentials that it finds: environment variables, workload identity, managed identity,
/// the Azure CLI, Azure PowerShell. In Azure Automation it uses the managed identity alone. -AzureCredential chooses
/// one. Only Interactive opens a browser.</para>
/// <para>HashiCorp Vault. Uses VAULT_ADDR, VAULT_TOKEN and VAULT_NAMESPACE, unless -VaultAddress, -VaultToken and
/// -VaultNamespace are given. Only commands with -Via HashiCorpVault connect to it.</para>
/// </remarks>
/// <example>
/// <para>Connects with the key in the environment variable COCKROACH_API_KEY.</para>
/// <code>Connect-CrdbCloud</code>
/// </example>
/// <example>
/// <para>Connects with a key from a SecretManagement vault.</para>
/// <code>Connect-CrdbCloud -SecretName CockroachCloud</code>
/// </example>
/// <example>
/// <para>AWS: connects, and uses the profile of the account that holds the keys.</para>
/// <code>Connect-CrdbCloud -AwsProfile kms-admin</code>
/// </example>
/// <example>
/// <para>Google Cloud: connects, and creates service accounts and keys in a project of their own.</para>
/// <code>Connect-CrdbCloud -GcpProject my-keys</code>
/// </example>
/// <example>
/// <para>Azure: connects in a runbook, and uses the identity of the Automation account.</para>
/// <code>Connect-CrdbCloud -AzureCredential ManagedIdentity</code>
/// </example>
/// <example>
/// <para>HashiCorp Vault: connects, and names the Vault that generates the keys.</para>
/// <code>Connect-CrdbCloud -VaultAddress https://vault.example.com:8200 -VaultNamespace admin</code>
/// </example>
/// <example>
/// <para>Connects in an emergency, without CockroachDB Cloud, and takes the keys from it.</para>
/// <code>Connect-CrdbCloud -KmsOnly
/// Import-CrdbCmekManifest ./cmek_config.json -Cluster prod-eu | Revoke-CrdbCmek -KmsOnly -Confirm:$false</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/managing-access">
/// Manage access to CockroachDB Cloud
/// </seealso>
/// <seealso href="https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html">
/// AWS: the credential chain of the SDKs
/// </seealso>
/// <seealso href="https://cloud.google.com/docs/authentication/application-default-credentials">
/// Google Cloud: application default credentials
/// </seealso>
/// <seealso href="https://learn.microsoft.com/dotnet/azure/sdk/authentication/credential-chains">
/// Azure: credential chains
/// </seealso>
/// <seealso href="https://developer.hashicorp.com/vault/docs/commands#environment-variables">
/// HashiCorp Vault: environment variables
/// </seealso>
[Cmdlet(
    VerbsCommunications.Connect,
    "CrdbCloud",
    DefaultParameterSetName = KeySet,
    HelpUri = "https://www.cockroachlabs.com/docs/cockroachcloud/managing-access"
)]
[OutputType(typeof(CrdbSession))]
public sealed partial class ConnectCrdbCloudCommand : CrdbCmdlet
{
    private const string KeySet = "ApiKey";
    private const string SecretSet = "Secret";
    private const string KmsOnlySet = "KmsOnly";

    /// <summary>Secret key of the API key. Default: the environment variable COCKROACH_API_KEY.</summary>
    [Parameter(Position = 0, ParameterSetName = KeySet)]
    [ValidateNotNull]
    [SecretTransformation(Else = "-SecretName reads it from a vault.")]
    public SecureString? ApiKey { get; set; }

    /// <summary>
    /// Name of the secret that holds the API key. It is read with Get-Secret of the module
    /// Microsoft.PowerShell.SecretManagement.
    /// </summary>
    [Parameter(
        Mandatory = true,
        ParameterSetName = SecretSet,
        HelpMessage = "Name of the secret that holds the API key."
    )]
    [ValidateNotNullOrEmpty]
    [Trimmed]
    public string SecretName { get; set; } = "";

    /// <summary>SecretManagement vault that holds the secret. Default: all registered vaults.</summary>
    [Parameter(ParameterSetName = SecretSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ConnectionCompleter))]
    public string? SecretVault { get; set; }

    /// <summary>
    /// Opens a session that reaches your own clouds only. Needs no API key and sends nothing to CockroachDB Cloud: for
    /// Revoke-CrdbCmek -KmsOnly and Restore-CrdbCmekAccess when CockroachDB Cloud is down or cannot be trusted. They
    /// take the keys from a manifest or a record, or find them in your clouds by the cluster's name, UUID or console
    /// URL.
    /// </summary>
    [Parameter(Mandatory = true, ParameterSetName = KmsOnlySet)]
    public SwitchParameter KmsOnly { get; set; }

    /// <summary>
    /// Base address of the API. Must be https, except on the loopback address. Default: the environment variable
    /// COCKROACH_SERVER, or else https://cockroachlabs.cloud.
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(ConnectionCompleter))]
    public Uri? Endpoint { get; set; }

    /// <summary>
    /// Version of the API, sent as Cc-Version. Default: the version that this module was written for.
    /// </summary>
    [Parameter]
    [ValidatePattern(@"^\d{4}-\d{2}-\d{2}$")]
    [ArgumentCompleter(typeof(ConnectionCompleter))]
    [Trimmed]
    public string? ApiVersion { get; set; }

    /// <summary>
    /// UUID of the organization, for an API key that is not allowed to read it. It is shown at
    /// https://cockroachlabs.cloud/settings.
    /// </summary>
    [Parameter]
    [ArgumentCompleter(typeof(ConnectionCompleter))]
    public Guid? OrganizationId { get; set; }

    /// <summary>
    /// AWS: profile in the shared configuration files, including SSO and assume-role profiles. Default: the AWS SDK's
    /// credential chain.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [CloudOption]
    [ArgumentCompleter(typeof(CloudOptionCompleter))]
    [Trimmed]
    public string? AwsProfile { get; set; }

    /// <summary>
    /// AWS: profile for keys that are in another account than the role. KMS is called with it, IAM with the other
    /// credentials. Default: the same credentials for both.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [CloudOption]
    [ArgumentCompleter(typeof(CloudOptionCompleter))]
    [Trimmed]
    public string? KeyProfile { get; set; }

    /// <summary>
    /// AWS: access key id as the user name, secret access key as the password. Default: the AWS SDK's credential chain.
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    [Credential]
    [CloudOption]
    public PSCredential? AwsCredential { get; set; }

    /// <summary>AWS: session token of temporary credentials, together with -AwsCredential.</summary>
    [Parameter]
    [ValidateNotNull]
    [SecretTransformation]
    [CloudOption]
    public SecureString? AwsSessionToken { get; set; }

    /// <summary>
    /// Google Cloud: project for new service accounts and keys. Default: GOOGLE_CLOUD_PROJECT, or the credentials'
    /// project.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [CloudOption]
    [ArgumentCompleter(typeof(CloudOptionCompleter))]
    [Trimmed]
    public string? GcpProject { get; set; }

    /// <summary>
    /// Google Cloud: credentials file. Accepts a service account key, a workload identity federation configuration, or
    /// the file written by gcloud auth application-default login. Default: application default credentials.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [CloudOption(IsPath = true)]
    public string? GcpCredentialFile { get; set; }

    /// <summary>
    /// Google Cloud: OAuth access token, for example from gcloud auth print-access-token. It cannot be renewed and
    /// expires within an hour.
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    [SecretTransformation]
    [CloudOption]
    public SecureString? GcpAccessToken { get; set; }

    /// <summary>Google Cloud: project that is charged for the API quota. Default: the credentials' own.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [CloudOption]
    [ArgumentCompleter(typeof(CloudOptionCompleter))]
    [Trimmed]
    public string? GcpQuotaProject { get; set; }

    /// <summary>Azure: the credentials to use. Only Interactive opens a browser.</summary>
    [Parameter]
    [CloudOption]
    public AzureCredential AzureCredential { get; set; }

    /// <summary>Azure: client id of a user-assigned managed identity. Default: the system-assigned one.</summary>
    [Parameter]
    [CloudOption]
    [ArgumentCompleter(typeof(CloudOptionCompleter))]
    public Guid? AzureClientId { get; set; }

    /// <summary>Azure: tenant that holds the Key Vaults. Default: the tenant of the credentials.</summary>
    [Parameter]
    [CloudOption]
    [ArgumentCompleter(typeof(CloudOptionCompleter))]
    public Guid? AzureTenantId { get; set; }

    /// <summary>
    /// Azure: subscription that holds the Key Vaults. Default: all subscriptions that the credentials can see.
    /// </summary>
    [Parameter]
    [CloudOption]
    [ArgumentCompleter(typeof(CloudOptionCompleter))]
    public Guid? AzureSubscriptionId { get; set; }

    /// <summary>
    /// Azure: Key Vaults of new keys, one for all regions or one in each region's location, for New-CrdbCmekKey without
    /// -KeyVaultName. With it, clusters of several clouds can go through one pipeline.
    /// </summary>
    [Parameter]
    [ValidatePattern("^[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]$")]
    [CloudOption]
    [ArgumentCompleter(typeof(CloudOptionCompleter))]
    [Trimmed]
    public string[]? AzureKeyVaultName { get; set; }

    /// <summary>Azure: the Microsoft cloud to connect to: Public, USGovernment or China. Default: Public.</summary>
    [Parameter]
    [CloudOption]
    public AzureEnvironment AzureEnvironment { get; set; }

    /// <summary>Checks the API key with one call and opens the session of the runspace.</summary>
    protected override void BeginProcessing()
    {
        CloudSession? session = null;
        SessionRequest? request = null;
        try
        {
            var key = KmsOnly.IsPresent
                ? ApiKeySource.ReadOptional()
                : ApiKeySource.Read(this, ApiKey, SecretName, SecretVault);
            request = new SessionRequest(Endpoint ?? ApiKeySource.Server(), key)
            {
                KmsOnly = KmsOnly.IsPresent,
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
            session = await CloudSession.ConnectAsync(request!, operation, operation.CancellationToken)
        );
        session!.MakeCurrent();
        WriteObject(session.Session);
    }
}
