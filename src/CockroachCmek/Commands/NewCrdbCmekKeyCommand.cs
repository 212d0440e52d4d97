using System.Collections;
using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Azure;
using CockroachCmek.Core.Keys.Gcp;
using CockroachCmek.Core.Keys.Vault;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Creates the encryption keys a cluster needs and grants CockroachDB Cloud access to them.</summary>
/// <remarks>
/// <para>Creates one key for each region, or reuses the keys that an earlier run created. Safe to run again: an
/// existing key is checked and returned, never duplicated, even after a lost response. An earlier run's keys are found
/// by their name (crdb-cmek- and the last 12 digits of the cluster's id) and their tags or labels. Regions are worked
/// on in parallel.</para>
/// <para>Use -KeyUri to import keys that you already have. Each key is checked first: its type, that it is enabled and
/// not pending deletion, and that its policy grants access. -Grant adds missing permissions. A parameter of another
/// cloud is refused by name.</para>
/// <para>AWS. Creates a symmetric KMS key with an alias in each region. -MultiRegion creates one multi-region key with
/// a replica in each region, which AWS and Cockroach Labs recommend for multi-region clusters. The key policy lets the
/// role encrypt, decrypt, generate data keys, re-encrypt and describe the key. Your account keeps full control.</para>
/// <para>Google Cloud. Creates a key ring and a key in each region, and grants Cloud KMS CryptoKey Encrypter/Decrypter
/// on the key. -Location creates a single key in a multi-region location or in global. Key rings cannot be deleted, and
/// the name of a destroyed key cannot be used again.</para>
/// <para>Azure. Creates one RSA key in the Key Vault given by -KeyVaultName, or one in each Key Vault for the regions
/// at its location. Assigns Key Vault Crypto Officer on the Key Vault; use -RoleName for a narrower role. A Key Vault
/// with access policies gets an entry there instead. Warns if the Key Vault has no purge protection, because a purged
/// key means a lost database.</para>
/// <para>HashiCorp Vault. -Via HashiCorpVault generates the key in Vault Enterprise or HCP Vault. The command enables
/// the Key Management secrets engine if needed, creates a KMS provider entry and a key, lets Vault distribute the key
/// to the cloud, and grants access to it there, which Vault does not do. On AWS each region has its own Vault key;
/// elsewhere one key in -VaultKeyCollection serves all regions. On AWS the credentials of the entry take precedence; on
/// Google Cloud and Azure those in the environment of the Vault server do.</para>
/// </remarks>
/// <example>
/// <para>AWS: creates the role and a multi-region key.</para>
/// <code>Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion</code>
/// </example>
/// <example>
/// <para>AWS: creates a separate key for each region, rotated by AWS every year.</para>
/// <code>Get-CrdbCluster prod-us | New-CrdbCmekRole | New-CrdbCmekKey -RotationPeriodInDays 365</code>
/// </example>
/// <example>
/// <para>Google Cloud: creates one key in hardware for all regions in Europe.</para>
/// <code>Get-CrdbCluster gcp-eu | New-CrdbCmekRole | New-CrdbCmekKey -Location europe -ProtectionLevel Hsm</code>
/// </example>
/// <example>
/// <para>Azure: creates a key, and assigns the narrowest sufficient role.</para>
/// <code>Get-CrdbCluster azure-eu | New-CrdbCmekRole |
///     New-CrdbCmekKey -KeyVaultName cmek-sandbox -RoleName 'Key Vault Crypto Service Encryption User'</code>
/// </example>
/// <example>
/// <para>HashiCorp Vault: generates the keys in the Vault of the session.</para>
/// <code>Get-CrdbCluster prod-us | New-CrdbCmekRole | New-CrdbCmekKey -Via HashiCorpVault</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/managing-cmek">
/// Manage CMEK for CockroachDB Advanced
/// </seealso>
/// <seealso href="https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html">
/// AWS: multi-Region keys in AWS KMS
/// </seealso>
/// <seealso href="https://cloud.google.com/kms/docs/locations">Google Cloud: Cloud KMS locations</seealso>
/// <seealso href="https://learn.microsoft.com/azure/key-vault/general/rbac-guide">
/// Azure: access to Key Vault with Azure roles
/// </seealso>
/// <seealso href="https://developer.hashicorp.com/vault/docs/secrets/key-management">
/// HashiCorp Vault: Key Management secrets engine
/// </seealso>
[Cmdlet(
    VerbsCommon.New,
    "CrdbCmekKey",
    SupportsShouldProcess = true,
    DefaultParameterSetName = NewSet,
    HelpUri = "https://www.cockroachlabs.com/docs/cockroachcloud/managing-cmek"
)]
[OutputType(typeof(CmekKey))]
public sealed partial class NewCrdbCmekKeyCommand : CrdbClusterCmdlet
{
    private const string NewSet = "New";
    private const string ExistingSet = "Existing";

