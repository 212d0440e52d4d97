using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

// The parameters that only some clouds, or only HashiCorp Vault, support.
public sealed partial class NewCrdbCmekKeyCommand
{
    /// <summary>
    /// AWS: creates one multi-region key with a replica in each region. Cannot be changed later. Default: a separate
    /// key in each region.
    /// </summary>
    [Parameter(ParameterSetName = NewSet)]
    [CloudOption]
    public SwitchParameter MultiRegion { get; set; }

    /// <summary>
    /// AWS: ARNs of additional administrators of the key. Your account can always administer it through IAM.
    /// </summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidateNotNullOrEmpty]
    [CloudOption]
    [Trimmed]
    public string[]? Administrator { get; set; }

    /// <summary>
    /// AWS: removes principals that were deleted from the policy of an existing key. AWS shows their ids (AROA…, AIDA…)
    /// and refuses to write a policy with them. They grant nobody anything. Default: report them as an error.
    /// </summary>
    [Parameter(ParameterSetName = ExistingSet)]
    [CloudOption]
    public SwitchParameter RemoveStalePrincipal { get; set; }

    /// <summary>
    /// Google Cloud: project for the keys. Default: the session's (Connect-CrdbCloud -GcpProject), or else that of the
    /// service account.
    /// </summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidateNotNullOrEmpty]
    [CloudOption]
    [ArgumentCompleter(typeof(CloudOptionCompleter))]
    [Trimmed]
    public string? Project { get; set; }

    /// <summary>
    /// Google Cloud: location of one key for all regions, for example europe or global. Default: a key in each region's
    /// own location.
    /// </summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidatePattern("^[a-z][a-z0-9-]+$")]
    [CloudOption]
    [ArgumentCompleter(typeof(CloudOptionCompleter))]
    [Trimmed]
    public string? Location { get; set; }

    /// <summary>
    /// Google Cloud: key ring, by id or resource name. It is created if missing, and cannot be deleted. Default:
    /// crdb-cmek.
    /// </summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidateNotNullOrEmpty]
    [CloudOption]
    [ArgumentCompleter(typeof(CloudOptionCompleter))]
    [Trimmed]
    public string? KeyRing { get; set; }

    /// <summary>
    /// Google Cloud, Azure: whether new keys are protected by software or hardware. Cannot be changed later. On Azure,
    /// hardware needs a Key Vault of the premium tier. Default: Software; Hsm with -Via HashiCorpVault.
    /// </summary>
    [Parameter(ParameterSetName = NewSet)]
    [CloudOption]
    public CmekProtectionLevel? ProtectionLevel { get; set; }

    /// <summary>
    /// Google Cloud: how long a version of a new key can be restored after its destruction was scheduled, 1 to 120
    /// days: a number of days, or a time span. Cannot be changed later. Default: 30 days, set by Google Cloud.
    /// </summary>
    [Parameter(ParameterSetName = NewSet)]
    [CloudOption]
    [DurationTransformation(InDays = true)]
    public TimeSpan? DestroyScheduledDuration { get; set; }

    /// <summary>Azure: names of Key Vaults, one for all regions or one at each region's location.</summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidatePattern("^[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]$")]
    [Alias("VaultName")]
    [CloudOption]
    [ArgumentCompleter(typeof(CloudOptionCompleter))]
    [Trimmed]
    public string[]? KeyVaultName { get; set; }

    /// <summary>Azure: URIs of Key Vaults, instead of their names.</summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidateNotNullOrEmpty]
    [Alias("VaultUri")]
    [CloudOption]
    [ArgumentCompleter(typeof(CloudOptionCompleter))]
    public Uri[]? KeyVaultUri { get; set; }

    /// <summary>
    /// Azure: subscription that holds the Key Vaults. Default: the session's (Connect-CrdbCloud -AzureSubscriptionId),
    /// or all subscriptions that the credentials can see.
    /// </summary>
    [Parameter]
    [CloudOption]
    [ArgumentCompleter(typeof(CloudOptionCompleter))]
    public Guid? SubscriptionId { get; set; }

    /// <summary>Azure: size of a new RSA key in bits: 2048, 3072 or 4096. Default: 3072.</summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidateSet("2048", "3072", "4096")]
    [CloudOption]
    public int? KeySize { get; set; }

    /// <summary>Azure: when a new key expires. An expired key cannot be used to encrypt. Default: never.</summary>
    [Parameter(ParameterSetName = NewSet)]
    [CloudOption]
    public DateTimeOffset? ExpiresOn { get; set; }

    /// <summary>
    /// Azure: role that the application gets on the Key Vault. Key Vault Crypto Service Encryption User is sufficient.
    /// Default: Key Vault Crypto Officer.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [CloudOption]
    [ArgumentCompleter(typeof(CloudOptionCompleter))]
    [Trimmed]
    public string? RoleName { get; set; }

    /// <summary>
    /// Azure: object id of the application's service principal, for callers who are not allowed to read Microsoft
    /// Graph. New-CrdbCmekRole returns it. Default: read from Microsoft Graph.
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [CloudOption]
    [Trimmed]
    public string? PrincipalId { get; set; }

    /// <summary>Azure: recovers a deleted key of the same name. Default: report it as an error.</summary>
    [Parameter(ParameterSetName = NewSet)]
    [CloudOption]
    public SwitchParameter Recover { get; set; }

    /// <summary>
    /// HashiCorp Vault: where Vault puts the key: on Google Cloud the resource name of a key ring, on Azure the name of
    /// a Key Vault. On AWS it is always the region. Default: on Google Cloud the key ring of -Project, -Location and
    /// -KeyRing; on Azure -KeyVaultName.
    /// </summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidateNotNullOrEmpty]
    [CloudOption(IsVaultOnly = true)]
    [ArgumentCompleter(typeof(CloudOptionCompleter))]
    [Trimmed]
    public string? VaultKeyCollection { get; set; }

    /// <summary>
    /// HashiCorp Vault on Google Cloud: gives Vault its own identity: the custom role cmek-vault-role, the service
    /// account cmek-vault-agent, and its binding on the key ring.
    /// </summary>
    [Parameter(ParameterSetName = NewSet)]
    [CloudOption(IsVaultOnly = true)]
    public SwitchParameter BootstrapVaultAccess { get; set; }

    /// <summary>
    /// HashiCorp Vault on Google Cloud: does what -BootstrapVaultAccess does, creates a key of that service account,
    /// and writes it to this file, which only you can read. Vault reads it at the same path of its server, or at that
    /// of Connect-CrdbCloud -VaultServiceAccountFile: copy the file there. Default: no key is created.
    /// </summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidateNotNullOrEmpty]
    [CloudOption(IsVaultOnly = true, IsPath = true)]
    public string? ServiceAccountKeyPath { get; set; }

    /// <summary>
    /// HashiCorp Vault: Vault's name of the key type. Azure supports the RSA types only. Default: aes256-gcm96; on
    /// Azure rsa-3072.
    /// </summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidateSet("aes256-gcm96", "rsa-2048", "rsa-3072", "rsa-4096")]
    [CloudOption(IsVaultOnly = true)]
    public string? VaultKeyType { get; set; }
}
