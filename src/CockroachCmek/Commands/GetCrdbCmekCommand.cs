using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Gets the state of CMEK on clusters: status, regions, keys, messages.</summary>
/// <remarks>
/// <para>Status is CockroachDB Cloud's own word; a cluster on which CMEK was never enabled is DISABLED. Regions holds the present and past keys
/// of each region: past keys are still needed for data and backups that were written with them.</para>
/// </remarks>
/// <example>
/// <para>Shows the state of one cluster.</para>
/// <code>Get-CrdbCluster prod-eu | Get-CrdbCmek</code>
/// </example>
/// <example>
/// <para>Lists every key that any region uses or has used.</para>
/// <code>(Get-CrdbCmek prod-eu-old).Regions.Keys | Where-Object Status -ne ENABLED</code>
/// </example>
[Cmdlet(VerbsCommon.Get, "CrdbCmek")]
[OutputType(typeof(CmekInfo))]
public sealed class GetCrdbCmekCommand : CrdbSessionCmdlet
{
    /// <summary>The cluster: an object from Get-CrdbCluster, a name, a UUID or a console URL.</summary>
    [Parameter(
        Mandatory = true,
        Position = 0,
        ValueFromPipeline = true,
        HelpMessage = "Name, UUID or console URL of the cluster."
    )]
    [ClusterIdentityTransformation]
    [ArgumentCompleter(typeof(ClusterNameCompleter))]
    public CrdbClusterIdentity[] Cluster { get; set; } = [];

    /// <summary>Clusters that are asked for at once.</summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 5;

    /// <summary>Reads the state of each cluster.</summary>
    protected override void ProcessRecord() =>
        ForEachCluster(Cluster, ThrottleLimit, async (cloud, cluster, operation) =>
        {
            var info = await cloud.Client.GetCmekAsync(cluster, operation.Context(cloud.Time));
            foreach (var key in info.Regions.SelectMany(region => region.Keys))
                cloud.KnownKeys.Add(key.KeyUri);
            operation.Output(info);
        });
}
