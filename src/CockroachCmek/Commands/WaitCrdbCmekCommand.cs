using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Waits until CMEK on a cluster has reached a state in which nothing goes on any more.</summary>
/// <remarks>
/// <para>Shows progress for each region, and ends when the cluster and every region are settled: ENABLED, DISABLED or REVOKED, or the state
/// that -Status names. A state that ends in _FAILED is an error with CockroachDB Cloud's own explanation. Stopping the wait with Ctrl+C
/// stops nothing in the cloud.</para>
/// </remarks>
/// <example>
/// <para>Goes on with a wait that was stopped.</para>
/// <code>Get-CrdbCluster prod-eu | Wait-CrdbCmek -Timeout 01:00:00</code>
/// </example>
[Cmdlet(VerbsLifecycle.Wait, "CrdbCmek")]
[OutputType(typeof(CmekInfo))]
public sealed class WaitCrdbCmekCommand : TimedClusterCmdlet
{
    /// <summary>Waits for more clusters at once than other cmdlets: waiting costs little.</summary>
    public WaitCrdbCmekCommand() => ThrottleLimit = 16;

    /// <summary>The state to wait for; without it, any state in which nothing goes on.</summary>
    [Parameter]
    [ValidateSet(CmekStatus.Enabled, CmekStatus.Disabled, CmekStatus.Revoked)]
    public string? Status { get; set; }

    private protected override Func<CloudSession, CrdbCluster, Operation, Task> Prepare() =>
        async (session, cluster, operation) =>
            operation.Output(
                await session.Lifecycle().WaitAsync(cluster, WaitFor(Status), operation.Context(session.Time))
            );
}
