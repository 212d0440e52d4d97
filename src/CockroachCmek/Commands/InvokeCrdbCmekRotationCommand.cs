using System.Management.Automation;
using System.Security;
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
public sealed class InvokeCrdbCmekRotationCommand : CrdbSessionCmdlet
{
    private const string VersionSet = "Version";
    private const string NewKeySet = "NewKey";

    /// <summary>The cluster: an object from Get-CrdbCluster, a name, a UUID or a console URL. A manifest moves its cluster to the manifest's keys.</summary>
    [Parameter(
        Mandatory = true,
        Position = 0,
        ValueFromPipeline = true,
        HelpMessage = "Name, UUID or console URL of the cluster."
    )]
    [ClusterIdentityTransformation]
    [ArgumentCompleter(typeof(ClusterNameCompleter))]
    public CrdbClusterIdentity[] Cluster { get; set; } = [];

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

    /// <summary>Waits until every region is ENABLED with the new version or key.</summary>
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

    /// <summary>Profile of the AWS shared configuration to use, instead of the AWS SDK's default chain.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ProfileName { get; set; }

    /// <summary>Where the keys were born: keys of HashiCorp Vault are rotated there, and on AWS every rotation makes new KMS keys.</summary>
    [Parameter]
    public CmekKeySource Via { get; set; }

    /// <summary>Address of Vault; without it, VAULT_ADDR. Only https is accepted, except on this machine.</summary>
    [Parameter]
    [ValidateNotNull]
    public Uri? VaultAddress { get; set; }

    /// <summary>Vault token; without it, VAULT_TOKEN, or the file ~/.vault-token that "vault login" leaves.</summary>
    [Parameter]
    [ValidateNotNull]
    public SecureString? VaultToken { get; set; }

    /// <summary>Vault namespace; without it, VAULT_NAMESPACE. On HCP Vault the topmost is admin.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? VaultNamespace { get; set; }

    /// <summary>Where Vault's Key Management secrets engine is mounted; without it, keymgmt.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? VaultMount { get; set; }

    /// <summary>PEM file of the authority that signed Vault's certificate; without it, VAULT_CACERT, or the authorities of the machine.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? VaultCaCertificate { get; set; }

    /// <summary>Clusters that are worked on at once.</summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 5;

    /// <summary>Rotates each cluster.</summary>
    protected override void ProcessRecord()
    {
        var vault = new VaultOptions
        {
            Address = VaultAddress,
            Token = VaultToken,
            Namespace = VaultNamespace,
            Mount = VaultMount,
            CaCertificate = VaultCaCertificate,
        }.Connection(this, Via, Cloud());
        ForEachCluster(Cluster, ThrottleLimit, async (cloud, cluster, operation) =>
        {
            var options = new RotationOptions
            {
                Regions = Region,
                NewKey = NewKey.IsPresent,
                IfOlderThan = IfOlderThan,
                Write = new WriteOptions { Timeout = Timeout },
                Wait = Wait.IsPresent
                    ? new WaitOptions
                    {
                        Timeout = Timeout,
                        PollInterval = PollInterval,
                        Expected = CmekStatus.Enabled,
                    }
                    : null,
            };
            var (rotation, keys, context) = (
                cloud.Rotation(),
                cloud.KeyProvider(cluster, ProfileName, vault),
                operation.Context(cloud.Time)
            );
            operation.Output(
                operation.Source is CmekManifest manifest
                    ? await rotation.RotateToAsync(
                        cluster,
                        manifest,
                        new ManifestCheck(),
                        keys,
                        options with
                        {
                            Write = options.Write with { PrincipalsAreFresh = manifest.IsFresh },
                        },
                        context
                    )
                    : await rotation.RotateAsync(cluster, keys, options, context)
            );
        });
    }
}
