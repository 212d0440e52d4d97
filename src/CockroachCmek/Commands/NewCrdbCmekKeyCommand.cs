using System.Collections;
using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Azure;
using CockroachCmek.Core.Keys.Gcp;
using CockroachCmek.Core.Keys.Vault;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Makes one key for each region of a cluster and grants its use, or finds or adopts keys that are there.</summary>
/// <remarks>
/// <para>By default makes a symmetric key of its own in each region of the cluster. On AWS, -MultiRegion makes one multi-region key with a
/// replica in each region, which AWS and Cockroach Labs recommend for clusters of several regions. On Google Cloud, -Location makes one key
/// in a multi-region or in global, which serves all regions. On Azure, makes one RSA key for all regions in the vault of -VaultName, or one in
/// each vault for the regions of its place. Regions are worked on side by side.</para>
/// <para>The key's policy grants the identity what CMEK needs, and leaves the administration of the key with you: on AWS Encrypt,
/// Decrypt, GenerateDataKey*, DescribeKey and ReEncrypt*; on Google Cloud the role Cloud KMS CryptoKey Encrypter/Decrypter on the key, which
/// the documentation's console steps forget; on Azure the role Key Vault Crypto Officer on the vault, as the documentation says, or the narrower one of -RoleName.
/// A vault that goes by access policies gets an entry there instead, since roles do nothing on it. The name crdb-cmek- and the last 12 digits of the
/// cluster's id, and tags or labels, let a second run find what the first has made: nothing is made twice, even after a lost answer.</para>
/// <para>-KeyUri adopts keys that exist: on AWS an ARN, an alias, or the id of a multi-region key; on Google Cloud a resource name; on Azure a Key
/// Identifier. Everything is checked first: of the right kind, enabled, not pending deletion, policy grants the identity. -Grant adds what is
/// missing in the policy and touches nothing else of it.</para>
/// <para>Key rings of Google Cloud cannot be deleted, and names of deleted keys cannot be used again. A vault without purge protection is
/// warned of: a key that is purged is a database that is lost.</para>
/// <para>-Via HashiCorpVault has the key born in Vault Enterprise or HCP Vault: it enables the Key Management secrets engine where it is missing, makes a KMS provider entry and a key, has
/// Vault distribute it, finds the distributed key in the cloud and grants its use, which Vault does not. On AWS each region has a Vault key of its own; elsewhere one serves all regions, in the key
/// ring or Key Vault that -VaultKeyCollection names. Of the credentials for the cloud, on AWS those of the entry come first, on Google Cloud and Azure those in the Vault server's environment.</para>
/// </remarks>
/// <example>
/// <para>Makes the role and a multi-region key for a cluster.</para>
/// <code>Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion</code>
/// </example>
/// <example>
/// <para>Makes a key of its own for each region, rotated by AWS every year.</para>
/// <code>Get-CrdbCluster prod-us | New-CrdbCmekRole | New-CrdbCmekKey -RotationPeriodInDays 365</code>
/// </example>
/// <example>
/// <para>Makes one key on Google Cloud that serves all regions in Europe, kept in hardware.</para>
/// <code>Get-CrdbCluster gcp-eu | New-CrdbCmekRole | New-CrdbCmekKey -Location europe -ProtectionLevel Hsm</code>
/// </example>
/// <example>
/// <para>Makes a key on Azure, with the narrowest role that is enough.</para>
/// <code>Get-CrdbCluster azure-eu | New-CrdbCmekRole | New-CrdbCmekKey -VaultName cmek-sandbox -RoleName 'Key Vault Crypto Service Encryption User'</code>
/// </example>
/// <example>
/// <para>Has the keys born in the HashiCorp Vault that VAULT_ADDR and VAULT_TOKEN name.</para>
/// <code>Get-CrdbCluster prod-us | New-CrdbCmekRole | New-CrdbCmekKey -Via HashiCorpVault</code>
/// </example>
/// <seealso href="https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html">Multi-Region keys in AWS KMS</seealso>
[Cmdlet(VerbsCommon.New, "CrdbCmekKey", SupportsShouldProcess = true, DefaultParameterSetName = NewSet)]
[OutputType(typeof(CmekKey))]
public sealed class NewCrdbCmekKeyCommand : CrdbClusterCmdlet
{
    private const string NewSet = "New";
    private const string ExistingSet = "Existing";

