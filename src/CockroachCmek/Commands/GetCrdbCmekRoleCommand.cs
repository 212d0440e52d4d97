using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core;
using CockroachCmek.Core.Keys;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Gets the identities in your own cloud through which clusters use your keys.</summary>
/// <remarks>
/// <para>Finds the identity that New-CrdbCmekRole creates, and those that CockroachDB Cloud and the keys name. Trust
/// says who may act as the identity; IsTrustExact is true when that is CockroachDB Cloud for this cluster and nobody
/// else. GrantedKeys are the keys of the cluster that the identity may use, as far as could be read. Nothing is
/// written. The output binds to New-CrdbCmekKey.</para>
/// <para>A cluster without an identity is an error that names the next command. Of a pattern, such clusters are named
/// in the verbose text only.</para>
/// <para>AWS. Reads the role crdb-cmek- and the last 12 digits of the cluster's id. LastUsedAt is what IAM reports: it
/// is
/// late by minutes to hours, and forgotten after 400 days.</para>
/// <para>Google Cloud. Reads the service account of the same name in the project of the session, and who may act as it
/// by grants on the account, its project and above.</para>
/// <para>Azure. Reads the cluster's enterprise application in your tenant.</para>
/// </remarks>
/// <example>
/// <para>Shows who may act as the identity of a cluster.</para>
/// <code>(Get-CrdbCmekRole prod-eu-old).Trust</code>
/// </example>
/// <example>
/// <para>Lists the identities that somebody else may act as, or of which that is not known.</para>
/// <code>Get-CrdbCmekRole | Where-Object IsTrustExact -ne $true</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/managing-cmek">
/// Manage CMEK for CockroachDB Advanced
/// </seealso>
[Cmdlet(VerbsCommon.Get, "CrdbCmekRole", HelpUri = "https://www.cockroachlabs.com/docs/cockroachcloud/managing-cmek")]
[OutputType(typeof(CmekRole))]
public sealed class GetCrdbCmekRoleCommand : FleetCmdlet
{
    /// <summary>
    /// AWS, Google Cloud: name of the identity. Default: crdb-cmek- and the last 12 digits of the cluster's id, and
    /// those
    /// that CockroachDB Cloud and the keys name.
    /// </summary>
    [Parameter]
    [ValidatePattern(@"^[\w+=,.@-]{1,64}$")]
    [CloudOption]
    [ArgumentCompleter(typeof(CloudOptionCompleter))]
    [Trimmed]
    public string? Name { get; set; }

    /// <summary>
    /// Google Cloud: project of the service account. Default: the session's (Connect-CrdbCloud -GcpProject), or the one
    /// of the accounts that are known.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [CloudOption]
    [ArgumentCompleter(typeof(CloudOptionCompleter))]
    [Trimmed]
    public string? Project { get; set; }

    /// <summary>
    /// Azure: tenant of the application. Default: the tenants of the cluster's keys, or the session's
    /// (Connect-CrdbCloud -AzureTenantId).
    /// </summary>
    [Parameter]
    [CloudOption]
    [ArgumentCompleter(typeof(CloudOptionCompleter))]
    public Guid? TenantId { get; set; }

    private protected override Func<CloudSession, CrdbCluster, Operation, Task> Prepare()
    {
        var options = CloudOptionReader.Read(this);
        return async (session, cluster, operation) =>
        {
            session.Clouds.RefuseForeignOptions(cluster, options, cloud => cloud.RoleOptions);
            var search = new RoleSearch
            {
                Cluster = cluster,
                OrganizationId = session.OrganizationId,
                Name = Name,
                Options = options,
            };
            var roles = await session
                .RoleInventory()
                .ReadAsync(search, session.KeyProvider(cluster), operation.Context(session.Time));
            var missing = Errors.ClusterHasNoRole(cluster, session.Clouds.Of(cluster).DisplayName, Name);
            if (roles.Count == 0 && !operation.IsMatch)
                throw missing;
            if (roles.Count == 0)
                operation.Verbose(missing.Message);
            foreach (var role in roles)
                operation.Output(role);
        };
    }
}
