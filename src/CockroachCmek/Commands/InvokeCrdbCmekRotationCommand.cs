using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Manifest;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Rotates the keys of a cluster: in the KMS, then in CockroachDB.</summary>
/// <remarks>
/// <para>By default the keys stay the same and get a new version. CockroachDB Cloud does not follow a rotation in the
/// KMS, so the command sends the keys again for the regions that rotate, and CockroachDB re-wraps with the new version.
/// -NewKey creates new keys with the properties of the old ones and moves the cluster to them. A manifest from the
/// pipeline moves the cluster to its keys; only regions whose key differs are sent. A manifest names the keys, so it
/// cannot be combined with -NewKey.</para>
/// <para>An interrupted run continues when it is run again. A version or key that exists but is not yet used, for
/// example from the KMS's own yearly rotation, is not created again, and a running rotation is not sent twice. After a
/// complete run, another run is another rotation: use -IfOlderThan in schedules that may start twice. A cluster that is
/// busy with another operation is waited for, also without -Wait, for -Timeout at most.</para>
/// <para>If somebody else changes CMEK of the cluster in between, nothing is sent (ClusterChanged), and a key that this
/// run created and nobody uses is taken back.</para>
/// <para>Never disable or delete a key after a rotation. Old keys and versions are still needed for data and backups
/// that were written with them. PastKeys of the output names them.</para>
/// <para>AWS. Rotates the key on demand. A multi-region key is rotated once, at its primary. -NewKey -Wait moves the
/// aliases to the new keys when these are in force.</para>
/// <para>Google Cloud. Creates a new primary version of each key.</para>
/// <para>Azure. Creates a new version of the key. Its version is part of the Key Identifier, so CockroachDB gets a new
/// URI.</para>
/// <para>HashiCorp Vault. A key that was generated in Vault is rotated there, through the Vault of the session. On AWS,
/// Vault creates a new KMS key for each
/// version; the command grants access to it before CockroachDB switches to it. On Azure the version has a new URI. On
/// Google Cloud the key stays the same. The old keys are kept. -Via HashiCorpVault is needed only where the key's cloud
/// does not show that it comes from Vault.</para>
/// <para>Imported keys, key stores. The origin of a key is kept. On AWS, imported material rotates when new material
/// was
/// imported for it. Where the cloud would generate the new material itself, nothing is rotated and the error says what
/// to do; -ReplaceOrigin allows it.</para>
/// </remarks>
/// <example>
/// <para>Rotates the keys of all regions, and waits until every region uses the new version.</para>
/// <code>Get-CrdbCluster prod-eu-old | Invoke-CrdbCmekRotation -Wait</code>
/// </example>
/// <example>
/// <para>Shows what would be rotated.</para>
/// <code>Get-CrdbCluster prod-eu-old | Invoke-CrdbCmekRotation -WhatIf</code>
/// </example>
/// <example>
/// <para>Moves to a new key, and shows the keys that must be kept.</para>
/// <code>(Get-CrdbCluster prod-eu-old | Invoke-CrdbCmekRotation -NewKey -Wait).PastKeys</code>
/// </example>
/// <example>
/// <para>In a schedule: rotates keys that were last rotated more than 90 days ago.</para>
/// <code>Get-CrdbCluster prod-eu-old | Invoke-CrdbCmekRotation -IfOlderThan 90 -Wait</code>
/// </example>
/// <example>
/// <para>HashiCorp Vault: rotates keys that were generated there.</para>
/// <code>$null = Get-CrdbCluster prod-us | New-CrdbCmekRole | New-CrdbCmekKey -Via HashiCorpVault |
///     New-CrdbCmekManifest | Enable-CrdbCmek -Wait
/// Get-CrdbCluster prod-us | Invoke-CrdbCmekRotation -Wait</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/managing-cmek">
/// Manage CMEK for CockroachDB Advanced
/// </seealso>
/// <seealso href="https://docs.aws.amazon.com/kms/latest/developerguide/rotating-keys-on-demand.html">
/// AWS: on-demand rotation
/// </seealso>
/// <seealso href="https://cloud.google.com/kms/docs/key-rotation">Google Cloud: key rotation</seealso>
/// <seealso href="https://learn.microsoft.com/azure/key-vault/keys/how-to-configure-key-rotation">
/// Azure: key rotation in Key Vault
/// </seealso>
/// <seealso href="https://developer.hashicorp.com/vault/docs/secrets/key-management">
/// HashiCorp Vault: Key Management secrets engine
/// </seealso>
[Cmdlet(
    VerbsLifecycle.Invoke,
    "CrdbCmekRotation",
    SupportsShouldProcess = true,
    DefaultParameterSetName = VersionSet,
    HelpUri = "https://www.cockroachlabs.com/docs/cockroachcloud/managing-cmek"
)]
[OutputType(typeof(CmekInfo))]
public sealed class InvokeCrdbCmekRotationCommand : WaitingClusterCmdlet
{
    private const string VersionSet = "Version";
    private const string NewKeySet = "NewKey";

    /// <summary>Regions to rotate. Default: all regions of the cluster.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RegionCompleter))]
    [Trimmed]
    public string[]? Region { get; set; }

    /// <summary>Creates new keys with the properties of the old ones. Default: new versions of the same keys.</summary>
    [Parameter(Mandatory = true, ParameterSetName = NewKeySet)]
    public SwitchParameter NewKey { get; set; }

    /// <summary>
    /// Rotates only regions that last re-wrapped with their key longer ago than this: a number of days, or a time span.
    /// Makes a scheduled rotation safe to start again.
    /// </summary>
    [Parameter]
    [DurationTransformation(InDays = true)]
    public TimeSpan? IfOlderThan { get; set; }

    /// <summary>
    /// HashiCorpVault: treats every key as one of HashiCorp Vault. Default: the origin of each key decides.
    /// </summary>
    [Parameter]
    public CmekKeySource Via { get; set; }

    /// <summary>
    /// Lets the cloud generate the new material of keys that were imported, or generated in HashiCorp Vault or in a key
    /// store of the customer's. Default: such a rotation is refused.
    /// </summary>
    [Parameter]
    public SwitchParameter ReplaceOrigin { get; set; }

    private protected override Func<CloudSession, CrdbCluster, Operation, Task> Prepare() =>
        async (session, cluster, operation) =>
        {
            if (NewKey.IsPresent && operation.Source is CmekManifest)
                throw Core.Errors.NewKeyWithManifest(cluster.Name);
            var options = new RotationOptions
            {
                Regions = Region,
                NewKey = NewKey.IsPresent,
                ReplaceOrigin = ReplaceOrigin.IsPresent,
                IfOlderThan = IfOlderThan,
                Write = WriteOptions,
                Wait = WaitIfAsked(CmekStatus.Enabled),
            };
            var keys = session.KeyProvider(cluster, Via);
            var context = operation.Context(session.Time);
            operation.Output(
                operation.Source is CmekManifest manifest
                    ? await session.Rotation().RotateToAsync(cluster, manifest, keys, options, context)
                    : await session.Rotation().RotateAsync(cluster, keys, options, context)
            );
        };
}
