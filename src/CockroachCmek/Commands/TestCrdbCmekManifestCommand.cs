using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Manifest;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Checks a manifest against its cluster and the KMS before you enable CMEK.</summary>
/// <remarks>
/// <para>Nothing is written. Checks that every region of the cluster has exactly one key, that the keys belong to the
/// cluster's cloud, that URIs and principals are well formed, and that the cluster's plan and state allow CMEK. Without
/// -Offline, also checks in your cloud that the keys exist, are enabled and of the right type, that their policies
/// grant access to the identity, and that the identity trusts CockroachDB and nobody else.</para>
/// <para>A check that lacks permission reports Unknown, never Pass. -Quiet returns true if no check is Fail or
/// Unknown.</para>
/// </remarks>
/// <example>
/// <para>Shows what is wrong with a manifest.</para>
/// <code>Import-CrdbCmekManifest ./cmek_config.json | Test-CrdbCmekManifest -Cluster prod-eu |
///     Where-Object Status -ne Pass</code>
/// </example>
/// <example>
/// <para>Continues only if everything is right.</para>
/// <code>$manifest = Import-CrdbCmekManifest ./cmek_config.json -Cluster prod-eu
/// if ($manifest | Test-CrdbCmekManifest -Quiet) { $manifest | Enable-CrdbCmek -Wait }</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/managing-cmek">
/// Manage CMEK for CockroachDB Advanced
/// </seealso>
[Cmdlet(
    VerbsDiagnostic.Test,
    "CrdbCmekManifest",
    HelpUri = "https://www.cockroachlabs.com/docs/cockroachcloud/managing-cmek"
)]
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
    [ManifestTransformation]
    [ArgumentCompleter(typeof(ManifestCompleter))]
    public CmekManifest? InputObject { get; set; }

    /// <summary>
    /// The cluster. A manifest from a file does not name one. Default: the cluster that the manifest was made for.
    /// </summary>
    [Parameter]
    [ClusterIdentityTransformation]
    [ArgumentCompleter(typeof(ClusterNameCompleter))]
    public override CrdbClusterIdentity[] Cluster { get; set; } = [];

    /// <summary>Skips the checks that read your own cloud.</summary>
    [Parameter]
    public SwitchParameter Offline { get; set; }

    /// <summary>
    /// Returns one Boolean for all input instead of the checks: true when every check of every manifest is Pass or
    /// Warning; false for a Fail, an Unknown, an error, or no manifest at all.
    /// </summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <summary>
    /// Where the keys were generated. HashiCorpVault also checks the keys in HashiCorp Vault. Default: Cloud.
    /// </summary>
    [Parameter]
    public CmekKeySource Via { get; set; }

    private readonly Verdict _verdict = new();

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
                Quiet.IsPresent ? _verdict : null
            );
    }

    /// <summary>Writes the Boolean of -Quiet.</summary>
    protected override void EndProcessing()
    {
        base.EndProcessing();
        if (Quiet.IsPresent)
            WriteObject(_verdict.IsGood && !HasFailed);
    }
}
