using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Gets the CMEK state of clusters: status, regions, keys and messages.</summary>
/// <remarks>
/// <para>Status is the status that CockroachDB Cloud reports. A cluster on which CMEK was never enabled is DISABLED.
/// Regions holds the current and the past keys of each region. Past keys are still needed for data and backups that
/// were written with them. Nothing is read in your own cloud.</para>
/// </remarks>
/// <example>
/// <para>Shows the state of one cluster.</para>
/// <code>Get-CrdbCluster prod-eu | Get-CrdbCmek</code>
/// </example>
/// <example>
/// <para>Lists the clusters that have CMEK. Format-Table shows one line for each.</para>
/// <code>Get-CrdbCmek | Where-Object Status -eq ENABLED</code>
/// </example>
/// <example>
/// <para>Lists the past keys of a cluster.</para>
/// <code>(Get-CrdbCmek prod-eu-old).Regions.Keys | Where-Object Status -ne ENABLED</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/cmek">CMEK overview</seealso>
[Cmdlet(VerbsCommon.Get, "CrdbCmek", HelpUri = "https://www.cockroachlabs.com/docs/cockroachcloud/cmek")]
[OutputType(typeof(CmekInfo))]
public sealed class GetCrdbCmekCommand : FleetCmdlet
{
    private protected override Func<CloudSession, CrdbCluster, Operation, Task> Prepare() =>
        async (session, cluster, operation) =>
            operation.Output(await session.Client.GetCmekForCheckAsync(cluster, operation.Context(session.Time)));
}
