using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Enables CMEK on a cluster with the keys of a manifest.</summary>
/// <remarks>
/// <para>Checks everything that can be checked without writing, reports all problems in one error, and sends the
/// manifest only if there are none. If the cluster already uses exactly these keys, nothing is sent and the command
/// succeeds. If the response is lost, the command reads the state back before it decides whether to send again.</para>
/// <para>A grant takes effect after a while: seconds on AWS, minutes on Google Cloud and Azure. Until then CockroachDB
/// Cloud refuses the keys. A refusal that may come from a grant is retried for 15 minutes when the keys come from the
/// pipeline, and for -RetryFor when the manifest comes from a file. Progress and error show CockroachDB Cloud's own
/// sentence. A refusal that cannot pass, such as a wrong plan, a missing feature or a revoked API key, is reported at
/// once. A cluster that is busy with another operation is waited for, also without -Wait, for -Timeout at most.</para>
/// <para>CMEK cannot be disabled later, and it encrypts only data that is written from now on: enable it before you
/// load data. Managed backups that were taken before can no longer be restored. Where there are some, the command names
/// the newest and asks, with No as the default; use -Confirm:$false in a runbook. A cluster without backups is enabled
/// without a question. If the backups cannot be read, a warning says so. -Wait follows the operation until every region
/// is ENABLED, and fails with the explanation from
/// CockroachDB Cloud. The command is the same on every cloud.</para>
/// </remarks>
/// <example>
/// <para>AWS: creates role, keys and manifest, and enables CMEK.</para>
/// <code>Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion | New-CrdbCmekManifest |
///     Enable-CrdbCmek -Wait</code>
/// </example>
/// <example>
/// <para>Google Cloud: the same with one key for all regions in Europe.</para>
/// <code>Get-CrdbCluster gcp-eu | New-CrdbCmekRole | New-CrdbCmekKey -Location europe | New-CrdbCmekManifest |
///     Enable-CrdbCmek -Wait</code>
/// </example>
/// <example>
/// <para>Enables CMEK with a manifest from a file.</para>
/// <code>Import-CrdbCmekManifest ./cmek_config.json | Enable-CrdbCmek -Cluster prod-eu -Wait</code>
/// </example>
/// <example>
/// <para>The same minutes after the grants were made elsewhere, for example with Terraform.</para>
/// <code>Import-CrdbCmekManifest ./cmek_config.json | Enable-CrdbCmek -Cluster prod-eu -RetryFor 15m -Wait</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/cmek">CMEK overview</seealso>
[Cmdlet(
    VerbsLifecycle.Enable,
    "CrdbCmek",
    SupportsShouldProcess = true,
    HelpUri = "https://www.cockroachlabs.com/docs/cockroachcloud/cmek"
)]
[OutputType(typeof(CmekInfo))]
public sealed class EnableCrdbCmekCommand : WaitingClusterCmdlet
{
    /// <summary>The manifest: the key of each region.</summary>
    [Parameter(
        Mandatory = true,
        Position = 0,
        ValueFromPipeline = true,
        HelpMessage = "A manifest, as New-CrdbCmekManifest returns it."
    )]
    [ValidateNotNull]
    [ManifestTransformation]
    [ArgumentCompleter(typeof(ManifestCompleter))]
    public CmekManifest? Manifest { get; set; }

    /// <summary>
    /// The cluster. A manifest from a file does not name one. Default: the cluster that the manifest was made for.
    /// </summary>
    [Parameter]
    [ClusterIdentityTransformation]
    [ArgumentCompleter(typeof(ClusterNameCompleter))]
    public override CrdbClusterIdentity[] Cluster { get; set; } = [];

    /// <summary>
    /// How long a refusal that may come from a grant on a key is retried: a time span, or a number of seconds. Use it
    /// for a manifest from a file whose grants were made minutes ago. Default: 15 minutes for keys from the pipeline;
    /// a manifest from a file is not retried.
    /// </summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan? RetryFor { get; set; }

    /// <summary>Enabling is asked about as a plan only where backups are lost.</summary>
    internal override ConfirmImpact? PlanImpact => ConfirmImpact.High;

    private protected override IEnumerable<CrdbClusterIdentity> Inputs() => ClusterOf(Manifest!);

    private protected override Func<CloudSession, CrdbCluster, Operation, Task> Prepare()
    {
        var manifest = Manifest!;
        return async (session, cluster, operation) =>
            operation.Output(
                await session
                    .Lifecycle()
                    .EnableAsync(
                        cluster,
                        manifest,
                        WriteOptions with
                        {
                            PrincipalsAreFresh = manifest.IsFresh || RetryFor is not null,
                            Propagation = RetryFor ?? WriteOptions.Propagation,
                        },
                        WaitIfAsked(CmekStatus.Enabled),
                        operation.Context(session.Time)
                    )
            );
    }
}
