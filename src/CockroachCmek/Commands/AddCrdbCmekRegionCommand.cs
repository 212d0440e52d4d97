using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Adds a region to a cluster that uses CMEK, with a key for it.</summary>
/// <remarks>
/// <para>Reads the cluster first and sends its whole map of regions with the new one in it, since a region that is left out would be removed; keys are sent for the new
/// regions only. The key is like the one in force: of a multi-region key a replica, else a key of its own of the same shape; -KeyUri takes one that exists.</para>
/// <para>No region is ever dropped or scaled. Fewer than three nodes for any region are refused, and so is a map that somebody changed in the meantime. Running it again adds nothing twice.</para>
/// </remarks>
/// <example>
/// <para>Adds a region with three nodes, and waits until it is there and uses its key.</para>
/// <code>Get-CrdbCluster prod-eu-old | Add-CrdbCmekRegion eu-central-1 -NodeCount 3 -Wait</code>
/// </example>
/// <example>
/// <para>Shows every change that it would make.</para>
/// <code>Get-CrdbCluster prod-eu-old | Add-CrdbCmekRegion eu-central-1 -WhatIf</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/managing-cmek">Manage CMEK for CockroachDB Advanced</seealso>
[Cmdlet(VerbsCommon.Add, "CrdbCmekRegion", SupportsShouldProcess = true)]
[OutputType(typeof(CrdbCluster))]
public sealed class AddCrdbCmekRegionCommand : WaitingClusterCmdlet
{
    /// <summary>The cluster: an object from Get-CrdbCluster, a name, a UUID or a console URL.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, HelpMessage = "Name, UUID or console URL of the cluster.")]
    [ClusterIdentityTransformation]
    [ArgumentCompleter(typeof(ClusterNameCompleter))]
    public override CrdbClusterIdentity[] Cluster { get; set; } = [];

    /// <summary>The new regions, by the cloud provider's code.</summary>
    [Parameter(
        Mandatory = true,
        Position = 0,
        HelpMessage = "The cloud provider's code of the region, for example eu-west-1."
    )]
    [ValidateNotNullOrEmpty]
    public string[] Region { get; set; } = [];

    /// <summary>Nodes in each new region, at least three.</summary>
    [Parameter]
    [ValidateRange(1, 1000)]
    public int NodeCount { get; set; } = Core.Cmek.RegionAddition.MinimumNodes;

    /// <summary>Existing keys to use, one for all new regions or one for each: on AWS ARN, alias, alias ARN or multi-region id.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(KeyUriCompleter))]
    public string[]? KeyUri { get; set; }

    /// <summary>Adds what is missing in the policy of an existing key, and touches nothing else of it.</summary>
    [Parameter]
    public SwitchParameter Grant { get; set; }

    /// <summary>Where the key of the new region is born: in the cloud's own KMS, or in HashiCorp Vault like the one in force.</summary>
    [Parameter]
    public CmekKeySource Via { get; set; }

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
                            KeyUris = KeyUri ?? [],
                            Grant = Grant.IsPresent,
                            Write = WriteOptions,
                            Wait = WaitIfAsked(expected: null),
                        },
                        operation.Context(session.Time)
                    )
            );
}
