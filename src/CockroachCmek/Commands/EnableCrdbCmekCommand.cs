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
public sealed class EnableCrdbCmekCommand : WaitingClusterCmdlet
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

    /// <summary>The cluster. Default: the one that the manifest was made for. A manifest from a file names none.</summary>
    [Parameter]
    [ClusterIdentityTransformation]
    [ArgumentCompleter(typeof(ClusterNameCompleter))]
    public override CrdbClusterIdentity[] Cluster { get; set; } = [];

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
                            PrincipalsAreFresh = manifest.IsFresh,
                        },
                        WaitIfAsked(CmekStatus.Enabled),
                        operation.Context(session.Time)
                    )
            );
    }
}
