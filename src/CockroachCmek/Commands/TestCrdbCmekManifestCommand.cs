using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Manifest;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Checks a manifest against its cluster and against the KMS, before anything is sent.</summary>
/// <remarks>
/// <para>Checks without writing: every region of the cluster has one key and no other has; the keys belong to the cluster's cloud; URIs and
/// principals have the right shape; the cluster's plan and state allow CMEK; and, unless -Offline is given, in your cloud: the keys exist,
/// are of the right kind, enabled and not pending deletion, the policies grant the identity, and the identity trusts CockroachDB (on AWS with the
/// right external id) and nobody else.</para>
/// <para>What may not be read gives Unknown, never Pass. With -Quiet the answer is true or false: true when no check failed and none is unknown.</para>
/// </remarks>
/// <example>
/// <para>Shows what is wrong with a manifest.</para>
/// <code>Import-CrdbCmekManifest ./cmek_config.json | Test-CrdbCmekManifest -Cluster prod-eu | Where-Object Status -ne Pass</code>
/// </example>
/// <example>
/// <para>Goes on only when everything is right.</para>
/// <code>$manifest = Import-CrdbCmekManifest ./cmek_config.json -Cluster prod-eu
/// if ($manifest | Test-CrdbCmekManifest -Quiet) { $manifest | Enable-CrdbCmek -Wait }</code>
/// </example>
[Cmdlet(VerbsDiagnostic.Test, "CrdbCmekManifest")]
[OutputType(typeof(CmekCheck), typeof(bool))]
public sealed class TestCrdbCmekManifestCommand : CrdbClusterCmdlet
{
    /// <summary>The manifest to check.</summary>
    [Parameter(
        Mandatory = true,
        Position = 0,
        ValueFromPipeline = true,
        HelpMessage = "A manifest, as Import-CrdbCmekManifest returns it."
    )]
    [ValidateNotNull]
    public CmekManifest? InputObject { get; set; }

    /// <summary>The cluster. Default: the one that the manifest was made for. A manifest from a file names none.</summary>
    [Parameter]
    [ClusterIdentityTransformation]
    [ArgumentCompleter(typeof(ClusterNameCompleter))]
    public override CrdbClusterIdentity[] Cluster { get; set; } = [];

    /// <summary>Leaves out the checks that read your own cloud.</summary>
    [Parameter]
    public SwitchParameter Offline { get; set; }

    /// <summary>Emits true or false instead of the checks.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <summary>Where the keys were born: of keys of HashiCorp Vault, Vault's side is checked too.</summary>
    [Parameter]
    public CmekKeySource Via { get; set; }

    private protected override IEnumerable<CrdbClusterIdentity> Inputs() => ClusterOf(InputObject!);

    private protected override Func<CloudSession, CrdbCluster, Operation, Task> Prepare()
    {
        var manifest = InputObject!;
        return async (session, cluster, operation) =>
            operation.OutputChecks(
                await session
                    .Health()
                    .CheckManifestAsync(
                        cluster,
                        manifest,
                        Offline.IsPresent ? null : session.KeyProvider(cluster, Via),
                        session.OrganizationId,
                        operation.Context(session.Time)
                    ),
                Quiet.IsPresent
            );
    }
}
