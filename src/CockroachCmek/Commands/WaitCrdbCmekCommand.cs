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
public sealed class WaitCrdbCmekCommand : CrdbSessionCmdlet
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

    /// <summary>The state to wait for; without it, any state in which nothing goes on.</summary>
    [Parameter]
    [ValidateSet(CmekStatus.Enabled, CmekStatus.Disabled, CmekStatus.Revoked)]
    public string? Status { get; set; }

    /// <summary>How long to wait at most: a time span, or a number of seconds. Two hours unless said otherwise.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromHours(2);

    /// <summary>Longest time between two looks at the state: a time span, or a number of seconds. Ten seconds unless said otherwise.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Clusters that are waited for at once.</summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 16;

    /// <summary>Waits for each cluster.</summary>
    protected override void ProcessRecord() =>
        ForEachCluster(Cluster, ThrottleLimit, async (cloud, cluster, operation) => operation.Output(
                await cloud
                    .Lifecycle()
                    .WaitAsync(
                        cluster,
                        new WaitOptions
                        {
                            Timeout = Timeout,
                            PollInterval = PollInterval,
                            Expected = Status,
                        },
                        operation.Context(cloud.Time)
                    )
            ));
}
