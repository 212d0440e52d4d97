using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Rotates the keys of a cluster: makes a new version of each in the KMS, and has CockroachDB take it up.</summary>
/// <remarks>
/// <para>The keys stay the same, with the same URI; what is new is their material. CockroachDB Cloud does not follow rotation in the KMS by
/// itself, so the unchanged manifest is sent again for the regions that rotate. A multi-region key is rotated once, at its primary.</para>
/// <para>A run that was interrupted goes on when it is run again: a key that has a version which the cluster has not taken up yet (AWS's own
/// yearly rotation included) is not rotated again, and a rotation that is under way is not sent twice.</para>
/// <para>Old versions are kept by the KMS and are still needed: never disable or delete a key after a rotation.</para>
/// </remarks>
/// <example>
/// <para>Rotates the keys of all regions, and waits until every region uses the new version.</para>
/// <code>Get-CrdbCluster prod-eu-old | Invoke-CrdbCmekRotation -Wait</code>
/// </example>
/// <example>
/// <para>Shows what would be rotated, and changes nothing.</para>
/// <code>Get-CrdbCluster prod-eu-old | Invoke-CrdbCmekRotation -WhatIf</code>
/// </example>
/// <seealso href="https://docs.aws.amazon.com/kms/latest/developerguide/rotating-keys-on-demand.html">On-demand rotation in AWS KMS</seealso>
[Cmdlet(VerbsLifecycle.Invoke, "CrdbCmekRotation", SupportsShouldProcess = true)]
[OutputType(typeof(CmekInfo))]
public sealed class InvokeCrdbCmekRotationCommand : CrdbSessionCmdlet
{
    /// <summary>The cluster: an object from Get-CrdbCluster, a name, a UUID or a console URL.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, HelpMessage = "Name, UUID or console URL of the cluster.")]
    [ClusterIdentityTransformation]
    [ArgumentCompleter(typeof(ClusterNameCompleter))]
    public CrdbClusterIdentity[] Cluster { get; set; } = [];

    /// <summary>Regions that rotate; without it, all regions of the cluster.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RegionCompleter))]
    public string[]? Region { get; set; }

    /// <summary>Waits until every region is ENABLED with the new version.</summary>
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

    /// <summary>Clusters that are worked on at once.</summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 5;

    /// <summary>Rotates each cluster.</summary>
    protected override void ProcessRecord() => ForEachCluster(Cluster, ThrottleLimit, async (cloud, cluster, operation) =>
    {
        var context = operation.Context(cloud.Time);
        var info = await cloud.Lifecycle().RotateAsync(cluster, Region, cloud.KeyProvider(cluster, ProfileName), new WriteOptions { Timeout = Timeout }, context);
        operation.Output(Wait.IsPresent ? await cloud.FollowAsync(info, new WaitOptions { Timeout = Timeout, PollInterval = PollInterval, Expected = CmekStatus.Enabled }, context) : info);
    });
}
