using System.Collections;
using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core.Keys;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Makes one key for each region of a cluster and grants its use, or finds or adopts keys that are there.</summary>
/// <remarks>
/// <para>By default makes a symmetric key of its own in each region of the cluster; with -MultiRegion, one multi-region key with a replica in
/// each region, which AWS and Cockroach Labs recommend for clusters of several regions. Regions are worked on side by side.</para>
/// <para>The key policy grants the role exactly what CMEK needs (Encrypt, Decrypt, GenerateDataKey*, DescribeKey, ReEncrypt*) and leaves the
/// administration of the key with your account. The alias crdb-cmek- and the last 12 digits of the cluster's id, and tags, let a second run
/// find what the first has made: nothing is made twice, even after a lost answer.</para>
/// <para>-KeyUri adopts keys that exist: an ARN, an alias, or the id of a multi-region key. Everything is checked first: symmetric, enabled,
/// not pending deletion, policy grants the role. -Grant adds the missing statement and touches nothing else of the policy.</para>
/// </remarks>
/// <example>
/// <para>Makes the role and a multi-region key for a cluster.</para>
/// <code>Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion</code>
/// </example>
/// <example>
/// <para>Makes a key of its own for each region, rotated by AWS every year.</para>
/// <code>Get-CrdbCluster prod-us | New-CrdbCmekRole | New-CrdbCmekKey -RotationPeriodInDays 365</code>
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

    /// <summary>The identity that may use the key: on AWS the ARN of the cross-account role.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, HelpMessage = "ARN of the role that New-CrdbCmekRole made.")]
    [ValidateNotNullOrEmpty]
    public string AuthPrincipal { get; set; } = "";

    /// <summary>Regions that need a key; without it, all regions of the cluster.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RegionCompleter))]
    public string[]? Region { get; set; }

    /// <summary>Alias of the keys, without "alias/"; without it, crdb-cmek- and the last 12 digits of the cluster's id.</summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidatePattern("^(?!aws/)[a-zA-Z0-9/_-]{1,250}$")]
    public string? Name { get; set; }

    /// <summary>Makes one multi-region key with a replica in each region, instead of a key of its own in each. Cannot be changed later.</summary>
    [Parameter(ParameterSetName = NewSet)]
    public SwitchParameter MultiRegion { get; set; }

    /// <summary>Lets AWS rotate the key material by itself, every so many days, 90 to 2560. CockroachDB takes up a new version only with Invoke-CrdbCmekRotation.</summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidateRange(90, 2560)]
    public int? RotationPeriodInDays { get; set; }

    /// <summary>ARNs of further administrators of the key. Your account can always administer it through IAM.</summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidateNotNullOrEmpty]
    public string[]? Administrator { get; set; }

    /// <summary>Further tags of the keys, beside those that the module sets.</summary>
    [Parameter(ParameterSetName = NewSet)]
    [ValidateNotNull]
    public Hashtable? Tag { get; set; }

    /// <summary>Existing keys to use, one for all regions or one for each: ARN, alias, alias ARN or multi-region id.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ExistingSet, HelpMessage = "ARN or alias of the existing key.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(KeyUriCompleter))]
    public string[]? KeyUri { get; set; }

    /// <summary>Adds the missing statement to the policy of an existing key, and touches nothing else of it.</summary>
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