    /// <summary>The identity that may use the key: on AWS the ARN of the cross-account role, on Google Cloud the address of the service account, on Azure the tenant id.</summary>
    [Parameter(
        Mandatory = true,
        ValueFromPipelineByPropertyName = true,
        HelpMessage = "The identity that New-CrdbCmekRole made."
    )]
    [ValidateNotNullOrEmpty]
    public string AuthPrincipal { get; set; } = "";

    /// <summary>Regions that need a key; without it, all regions of the cluster.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RegionCompleter))]
    public string[]? Region { get; set; }

    /// <summary>Name of the keys, on AWS their alias without "alias/"; without it, crdb-cmek- and the last 12 digits of the cluster's id.</summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidatePattern("^(?!aws/)[a-zA-Z0-9/_-]{1,250}$")]
    public string? Name { get; set; }

    /// <summary>AWS: makes one multi-region key with a replica in each region, instead of a key of its own in each. Cannot be changed later.</summary>
    [Parameter(ParameterSetName = NewSet)]
    [CloudOption]
    public SwitchParameter MultiRegion { get; set; }

    /// <summary>Lets the cloud rotate the key material by itself, every so many days, 90 to 2560. CockroachDB takes up a new version only with Invoke-CrdbCmekRotation.</summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidateRange(90, 2560)]
    public int? RotationPeriodInDays { get; set; }

    /// <summary>AWS: ARNs of further administrators of the key. Your account can always administer it through IAM.</summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidateNotNullOrEmpty]
    [CloudOption]
    public string[]? Administrator { get; set; }

    /// <summary>Further tags or labels of the keys, beside those that the module sets. Google Cloud takes lower-case letters, digits, - and _ only.</summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidateNotNull]
    public Hashtable? Tag { get; set; }

    /// <summary>Google Cloud: project that the keys are made in; without it, that of the session (Connect-CrdbCloud -GcpProject), or else that of the service account.</summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidateNotNullOrEmpty]
    [CloudOption]
    public string? Project { get; set; }

    /// <summary>Google Cloud: location of one key for all regions, for example europe or global; without it, a key in each region's own location.</summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidatePattern("^[a-z][a-z0-9-]+$")]
    [CloudOption]
    public string? Location { get; set; }

    /// <summary>Google Cloud: key ring, by its id or its whole resource name; without it, crdb-cmek. It is made where it is missing, and cannot be deleted again.</summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidateNotNullOrEmpty]
    [CloudOption]
    public string? KeyRing { get; set; }

    /// <summary>Whether the material of new keys is kept by software or in hardware; Software unless said otherwise. Cannot be changed later. On Azure, hardware needs a vault of the premium tier.</summary>
    [Parameter(ParameterSetName = NewSet)]
    [CloudOption]
    public CmekProtectionLevel? ProtectionLevel { get; set; }

    /// <summary>Google Cloud: how long a version of a new key can be restored after it was scheduled for destruction, 1 to 120 days; without it, Google's 30 days. Cannot be changed later.</summary>
    [Parameter(ParameterSetName = NewSet)]
    [CloudOption]
    public TimeSpan? DestroyScheduledDuration { get; set; }

