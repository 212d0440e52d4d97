using System.Collections;
using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core.Keys;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Makes the cross-account IAM role through which CockroachDB Cloud uses your key, or finds the one that is there.</summary>
/// <remarks>
/// <para>The role trusts the AWS account that hosts the cluster, and only when it gives your organization's id as the external id. It has no
/// permissions: what it may do is said by the policy of the key (New-CrdbCmekKey).</para>
/// <para>Its name is crdb-cmek- and the last 12 digits of the cluster's id, so that a second run finds it. A role of that name that trusts
/// somebody else is never changed silently: the error says what differs, and -Update brings it into line.</para>
/// </remarks>
/// <example>
/// <para>Makes the role for a cluster.</para>
/// <code>Get-CrdbCluster prod-eu | New-CrdbCmekRole</code>
/// </example>
/// <example>
/// <para>Shows what would be done, for the whole pipeline, and writes nothing.</para>
/// <code>Get-CrdbCluster prod-eu | New-CrdbCmekRole -WhatIf | New-CrdbCmekKey -MultiRegion</code>
/// </example>
/// <seealso href="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html">Access to AWS accounts owned by third parties</seealso>
[Cmdlet(VerbsCommon.New, "CrdbCmekRole", SupportsShouldProcess = true)]
[OutputType(typeof(CmekRole))]
public sealed class NewCrdbCmekRoleCommand : CrdbSessionCmdlet
{
    /// <summary>The cluster: an object from Get-CrdbCluster, a name, a UUID or a console URL.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, HelpMessage = "Name, UUID or console URL of the cluster.")]
    [ClusterIdentityTransformation]
    [ArgumentCompleter(typeof(ClusterNameCompleter))]
    public CrdbClusterIdentity[] Cluster { get; set; } = [];

    /// <summary>Name of the role, 1 to 64 letters, digits and +=,.@_-; without it, crdb-cmek- and the last 12 digits of the cluster's id.</summary>
    [Parameter]
    [ValidatePattern(@"^[\w+=,.@-]{1,64}$")]
    public string? Name { get; set; }

    /// <summary>Path of the role, beginning and ending with a slash.</summary>
    [Parameter]
    [ValidatePattern(@"^/([\x21-\x7e]+/)?$")]
    public string? Path { get; set; }

    /// <summary>Further tags of the role, beside those that the module sets.</summary>
    [Parameter]
    [ValidateNotNull]
    public Hashtable? Tag { get; set; }

    /// <summary>Brings a role that differs into line, instead of reporting how it differs.</summary>
    [Parameter]
    public SwitchParameter Update { get; set; }

    /// <summary>Profile of the AWS shared configuration to use, instead of the AWS SDK's default chain.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ProfileName { get; set; }

    /// <summary>Clusters that are worked on at once.</summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 5;

    /// <summary>Makes or finds the role of each cluster.</summary>
    protected override void ProcessRecord() => ForEachCluster(Cluster, ThrottleLimit, async (cloud, cluster, operation) =>
        operation.Output(await cloud.KeyProvider(cluster, ProfileName).EnsureRoleAsync(
            new RoleRequest
            {
                Cluster = cluster,
                OrganizationId = cloud.OrganizationId,
                Name = Name,
                Path = Path,
                Tags = Tags.From(Tag),
                Update = Update.IsPresent,
            },
            operation.Context(cloud.Time))));
}