    private protected override string Between => "New-CrdbCmekRole";

    /// <summary>
    /// The identity that may use the key, as New-CrdbCmekRole returns it: on AWS the ARN of the cross-account role, on
    /// Google Cloud the e-mail address of the service account, on Azure the tenant id.
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Needs]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PrincipalCompleter))]
    [Trimmed]
    public string AuthPrincipal { get; set; } = "";

    /// <summary>Regions that need a key. Default: all regions of the cluster.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RegionCompleter))]
    [Trimmed]
    public string[]? Region { get; set; }

    /// <summary>
    /// Name of the keys; on AWS their alias without "alias/". Default: crdb-cmek- and the last 12 digits of the
    /// cluster's id.
    /// </summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidatePattern("^(?!aws/)[a-zA-Z0-9/_-]{1,250}$")]
    [Trimmed]
    public string? Name { get; set; }

    /// <summary>
    /// Days after which the cloud rotates the key material by itself, 90 to 2560. CockroachDB switches to a new version
    /// only when you run Invoke-CrdbCmekRotation. Default: no automatic rotation.
    /// </summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidateRange(90, 2560)]
    public int? RotationPeriodInDays { get; set; }

    /// <summary>
    /// Additional tags (AWS, Azure) or labels (Google Cloud). Labels may contain lower-case letters, digits, hyphens
    /// and underscores.
    /// </summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidateNotNull]
    public Hashtable? Tag { get; set; }

    /// <summary>
    /// Existing keys to use, one for all regions or one for each: on AWS an ARN, alias, alias ARN or multi-region key
    /// id, on Google Cloud a resource name, on Azure a Key Identifier. A Key Identifier without a version means the
    /// newest version.
    /// </summary>
    [Parameter(
        Mandatory = true,
        ParameterSetName = ExistingSet,
        HelpMessage = "ARN, alias, resource name or Key Identifier of the existing key."
    )]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(KeyUriCompleter))]
    [Trimmed]
    public string[]? KeyUri { get; set; }

    /// <summary>Adds missing permissions to the policy of an existing key, and changes nothing else in it.</summary>
    [Parameter(ParameterSetName = ExistingSet)]
    public SwitchParameter Grant { get; set; }

    /// <summary>
    /// Where the keys are generated: in the cloud's own KMS, or in HashiCorp Vault, which distributes them to it.
    /// Default: Cloud.
    /// </summary>
    [Parameter]
    public CmekKeySource Via { get; set; }

    /// <summary>Refuses parameters for HashiCorp Vault without -Via HashiCorpVault.</summary>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        var vaultOnly = CloudOptionReader.VaultOnly(this, CloudOptionReader.Read(this));
        if (Via != CmekKeySource.HashiCorpVault && vaultOnly.Count > 0)
            ThrowTerminatingError(ErrorRecords.From(Core.Errors.VaultNotAskedFor(vaultOnly)));
    }

    private protected override Func<CloudSession, CrdbCluster, Operation, Task> Prepare()
    {
        var (principal, options) = (AuthPrincipal, CloudOptionReader.Read(this));
        return async (session, cluster, operation) =>
        {
            session.Clouds.RefuseForeignOptions(cluster, options, cloud =>
                [.. cloud.KeyOptions, .. cloud.VaultTarget?.KeyOptions ?? []]
            );
            var provider = session.KeyProvider(cluster, Via);
            var context = operation.Context(session.Time);
            var request = new KeyRequest
            {
                Cluster = cluster,
                AuthPrincipal = principal,
                Regions = Region ?? [.. cluster.Regions.Select(region => region.Name)],
                Name = Name,
                KeyUris = KeyUri ?? [],
                Grant = Grant.IsPresent,
                RotationPeriodInDays = RotationPeriodInDays,
                Tags = Tags.From(Tag),
                IsRolePlanned = operation.PlanOnly,
                Options = options,
            };
            // A cluster moves to keys that Vault generates by a manifest.
            var isMove = Via == CmekKeySource.HashiCorpVault;
            var keys = await session.NewKeys.EnsureKeysAsync(provider, request, isMove, context);
            foreach (var key in keys)
                operation.Output(key);
        };
    }
}
