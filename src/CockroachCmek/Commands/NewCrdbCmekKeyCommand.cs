using System.Collections;
using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Gcp;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Makes one key for each region of a cluster and grants its use, or finds or adopts keys that are there.</summary>
/// <remarks>
/// <para>By default makes a symmetric key of its own in each region of the cluster. On AWS, -MultiRegion makes one multi-region key with a
/// replica in each region, which AWS and Cockroach Labs recommend for clusters of several regions. On Google Cloud, -Location makes one key
/// in a multi-region or in global, which serves all regions. Regions are worked on side by side.</para>
/// <para>The key's policy grants the identity exactly what CMEK needs, and leaves the administration of the key with you: on AWS Encrypt,
/// Decrypt, GenerateDataKey*, DescribeKey and ReEncrypt*; on Google Cloud the role Cloud KMS CryptoKey Encrypter/Decrypter on the key, which
/// the documentation's console steps forget. The name crdb-cmek- and the last 12 digits of the cluster's id, and tags or labels, let a second
/// run find what the first has made: nothing is made twice, even after a lost answer.</para>
/// <para>-KeyUri adopts keys that exist: on AWS an ARN, an alias, or the id of a multi-region key; on Google Cloud a resource name. Everything
/// is checked first: symmetric, enabled, not pending deletion, policy grants the identity. -Grant adds what is missing in the policy and
/// touches nothing else of it.</para>
/// <para>Key rings of Google Cloud cannot be deleted, and names of deleted keys cannot be used again.</para>
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
/// <seealso href="https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html">Multi-Region keys in AWS KMS</seealso>
[Cmdlet(VerbsCommon.New, "CrdbCmekKey", SupportsShouldProcess = true, DefaultParameterSetName = NewSet)]
[OutputType(typeof(CmekKey))]
public sealed class NewCrdbCmekKeyCommand : CrdbSessionCmdlet
{
    private const string NewSet = "New";
    private const string ExistingSet = "Existing";

    /// <summary>The cluster: what New-CrdbCmekRole returned, an object from Get-CrdbCluster, a name, a UUID or a console URL.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, HelpMessage = "Name, UUID or console URL of the cluster.")]
    [ClusterIdentityTransformation]
    [ArgumentCompleter(typeof(ClusterNameCompleter))]
    public CrdbClusterIdentity[] Cluster { get; set; } = [];

    /// <summary>The identity that may use the key: on AWS the ARN of the cross-account role, on Google Cloud the address of the service account.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, HelpMessage = "The identity that New-CrdbCmekRole made.")]
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
    public SwitchParameter MultiRegion { get; set; }

    /// <summary>Lets the cloud rotate the key material by itself, every so many days, 90 to 2560. CockroachDB takes up a new version only with Invoke-CrdbCmekRotation.</summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidateRange(90, 2560)]
    public int? RotationPeriodInDays { get; set; }

    /// <summary>AWS: ARNs of further administrators of the key. Your account can always administer it through IAM.</summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidateNotNullOrEmpty]
    public string[]? Administrator { get; set; }

    /// <summary>Further tags or labels of the keys, beside those that the module sets. Google Cloud takes lower-case letters, digits, - and _ only.</summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidateNotNull]
    public Hashtable? Tag { get; set; }

    /// <summary>Google Cloud: project that the keys are made in; without it, that of the session (Connect-CrdbCloud -GcpProject), or else that of the service account.</summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidateNotNullOrEmpty]
    public string? Project { get; set; }

    /// <summary>Google Cloud: location of one key for all regions, for example europe or global; without it, a key in each region's own location.</summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidatePattern("^[a-z][a-z0-9-]+$")]
    public string? Location { get; set; }

    /// <summary>Google Cloud: key ring, by its id or its whole resource name; without it, crdb-cmek. It is made where it is missing, and cannot be deleted again.</summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidateNotNullOrEmpty]
    public string? KeyRing { get; set; }

    /// <summary>Whether the material of new keys is kept by software or in hardware; Software unless said otherwise. Cannot be changed later.</summary>
    [Parameter(ParameterSetName = NewSet)]
    public CmekProtectionLevel? ProtectionLevel { get; set; }

    /// <summary>Google Cloud: how long a version of a new key can be restored after it was scheduled for destruction, 1 to 120 days; without it, Google's 30 days. Cannot be changed later.</summary>
    [Parameter(ParameterSetName = NewSet)]
    public TimeSpan? DestroyScheduledDuration { get; set; }

    /// <summary>Existing keys to use, one for all regions or one for each: on AWS ARN, alias, alias ARN or multi-region id, on Google Cloud the resource name.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ExistingSet, HelpMessage = "ARN, alias or resource name of the existing key.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(KeyUriCompleter))]
    public string[]? KeyUri { get; set; }

    /// <summary>Adds what is missing to the policy of an existing key, and touches nothing else of it.</summary>
    [Parameter(ParameterSetName = ExistingSet)]
    public SwitchParameter Grant { get; set; }

    /// <summary>Profile of the AWS shared configuration to use, instead of the AWS SDK's default chain.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ProfileName { get; set; }

    /// <summary>Clusters that are worked on at once.</summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 5;

    /// <summary>Makes, finds or adopts the keys of each cluster.</summary>
    protected override void ProcessRecord()
    {
        // Read now: the engine sets the properties anew for the next input while the work for this one still runs.
        var principal = AuthPrincipal;
        ForEachCluster(Cluster, ThrottleLimit, async (cloud, cluster, operation) =>
        {
            var keys = await cloud.KeyProvider(cluster, ProfileName).EnsureKeysAsync(
                new KeyRequest
                {
                    Cluster = cluster,
                    AuthPrincipal = principal,
                    Regions = Region ?? [.. cluster.Regions.Select(r => r.Name)],
                    Name = Name,
                    MultiRegion = MultiRegion.IsPresent,
                    KeyUris = KeyUri ?? [],
                    Grant = Grant.IsPresent,
                    Administrators = Administrator ?? [],
                    RotationPeriodInDays = RotationPeriodInDays,
                    Tags = Tags.From(Tag),
                    Gcp = new GcpKeyOptions { Project = Project, Location = Location, KeyRing = KeyRing, ProtectionLevel = ProtectionLevel, DestroyScheduledDuration = DestroyScheduledDuration },
                },
                operation.Context(cloud.Time));
            foreach (var key in keys)
            {
                cloud.KnownKeys.Add(key.KeyUri);
                operation.Output(key);
            }
        });
    }
}
