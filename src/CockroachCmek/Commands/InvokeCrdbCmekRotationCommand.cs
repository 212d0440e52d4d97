using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Manifest;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Rotates the keys of a cluster: makes something newer in the KMS, and has CockroachDB take it up.</summary>
/// <remarks>
/// <para>By default the keys stay the same, and get a new version. CockroachDB Cloud does not follow rotation in the KMS by itself, so the keys are sent again
/// for the regions that rotate. On AWS a multi-region key is rotated once, at its primary.</para>
/// <para>-NewKey makes new keys of the old ones' shape (kind, policy, tags) and moves the cluster to them; with -Wait, the names of the old keys (on AWS the aliases)
/// move to the new ones when these are in force. A manifest from the pipe moves the cluster to its keys; only the regions that differ are sent.</para>
/// <para>A run that was interrupted goes on when it is run again: what has been made and not been taken up (the KMS's own yearly rotation included) is
/// not made again, and a rotation that is under way is not sent twice. A run after the end is another rotation: a schedule that may be started twice gives -IfOlderThan.</para>
/// <para>Old keys and versions are still needed for the data and backups of their time: PastKeys of the output names them. Never disable or delete a key after a rotation.</para>
/// <para>Keys that were born in HashiCorp Vault are rotated there (-Via HashiCorpVault). On AWS, Vault makes a new KMS key for each version, which is granted before CockroachDB takes it up; on Azure
/// the version has another URI; on Google Cloud the key stays. The old ones are kept.</para>
/// </remarks>
/// <example>
/// <para>Rotates the keys of all regions, and waits until every region uses the new version.</para>
/// <code>Get-CrdbCluster prod-eu-old | Invoke-CrdbCmekRotation -Wait</code>
/// </example>
/// <example>
/// <para>Shows what would be rotated, and changes nothing.</para>
/// <code>Get-CrdbCluster prod-eu-old | Invoke-CrdbCmekRotation -WhatIf</code>
/// </example>
/// <example>
/// <para>Moves to a new key, and shows what must be kept.</para>
/// <code>(Get-CrdbCluster prod-eu-old | Invoke-CrdbCmekRotation -NewKey -Wait).PastKeys</code>
/// </example>
/// <example>
/// <para>For a schedule: rotates what was rotated more than 90 days ago, and nothing else.</para>
/// <code>Get-CrdbCluster prod-eu-old | Invoke-CrdbCmekRotation -IfOlderThan 90.00:00:00 -Wait</code>
/// </example>
/// <example>
/// <para>Rotates keys that were born in HashiCorp Vault.</para>
/// <code>$null = Get-CrdbCluster prod-us | New-CrdbCmekRole | New-CrdbCmekKey -Via HashiCorpVault | New-CrdbCmekManifest | Enable-CrdbCmek -Wait
/// Get-CrdbCluster prod-us | Invoke-CrdbCmekRotation -Via HashiCorpVault -Wait</code>
/// </example>
/// <seealso href="https://docs.aws.amazon.com/kms/latest/developerguide/rotating-keys-on-demand.html">On-demand rotation in AWS KMS</seealso>
[Cmdlet(VerbsLifecycle.Invoke, "CrdbCmekRotation", SupportsShouldProcess = true, DefaultParameterSetName = VersionSet)]
[OutputType(typeof(CmekInfo))]
public sealed class InvokeCrdbCmekRotationCommand : WaitingClusterCmdlet
{
    private const string VersionSet = "Version";
    private const string NewKeySet = "NewKey";

    /// <summary>Regions that rotate; without it, all regions of the cluster.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RegionCompleter))]
    public string[]? Region { get; set; }

    /// <summary>Makes new keys of the old ones' shape, instead of new versions of the same keys.</summary>
    [Parameter(Mandatory = true, ParameterSetName = NewKeySet)]
    public SwitchParameter NewKey { get; set; }

    /// <summary>Rotates only regions whose key was taken up longer ago than this: a time span, or a number of seconds. It makes a scheduled rotation safe to start again.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan? IfOlderThan { get; set; }

    /// <summary>Where the keys were born: keys of HashiCorp Vault are rotated there, and on AWS every rotation makes new KMS keys.</summary>
    [Parameter]
    public CmekKeySource Via { get; set; }

    private protected override Func<CloudSession, CrdbCluster, Operation, Task> Prepare() =>
        async (session, cluster, operation) =>
        {
            var options = new RotationOptions
            {
                Regions = Region,
                NewKey = NewKey.IsPresent,
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
