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
public sealed class AddCrdbCmekRegionCommand : CrdbSessionCmdlet
{
    /// <summary>The cluster: an object from Get-CrdbCluster, a name, a UUID or a console URL.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, HelpMessage = "Name, UUID or console URL of the cluster.")]
    [ClusterIdentityTransformation]
    [ArgumentCompleter(typeof(ClusterNameCompleter))]
    public CrdbClusterIdentity[] Cluster { get; set; } = [];

    /// <summary>The new regions, by the cloud provider's code.</summary>
    [Parameter(Mandatory = true, Position = 0, HelpMessage = "The cloud provider's code of the region, for example eu-west-1.")]
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

    /// <summary>Waits until the cluster is CREATED again, and CMEK is ENABLED in every region.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <summary>How long to wait at most, for the cluster and again for CMEK: a time span, or a number of seconds. Two hours unless said otherwise.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromHours(2);

    /// <summary>Longest time between two looks at the state: a time span, or a number of seconds. Ten seconds unless said otherwise.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Profile of the AWS shared configuration to use, instead of the AWS SDK's default chain.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ProfileName { get; set; }

    /// <summary>Clusters that are worked on at once.</summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 5;

    /// <summary>Adds the regions to each cluster.</summary>
    protected override void ProcessRecord() => ForEachCluster(Cluster, ThrottleLimit, async (cloud, cluster, operation) =>
    {
        var (after, _) = await cloud.RegionAddition().AddAsync(
            cluster,
            cloud.KeyProvider(cluster, ProfileName),
            new RegionAdditionOptions
            {
                Regions = Region,
                NodeCount = NodeCount,
                KeyUris = KeyUri ?? [],
                Grant = Grant.IsPresent,
                Write = new WriteOptions { Timeout = Timeout },
                Wait = Wait.IsPresent ? new WaitOptions { Timeout = Timeout, PollInterval = PollInterval } : null,
            },
            operation.Context(cloud.Time));
        operation.Output(after);
    });
}
