using System.Collections;
using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Azure;
using CockroachCmek.Core.Keys.Gcp;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Creates the identity in your own cloud through which CockroachDB Cloud uses your keys.</summary>
/// <remarks>
/// <para>Reuses the identity that an earlier run created. It has no permissions of its own: New-CrdbCmekKey grants
/// access on the key. An identity of the same name that trusts somebody else is never changed silently: the error names
/// the difference, and -Update corrects it. Clusters of several clouds can share one pipeline. A parameter of another
/// cloud is refused by name.</para>
/// <para>AWS. Creates a cross-account IAM role named crdb-cmek- and the last 12 digits of the cluster's id. It trusts
/// the AWS account that hosts the cluster, and only with your organization's id as the external id.</para>
/// <para>Google Cloud. Creates a service account with the same name, and lets the cluster's own account at Cockroach
/// Labs create tokens for it (Service Account Token Creator). Waits until Google Cloud shows a new service
/// account.</para>
/// <para>Azure. Adds the cluster's enterprise application to your tenant through Microsoft Graph. Cockroach Labs names
/// it "CockroachDB Cloud - " and the cluster's id. AuthPrincipal is the tenant id. If you are not allowed to add
/// applications, ConsentUrl of the output is the page on which an administrator consents: -Open opens it, and -Wait
/// continues after the consent.</para>
/// </remarks>
/// <example>
/// <para>AWS: creates the role for a cluster.</para>
/// <code>Get-CrdbCluster prod-eu | New-CrdbCmekRole</code>
/// </example>
/// <example>
/// <para>Shows what the whole pipeline would do.</para>
/// <code>Get-CrdbCluster prod-eu | New-CrdbCmekRole -WhatIf | New-CrdbCmekKey -MultiRegion</code>
/// </example>
/// <example>
/// <para>Google Cloud: creates the service account in the project of the session.</para>
/// <code>Get-CrdbCluster gcp-eu | New-CrdbCmekRole</code>
/// </example>
/// <example>
/// <para>Azure: adds the application, and grants the consent that the consent page asks for.</para>
/// <code>Get-CrdbCluster azure-eu | New-CrdbCmekRole -GrantConsent</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/managing-cmek">
/// Manage CMEK for CockroachDB Advanced
/// </seealso>
/// <seealso href="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html">
/// AWS: access for third parties
/// </seealso>
/// <seealso href="https://cloud.google.com/iam/docs/service-account-impersonation">
/// Google Cloud: service account impersonation
/// </seealso>
/// <seealso href="https://learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent">
/// Azure: grant admin consent
/// </seealso>
[Cmdlet(
    VerbsCommon.New,
    "CrdbCmekRole",
    SupportsShouldProcess = true,
    HelpUri = "https://www.cockroachlabs.com/docs/cockroachcloud/managing-cmek"
)]
[OutputType(typeof(CmekRole))]
public sealed class NewCrdbCmekRoleCommand : CrdbClusterCmdlet
{
    /// <summary>
    /// AWS, Google Cloud: name of the identity. An AWS role name has 1 to 64 letters, digits and +=,.@_-; a service
    /// account id has 6 to 30 lower-case letters, digits and hyphens. Default: crdb-cmek- and the last 12 digits of the
    /// cluster's id.
    /// </summary>
    [Parameter]
    [ValidatePattern(@"^[\w+=,.@-]{1,64}$")]
    [CloudOption]
    [Trimmed]
    public string? Name { get; set; }

    /// <summary>AWS: path of the role, beginning and ending with a slash. Default: /.</summary>
    [Parameter]
    [ValidatePattern(@"^/([\x21-\x7e]+/)?$")]
    [CloudOption]
    public string? Path { get; set; }

    /// <summary>
    /// AWS: ARN of the policy that limits what the role can ever do, where your organization requires one. It must
    /// allow
    /// the use of the key: kms:Encrypt, Decrypt, GenerateDataKey*, DescribeKey and ReEncrypt*. Default: none.
    /// </summary>
    [Parameter]
    [ValidatePattern(@"^arn:aws[a-z-]*:iam::(aws|\d{12}):policy/\S+$")]
    [CloudOption]
    [Trimmed]
    public string? PermissionsBoundary { get; set; }

    /// <summary>AWS: additional tags of the role.</summary>
    [Parameter]
    [ValidateNotNull]
    [CloudOption]
    public Hashtable? Tag { get; set; }

    /// <summary>Corrects an identity that differs. Default: report the difference as an error.</summary>
    [Parameter]
    public SwitchParameter Update { get; set; }

    /// <summary>
    /// Google Cloud: project for the service account. Default: the session's (Connect-CrdbCloud -GcpProject),
    /// GOOGLE_CLOUD_PROJECT, or the credentials' project.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [CloudOption]
    [ArgumentCompleter(typeof(CloudOptionCompleter))]
    [Trimmed]
    public string? Project { get; set; }

    /// <summary>
    /// Azure: tenant that holds the Key Vaults. Default: the session's (Connect-CrdbCloud -AzureTenantId), or the
    /// tenant of the credentials.
    /// </summary>
    [Parameter]
    [CloudOption]
    [ArgumentCompleter(typeof(CloudOptionCompleter))]
    public Guid? TenantId { get; set; }

    /// <summary>
    /// Azure: expected name of the application. An application with another name is refused, because it would get
    /// access to your keys. Default: "CockroachDB Cloud - " and the cluster's id.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [CloudOption]
    [Trimmed]
    public string? ApplicationName { get; set; }

    /// <summary>
    /// Azure: also grants "Sign in and read user profile" for all users, as the consent page would. Key Vault does not
    /// need it.
    /// </summary>
    [Parameter]
    [CloudOption]
    public SwitchParameter GrantConsent { get; set; }

    /// <summary>
    /// Azure: opens the consent page in a browser if you are not allowed to add the application yourself.
    /// </summary>
    [Parameter]
    [CloudOption]
    public SwitchParameter Open { get; set; }

    /// <summary>
    /// Azure: waits until an administrator has consented, if you are not allowed to add the application yourself.
    /// </summary>
    [Parameter]
    [CloudOption]
    public SwitchParameter Wait { get; set; }

    /// <summary>
    /// Azure: the longest time to wait for consent: a time span, or a number of seconds. Default: one hour.
    /// </summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromHours(1);

    private protected override Func<CloudSession, CrdbCluster, Operation, Task> Prepare()
    {
        var options = CloudOptionReader.Read(this);
        return async (session, cluster, operation) =>
        {
            session.Clouds.RefuseForeignOptions(cluster, options, cloud => cloud.RoleOptions);
            var role = await session.NewKeys.EnsureRoleAsync(
                session.KeyProvider(cluster),
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
            );
            operation.Output(role);
        };
    }
}
