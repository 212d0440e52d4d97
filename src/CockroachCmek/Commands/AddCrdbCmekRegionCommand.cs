using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Adds regions to a cluster that uses CMEK, with a key for each.</summary>
/// <remarks>
/// <para>Reads the cluster and sends its complete map of regions, including the new ones, because CockroachDB Cloud
/// removes a region that is missing from the map. Keys are sent for the new regions only. No region is ever removed or
/// scaled, and no machine is changed. The command refuses a region that CockroachDB Cloud does not offer, fewer than
/// three nodes in any region, and a map that somebody else has changed in the meantime. Safe to run again: nothing is
/// added twice. A cluster that is busy with another operation is waited for, also without -Wait.</para>
/// <para>A region that the cluster has already counts as added. If it has other nodes than -NodeCount or -MachineType
/// say, or another key than -KeyUri says, nothing is added (RegionExists).</para>
/// <para>The new key has the same shape as the key in force. Use -KeyUri to use a key that you already have.</para>
/// <para>AWS. Creates a replica of a multi-region key, or else a separate key in the new region.</para>
/// <para>Google Cloud. Creates a key in the new region. A key in a multi-region location or in global serves the new
/// region as well.</para>
/// <para>Azure. Uses the key in force, because a key can serve every region.</para>
/// <para>HashiCorp Vault. Where the key in force was generated in Vault, the new one is too, through the Vault of the
/// session. -Via HashiCorpVault is needed only where the key's cloud does not show that it comes from Vault.</para>
/// <para>Imported keys, key stores. Where the cloud would generate the new key, and the key in force comes from
/// elsewhere, nothing is created (OriginWouldChange): give a key by -KeyUri, or allow it by -ReplaceOrigin. The same
/// holds where the keys in force have different origins.</para>
/// </remarks>
/// <example>
/// <para>Adds a region with three nodes, and waits until it is there and uses its key.</para>
/// <code>Get-CrdbCluster prod-eu-old | Add-CrdbCmekRegion eu-central-1 -NodeCount 3 -Wait</code>
/// </example>
/// <example>
/// <para>Shows every change without making it.</para>
/// <code>Get-CrdbCluster prod-eu-old | Add-CrdbCmekRegion eu-central-1 -WhatIf</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/managing-cmek">
/// Manage CMEK for CockroachDB Advanced
/// </seealso>
[Cmdlet(
    VerbsCommon.Add,
    "CrdbCmekRegion",
    SupportsShouldProcess = true,
    HelpUri = "https://www.cockroachlabs.com/docs/cockroachcloud/managing-cmek"
)]
[OutputType(typeof(CrdbCluster))]
public sealed class AddCrdbCmekRegionCommand : WaitingClusterCmdlet
{
    /// <summary>The cluster: an object from Get-CrdbCluster, a name, a UUID or a console URL.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, HelpMessage = "Name, UUID or console URL of the cluster.")]
    [ClusterIdentityTransformation]
    [ArgumentCompleter(typeof(ClusterNameCompleter))]
    public override CrdbClusterIdentity[] Cluster { get; set; } = [];

    /// <summary>Codes of the new regions, as the cloud provider writes them, for example eu-west-1.</summary>
    [Parameter(
        Mandatory = true,
        Position = 0,
        HelpMessage = "The cloud provider's code of the region, for example eu-west-1."
    )]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NewRegionCompleter))]
    [Trimmed]
    public string[] Region { get; set; } = [];

    /// <summary>Number of nodes in each new region, at least 3. Default: 3.</summary>
    [Parameter]
    [ValidateRange(1, 1000)]
    public int? NodeCount { get; set; }

    /// <summary>
    /// Machine type of the nodes in the new regions, as the cloud provider writes it, for example m6i.xlarge. Needed when
    /// the regions of the cluster have different ones. CockroachDB Cloud must allow machine types per region for the
    /// organization. Default: the machine type of the cluster.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(MachineTypeCompleter))]
    [Trimmed]
    public string? MachineType { get; set; }

    /// <summary>
    /// Existing keys to use, one for all new regions or one for each: on AWS an ARN, alias, alias ARN or multi-region
    /// key id, on Google Cloud a resource name, on Azure a Key Identifier. A Key Identifier without a version means the
    /// newest version.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(KeyUriCompleter))]
    [Trimmed]
    public string[]? KeyUri { get; set; }

    /// <summary>Adds missing permissions to the policy of an existing key, and changes nothing else in it.</summary>
    [Parameter]
    public SwitchParameter Grant { get; set; }

    /// <summary>
    /// HashiCorpVault: generates the new key in HashiCorp Vault. Default: the origin of the key in force decides.
    /// </summary>
    [Parameter]
    public CmekKeySource Via { get; set; }

    /// <summary>
    /// Lets the cloud generate the new key where the key in force was imported, or generated in HashiCorp Vault or in a
    /// key store of the customer's. Default: such an addition is refused; for a key of HashiCorp Vault, the new one is
    /// generated there.
    /// </summary>
    [Parameter]
    public SwitchParameter ReplaceOrigin { get; set; }

    private protected override Func<CloudSession, CrdbCluster, Operation, Task> Prepare() =>
        async (session, cluster, operation) =>
            operation.Output(
                await session
                    .RegionAddition()
                    .AddAsync(
                        cluster,
                        session.KeyProvider(cluster, Via),
                        new RegionAdditionOptions
                        {
                            Regions = Region,
                            NodeCount = NodeCount,
                            MachineType = MachineType,
                            KeyUris = KeyUri ?? [],
                            Grant = Grant.IsPresent,
                            ReplaceOrigin = ReplaceOrigin.IsPresent,
                            Write = WriteOptions,
                            Wait = WaitIfAsked(expected: null),
                        },
                        operation.Context(session.Time)
                    )
            );
}
