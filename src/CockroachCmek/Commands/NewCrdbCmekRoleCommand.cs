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
public sealed class NewCrdbCmekRoleCommand : CrdbClusterCmdlet
{
    /// <summary>Name of the identity; without it, crdb-cmek- and the last 12 digits of the cluster's id. A role on AWS has 1 to 64 letters, digits and +=,.@_-; a service account on Google Cloud 6 to 30 lower-case letters, digits and -. Not used on Azure: see -ApplicationName.</summary>
    [Parameter]
    [ValidatePattern(@"^[\w+=,.@-]{1,64}$")]
    [CloudOption]
    public string? Name { get; set; }

    /// <summary>AWS: path of the role, beginning and ending with a slash.</summary>
    [Parameter]
    [ValidatePattern(@"^/([\x21-\x7e]+/)?$")]
    [CloudOption]
    public string? Path { get; set; }

    /// <summary>AWS: further tags of the role, beside those that the module sets.</summary>
    [Parameter]
    [ValidateNotNull]
    [CloudOption]
    public Hashtable? Tag { get; set; }

    /// <summary>Brings an identity that differs into line, instead of reporting how it differs.</summary>
    [Parameter]
    public SwitchParameter Update { get; set; }

    /// <summary>Google Cloud: project that the service account is made in; without it, that of the session (Connect-CrdbCloud -GcpProject), of GOOGLE_CLOUD_PROJECT or of the credentials.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [CloudOption]
    public string? Project { get; set; }

    /// <summary>Azure: the tenant that holds the vaults; without it, that of the session (Connect-CrdbCloud -AzureTenantId), or the one that the credentials belong to.</summary>
    [Parameter]
    [CloudOption]
    public Guid? TenantId { get; set; }

    /// <summary>Azure: what the application is called, where that is not "CockroachDB Cloud - " and the cluster's id. An application of another name is refused: it would be given your keys.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [CloudOption]
    public string? ApplicationName { get; set; }

    /// <summary>Azure: consents too to what the page of consent asks for, "Sign in and read user profile", for all users. Key Vault does not need it.</summary>
    [Parameter]
    [CloudOption]
    public SwitchParameter GrantConsent { get; set; }

    /// <summary>Azure: opens the page of consent in a browser, where you may not add the application yourself.</summary>
    [Parameter]
    [CloudOption]
    public SwitchParameter Open { get; set; }

    /// <summary>Azure: waits until an administrator has consented, where you may not add the application yourself.</summary>
    [Parameter]
    [CloudOption]
    public SwitchParameter Wait { get; set; }

    /// <summary>How long to wait for consent at most: a time span, or a number of seconds. An hour unless said otherwise.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromHours(1);

    private protected override Func<CloudSession, CrdbCluster, Operation, Task> Prepare()
    {
        var options = CloudOptionReader.Read(this);
        return async (session, cluster, operation) =>
        {
            session.Clouds.RefuseForeignOptions(cluster, options, cloud => cloud.RoleOptions);
            operation.Output(
                await session
                    .KeyProvider(cluster)
                    .EnsureRoleAsync(
                        new RoleRequest
                        {
                            Cluster = cluster,
                            OrganizationId = session.OrganizationIdFor(cluster),
                            Name = Name,
                            Tags = Tags.From(Tag),
                            Update = Update.IsPresent,
                            Options = options
                                .With("Open", Open.IsPresent ? (Func<Uri, bool>)Browser.Open : null)
                                .With("Timeout", Timeout),
                        },
                        operation.Context(session.Time)
                    )
            );
        };
    }
}
