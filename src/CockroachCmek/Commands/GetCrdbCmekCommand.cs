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
public sealed class GetCrdbCmekCommand : CrdbClusterCmdlet
{
    private protected override Func<CloudSession, CrdbCluster, Operation, Task> Prepare() =>
        async (session, cluster, operation) =>
        {
            var info = await session.Client.GetCmekAsync(cluster, operation.Context(session.Time));
            foreach (var key in info.Regions.SelectMany(region => region.Keys))
                session.KnownKeys.Add(key.KeyUri);
            operation.Output(info);
        };
}