    /// <summary>Existing keys to use, one for all regions or one for each: on AWS ARN, alias, alias ARN or multi-region id, on Google Cloud the resource name, on Azure a Key Identifier, whose newest version is taken where none is named.</summary>
    [Parameter(
        Mandatory = true,
        ParameterSetName = ExistingSet,
        HelpMessage = "ARN, alias, resource name or Key Identifier of the existing key."
    )]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(KeyUriCompleter))]
    public string[]? KeyUri { get; set; }

    /// <summary>Adds what is missing to the policy of an existing key, and touches nothing else of it.</summary>
    [Parameter(ParameterSetName = ExistingSet)]
    public SwitchParameter Grant { get; set; }

    /// <summary>Azure: names of vaults, one for all regions or one in each region's location.</summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidatePattern("^[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]$")]
    [Alias("VaultName")]
    [CloudOption]
    public string[]? KeyVaultName { get; set; }

    /// <summary>Azure: addresses of vaults, instead of their names.</summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidateNotNullOrEmpty]
    [Alias("VaultUri")]
    [CloudOption]
    public Uri[]? KeyVaultUri { get; set; }

    /// <summary>Azure: subscription that holds the vaults; without it, that of the session (Connect-CrdbCloud -AzureSubscriptionId), or all that the credentials see are searched.</summary>
    [Parameter]
    [CloudOption]
    public Guid? SubscriptionId { get; set; }

    /// <summary>Azure: bits of a new RSA key: 2048, 3072 or 4096. 3072 unless said otherwise.</summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidateSet("2048", "3072", "4096")]
    [CloudOption]
    public int? KeySize { get; set; }

    /// <summary>Azure: when a new key expires; without it, never. Nothing can be encrypted with an expired key.</summary>
    [Parameter(ParameterSetName = NewSet)]
    [CloudOption]
    public DateTimeOffset? ExpiresOn { get; set; }

    /// <summary>Azure: role that the application gets on the vault. Key Vault Crypto Officer unless said otherwise, as the documentation's steps; Key Vault Crypto Service Encryption User is enough.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [CloudOption]
    public string? RoleName { get; set; }

    /// <summary>Azure: object id of the application's service principal, for who may not read Microsoft Graph. What New-CrdbCmekRole returns has it.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [CloudOption]
    public string? PrincipalId { get; set; }

    /// <summary>Azure: recovers a deleted key of the name, instead of reporting it.</summary>
    [Parameter(ParameterSetName = NewSet)]
    [CloudOption]
    public SwitchParameter Recover { get; set; }

    /// <summary>Where the keys are born: in the cloud's own KMS, or in HashiCorp Vault, which distributes them to it.</summary>
    [Parameter]
    public CmekKeySource Via { get; set; }

    /// <summary>Where Vault puts the key: on Google Cloud the resource name of a key ring, on Azure the name of a Key Vault (or -VaultName). On AWS it is each region. Without it, on Google Cloud what -Project, -Location (for several regions global) and -KeyRing name.</summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidateNotNullOrEmpty]
    [CloudOption(IsVaultOnly = true)]
    public string? VaultKeyCollection { get; set; }

    /// <summary>Google Cloud: gives Vault an identity of its own: the custom role cmek-vault-role, the service account cmek-vault-agent, and its binding on the key ring.</summary>
    [Parameter(ParameterSetName = NewSet)]
    [CloudOption(IsVaultOnly = true)]
    public SwitchParameter BootstrapVaultAccess { get; set; }

    /// <summary>Google Cloud: does what -BootstrapVaultAccess does, makes a key of that service account, and writes it to this file, readable for you alone; put it on the Vault server and delete it here. Without it, none is made.</summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidateNotNullOrEmpty]
    [CloudOption(IsVaultOnly = true, IsPath = true)]
    public string? ServiceAccountKeyPath { get; set; }

    /// <summary>Vault's name of the type of key: aes256-gcm96, or on Azure, which has no such keys, rsa-3072 (the usual), rsa-2048 or rsa-4096.</summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidateSet("aes256-gcm96", "rsa-2048", "rsa-3072", "rsa-4096")]
    [CloudOption(IsVaultOnly = true)]
    public string? VaultKeyType { get; set; }

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
            var keys = await session
                .KeyProvider(cluster, Via)
                .EnsureKeysAsync(
                    new KeyRequest
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
                    },
                    operation.Context(session.Time)
                );
            foreach (var key in keys)
            {
                session.KnownKeys.Add(key.KeyUri);
                operation.Output(key);
            }
        };
    }
}
