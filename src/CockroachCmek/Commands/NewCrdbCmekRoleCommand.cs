using System.Collections;
using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Azure;
using CockroachCmek.Core.Keys.Gcp;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Makes the identity in your own cloud through which CockroachDB Cloud uses your key, or finds the one that is there.</summary>
/// <remarks>
/// <para>On AWS it is a cross-account IAM role, which trusts the AWS account that hosts the cluster, and only when it gives your organization's
/// id as the external id. On Google Cloud it is a service account, which the cluster's own account at Cockroach Labs may make tokens for
/// (Service Account Token Creator). On Azure it is the enterprise application of the cluster in your tenant. It has no permissions: what it may do is
/// said by the policy of the key (New-CrdbCmekKey).</para>
/// <para>Its name is crdb-cmek- and the last 12 digits of the cluster's id, so that a second run finds it. An identity of that name that trusts
/// somebody else is never changed silently: the error says what differs, and -Update brings it into line. A new service account that
/// Google Cloud does not show at once is waited for.</para>
/// <para>On Azure the application is named by Cockroach Labs, "CockroachDB Cloud - " and the cluster's id. It is added through Microsoft Graph where you may
/// do that; otherwise the property ConsentUrl holds the page on which an administrator lets it in: -Open opens it, and -Wait goes on when that was
/// done. AuthPrincipal is the tenant id.</para>
/// <para>Clusters of several clouds can flow through one pipeline: parameters of another cloud are not used.</para>
/// </remarks>
/// <example>
/// <para>Makes the role for a cluster.</para>
/// <code>Get-CrdbCluster prod-eu | New-CrdbCmekRole</code>
/// </example>
/// <example>
/// <para>Shows what would be done, for the whole pipeline, and writes nothing.</para>
/// <code>Get-CrdbCluster prod-eu | New-CrdbCmekRole -WhatIf | New-CrdbCmekKey -MultiRegion</code>
/// </example>
/// <example>
/// <para>Makes the service account for a cluster on Google Cloud, in the project that the session or the credentials name.</para>
/// <code>Get-CrdbCluster gcp-eu | New-CrdbCmekRole</code>
/// </example>
/// <example>
/// <para>Lets the application of a cluster on Azure in, and consents for it as the documentation's page does.</para>
/// <code>Get-CrdbCluster azure-eu | New-CrdbCmekRole -GrantConsent</code>
/// </example>
/// <seealso href="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html">Access to AWS accounts owned by third parties</seealso>
[Cmdlet(VerbsCommon.New, "CrdbCmekRole", SupportsShouldProcess = true)]
[OutputType(typeof(CmekRole))]
public sealed class NewCrdbCmekRoleCommand : CrdbSessionCmdlet
{
    /// <summary>The cluster: an object from Get-CrdbCluster, a name, a UUID or a console URL.</summary>
    [Parameter(
        Mandatory = true,
        Position = 0,
        ValueFromPipeline = true,
        HelpMessage = "Name, UUID or console URL of the cluster."
    )]
    [ClusterIdentityTransformation]
    [ArgumentCompleter(typeof(ClusterNameCompleter))]
    public CrdbClusterIdentity[] Cluster { get; set; } = [];

    /// <summary>Name of the identity; without it, crdb-cmek- and the last 12 digits of the cluster's id. A role on AWS has 1 to 64 letters, digits and +=,.@_-; a service account on Google Cloud 6 to 30 lower-case letters, digits and -. Not used on Azure: see -ApplicationName.</summary>
    [Parameter]
    [ValidatePattern(@"^[\w+=,.@-]{1,64}$")]
    public string? Name { get; set; }

    /// <summary>AWS: path of the role, beginning and ending with a slash.</summary>
    [Parameter]
    [ValidatePattern(@"^/([\x21-\x7e]+/)?$")]
    public string? Path { get; set; }

    /// <summary>AWS: further tags of the role, beside those that the module sets.</summary>
    [Parameter]
    [ValidateNotNull]
    public Hashtable? Tag { get; set; }

    /// <summary>Brings an identity that differs into line, instead of reporting how it differs.</summary>
    [Parameter]
    public SwitchParameter Update { get; set; }

    /// <summary>Profile of the AWS shared configuration to use, instead of the AWS SDK's default chain.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ProfileName { get; set; }

    /// <summary>Google Cloud: project that the service account is made in; without it, that of the session (Connect-CrdbCloud -GcpProject), of GOOGLE_CLOUD_PROJECT or of the credentials.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Project { get; set; }

    /// <summary>Azure: the tenant that holds the vaults; without it, that of the session (Connect-CrdbCloud -AzureTenantId), or the one that the credentials belong to.</summary>
    [Parameter]
    public Guid? TenantId { get; set; }

    /// <summary>Azure: what the application is called, where that is not "CockroachDB Cloud - " and the cluster's id. An application of another name is refused: it would be given your keys.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ApplicationName { get; set; }

    /// <summary>Azure: consents too to what the page of consent asks for, "Sign in and read user profile", for all users. Key Vault does not need it.</summary>
    [Parameter]
    public SwitchParameter GrantConsent { get; set; }

    /// <summary>Azure: opens the page of consent in a browser, where you may not add the application yourself.</summary>
    [Parameter]
    public SwitchParameter Open { get; set; }

    /// <summary>Azure: waits until an administrator has consented, where you may not add the application yourself.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <summary>How long to wait for consent at most: a time span, or a number of seconds. An hour unless said otherwise.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Clusters that are worked on at once.</summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 5;

    /// <summary>Makes or finds the identity of each cluster.</summary>
    protected override void ProcessRecord() =>
        ForEachCluster(Cluster, ThrottleLimit, async (cloud, cluster, operation) => operation.Output(
                await cloud
                    .KeyProvider(cluster, ProfileName)
                    .EnsureRoleAsync(
                        new RoleRequest
                        {
                            Cluster = cluster,
                            OrganizationId = cloud.OrganizationOf(cluster),
                            Name = Name,
                            Path = Path,
                            Tags = Tags.From(Tag),
                            Update = Update.IsPresent,
                            Gcp = new GcpRoleOptions { Project = Project },
                            Azure = new AzureRoleOptions
                            {
                                TenantId = TenantId?.ToString(),
                                ApplicationName = ApplicationName,
                                GrantConsent = GrantConsent.IsPresent,
                                Open = Open.IsPresent ? Browser.Open : null,
                                Wait = Wait.IsPresent ? Timeout : null,
                            },
                        },
                        operation.Context(cloud.Time)
                    )
            ));
}
