using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Waits until CMEK on a cluster has reached a final state.</summary>
/// <remarks>
/// <para>Shows progress for each region. Ends when the cluster and every region are ENABLED, DISABLED or REVOKED, or
/// have the state given by -Status. A state that ends in _FAILED is an error with the explanation from CockroachDB
/// Cloud. Ctrl+C stops the wait, not the operation in the cloud.</para>
/// </remarks>
/// <example>
/// <para>Continues a wait that was stopped.</para>
/// <code>Get-CrdbCluster prod-eu | Wait-CrdbCmek -Timeout 01:00:00</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/cmek">CMEK overview</seealso>
[Cmdlet(VerbsLifecycle.Wait, "CrdbCmek", HelpUri = "https://www.cockroachlabs.com/docs/cockroachcloud/cmek")]
[OutputType(typeof(CmekInfo))]
public sealed class WaitCrdbCmekCommand : TimedClusterCmdlet
{
    /// <summary>Waits for more clusters in parallel than other cmdlets, because waiting costs little.</summary>
    public WaitCrdbCmekCommand() => ThrottleLimit = 16;

    /// <summary>The state to wait for. Default: any final state.</summary>
    [Parameter]
    [ValidateSet(CmekStatus.Enabled, CmekStatus.Disabled, CmekStatus.Revoked)]
    public string? Status { get; set; }

    private protected override Func<CloudSession, CrdbCluster, Operation, Task> Prepare() =>
        async (session, cluster, operation) =>
            operation.Output(
                await session.Lifecycle().WaitAsync(cluster, WaitFor(Status), operation.Context(session.Time))
            );
}
