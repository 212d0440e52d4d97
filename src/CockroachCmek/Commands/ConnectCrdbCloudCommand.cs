using System.Management.Automation;
using System.Security;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Azure;
using CockroachCmek.Core.Keys.Gcp;
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

    /// <summary>Google Cloud project that service accounts and keys are made in; without it, that of GOOGLE_CLOUD_PROJECT or of the credentials.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? GcpProject { get; set; }

    /// <summary>File of Google Cloud credentials: a service account's key, workload identity federation, or what gcloud auth application-default login writes. Without it, application default credentials are used.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? GcpCredentialFile { get; set; }

    /// <summary>OAuth access token for Google Cloud, for example from gcloud auth print-access-token; it cannot be renewed, and ends within the hour.</summary>
    [Parameter]
    [ValidateNotNull]
    public SecureString? GcpAccessToken { get; set; }

    /// <summary>Google Cloud project whose quota the calls are counted against; without it, the credentials' own.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? GcpQuotaProject { get; set; }

    /// <summary>With whose credentials Azure is asked: Default, Environment, AzureCli, AzurePowerShell, ManagedIdentity or Interactive.</summary>
    [Parameter]
    public AzureCredential AzureCredential { get; set; }

    /// <summary>Client id of a user-assigned managed identity. It is sent only when given: Azure Automation refuses it.</summary>
    [Parameter]
    public Guid? AzureClientId { get; set; }

    /// <summary>The Azure tenant that holds the vaults; without it, the one that the credentials belong to.</summary>
    [Parameter]
    public Guid? AzureTenantId { get; set; }

    /// <summary>The Azure subscription that holds the vaults; without it, all that the credentials see are searched.</summary>
    [Parameter]
    public Guid? AzureSubscriptionId { get; set; }

    /// <summary>Which of Microsoft's clouds: Public, USGovernment or China.</summary>
    [Parameter]
    public AzureEnvironment AzureEnvironment { get; set; }

    /// <summary>Checks the key with one call, and makes the connection that of the runspace.</summary>
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
                TimeScale = RunningSandbox.TimeScaleAt(Endpoint),
                Clouds = new CustomerClouds { Gcp = Gcp(), Azure = Azure() },
            };
        }
        catch (CmekException fault)
        {
            ThrowTerminatingError(ErrorRecords.From(fault));
        }

        SubmitAndWait(async operation => made = await CloudSession.ConnectAsync(request!, operation));
        made!.MakeCurrent();
        WriteObject(made.Session);
    }

    private GcpConnection Gcp() =>
        new()
        {
            Project = GcpProject,
            CredentialFile = GcpCredentialFile is null ? null : GetUnresolvedProviderPathFromPSPath(GcpCredentialFile),
            AccessToken = GcpAccessToken is null ? null : ApiKeySource.Reveal(GcpAccessToken),
            QuotaProject = GcpQuotaProject,
            Endpoint = RunningSandbox.GcpAt(Endpoint),
        };

    private AzureConnection Azure() =>
        new()
        {
            Environment = AzureEnvironment,
            Credential = AzureCredential,
            ClientId = AzureClientId?.ToString(),
            TenantId = AzureTenantId?.ToString(),
            SubscriptionId = AzureSubscriptionId?.ToString(),
            Loopback = RunningSandbox.AzureAt(Endpoint),
        };
}
