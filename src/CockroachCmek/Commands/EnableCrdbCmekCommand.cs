using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Enables CMEK on a cluster with the keys of a manifest.</summary>
/// <remarks>
/// <para>Checks everything that can be known first, reports all that is wrong in one error, and only then sends the manifest. A cluster that
/// already uses the very same keys is success: nothing is sent. When the answer is lost, the state is read back; nothing is sent twice blindly.</para>
/// <para>CMEK cannot be disabled again, and encrypts what is written from now on: enable it before you load data. -Wait follows it until every
/// region is ENABLED, and fails with CockroachDB Cloud's own explanation.</para>
/// </remarks>
/// <example>
/// <para>The whole way, from cluster to encrypted cluster.</para>
/// <code>Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion | New-CrdbCmekManifest | Enable-CrdbCmek -Wait</code>
/// </example>
/// <example>
/// <para>Enables CMEK with a manifest from a file.</para>
/// <code>Import-CrdbCmekManifest ./cmek_config.json | Enable-CrdbCmek -Cluster prod-eu -Wait</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/cmek">CMEK overview</seealso>
[Cmdlet(VerbsLifecycle.Enable, "CrdbCmek", SupportsShouldProcess = true)]
[OutputType(typeof(CmekInfo))]
public sealed class EnableCrdbCmekCommand : CrdbSessionCmdlet
{
    /// <summary>The manifest: which key each region uses.</summary>
    [Parameter(
        Mandatory = true,
        Position = 0,
        ValueFromPipeline = true,
        HelpMessage = "A manifest, as New-CrdbCmekManifest returns it."
    )]
    [ValidateNotNull]
    public CmekManifest? Manifest { get; set; }

    /// <summary>The cluster, where the manifest itself does not say it.</summary>
    [Parameter]
    [ClusterIdentityTransformation]
    [ArgumentCompleter(typeof(ClusterNameCompleter))]
    public CrdbClusterIdentity? Cluster { get; set; }

    /// <summary>Waits until every region is ENABLED.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <summary>How long to wait at most: a time span, or a number of seconds. Two hours unless said otherwise.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromHours(2);

    /// <summary>Longest time between two looks at the state: a time span, or a number of seconds. Ten seconds unless said otherwise.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Clusters that are worked on at once.</summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 5;

    /// <summary>Checks, sends, and waits where asked to.</summary>
    protected override void ProcessRecord()
    {
        var cloud = Cloud();
        var manifest = Manifest!;
        Submit(
            async operation =>
            {
                var context = operation.Context(cloud.Time);
                var cluster = await cloud.ClusterOfAsync(manifest, Cluster, context);
                var info = await cloud
                    .Lifecycle()
                    .EnableAsync(
                        cluster,
                        manifest,
                        new WriteOptions { Timeout = Timeout, PrincipalsAreFresh = manifest.IsFresh },
                        context
                    );
                operation.Output(
                    Wait.IsPresent
                        ? await cloud.FollowAsync(
                            info,
                            new WaitOptions
                            {
                                Timeout = Timeout,
                                PollInterval = PollInterval,
                                Expected = CmekStatus.Enabled,
                            },
                            context
                        )
                        : info
                );
            },
            manifest.IsPlanned,
            ThrottleLimit
        );
    }
}
