using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Gives CockroachDB access to the keys of a cluster again, after Revoke-CrdbCmek.</summary>
/// <remarks>
/// <para>Accepts the output of Revoke-CrdbCmek or its file (-Path), undoes exactly the recorded changes, and reads the
/// result back. If only the cluster is given, the command looks in your cloud for what keeps the cluster from its keys:
/// a Deny statement of this module, a missing grant, a disabled key.</para>
/// <para>Only your KMS is changed. A cluster whose CMEK is REVOKED does not come back by itself: Cockroach Labs support
/// must recover it, and needs access to the keys to do so.</para>
/// </remarks>
/// <example>
/// <para>Removes access in the KMS only, and gives it back.</para>
/// <code>$revocation = Get-CrdbCluster prod-eu-old | Revoke-CrdbCmek -KmsOnly -Confirm:$false
/// $revocation | Restore-CrdbCmekAccess</code>
/// </example>
/// <example>
/// <para>Shows what is missing in your cloud, and what would be restored.</para>
/// <code>Restore-CrdbCmekAccess prod-eu-old -WhatIf</code>
/// </example>
/// <example>
/// <para>Gives access back by the cluster's name, without CockroachDB Cloud.</para>
/// <code>Restore-CrdbCmekAccess prod-eu-old -KmsOnly</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/managing-cmek">
/// Manage CMEK for CockroachDB Advanced
/// </seealso>
/// <seealso href="https://support.cockroachlabs.com/">Cockroach Labs support</seealso>
[Cmdlet(
    VerbsData.Restore,
    "CrdbCmekAccess",
    SupportsShouldProcess = true,
    ConfirmImpact = ConfirmImpact.Medium,
    DefaultParameterSetName = ClusterSet,
    HelpUri = "https://www.cockroachlabs.com/docs/cockroachcloud/managing-cmek"
)]
[OutputType(typeof(CmekKey))]
public sealed class RestoreCrdbCmekAccessCommand : CrdbClusterCmdlet
{
    private const string Name = "Restore-CrdbCmekAccess";
    private const string ClusterSet = "Cluster";
    private const string PathSet = "Path";

    /// <summary>
    /// The cluster: an object from Get-CrdbCluster, the output of Revoke-CrdbCmek, a name, a UUID or a console URL.
    /// </summary>
    [Parameter(
        Mandatory = true,
        Position = 0,
        ValueFromPipeline = true,
        ParameterSetName = ClusterSet,
        HelpMessage = "Name, UUID or console URL of the cluster."
    )]
    [ClusterIdentityTransformation]
    [ArgumentCompleter(typeof(ClusterNameCompleter))]
    public override CrdbClusterIdentity[] Cluster { get; set; } = [];

    /// <summary>The file that Revoke-CrdbCmek -Path wrote.</summary>
    [Parameter(
        Mandatory = true,
        ParameterSetName = PathSet,
        HelpMessage = "The file that Revoke-CrdbCmek -Path wrote."
    )]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RecordFileCompleter))]
    public string Path { get; set; } = "";

    /// <summary>
    /// Without CockroachDB Cloud: when it does not respond, and no record is given, the keys are found in your clouds by
    /// the cluster's name, UUID or console URL.
    /// </summary>
    [Parameter]
    public SwitchParameter KmsOnly { get; set; }

    private protected override Func<CrdbClusterIdentity, OperationContext, Task<CrdbCluster>> Resolver(
        CloudSession session
    )
    {
        var kmsOnly = KmsOnly.IsPresent;
        return (identity, context) => session.Clusters.ResolveUrgentlyAsync(identity, kmsOnly, Name, context);
    }

    private protected override IEnumerable<CrdbClusterIdentity> Inputs()
    {
        if (Path.Length == 0)
            return Cluster;
        try
        {
            var record = RevocationFile.Load(SessionState.Path.GetUnresolvedProviderPathFromPSPath(Path));
            return [new CrdbClusterIdentity(record.Cluster, record)];
        }
        catch (CmekException error)
        {
            WriteFailure(error);
            return [];
        }
    }

    private protected override Func<CloudSession, CrdbCluster, Operation, Task> Prepare() =>
        async (session, named, operation) =>
        {
            var context = operation.Context(session.Time);
            var (cluster, source) = await session.LocateAsync(named, operation.Source, Name, context);
            operation.ClusterName = cluster.Name;
            var (keys, error) = await session
                .Restoration()
                .RestoreAsync(cluster, source as CmekRevocation, session.KeyProvider(cluster), context, source);
            foreach (var key in keys)
                operation.Output(key);
            if (error is not null)
                throw error;
        };
}
