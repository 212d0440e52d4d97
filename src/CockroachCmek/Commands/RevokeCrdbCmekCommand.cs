using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Http;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Removes CockroachDB's access to the keys of a cluster and revokes CMEK: the cluster stops.</summary>
/// <remarks>
/// <para>For a breach, or at the end of a cluster's life. First, access to every current and past key of the cluster is
/// removed in the KMS. CockroachDB Cloud receives the request only then; its nodes restart and cannot come back without
/// the keys. By default the command waits until CMEK is REVOKED.</para>
/// <para>The output lists exactly what was changed. -Path also writes it to a file, before the first change and after
/// each one, with the keys, the operator, the identity in your cloud and the request ids. A step that fails is in the
/// output with its reason, and running the same command again completes it.
/// Restore-CrdbCmekAccess gives access back, but only Cockroach Labs support can bring a revoked cluster back.</para>
/// <para>When CockroachDB Cloud is down or cannot be trusted, use -KmsOnly. The keys come from the manifest, state or
/// record in the pipeline. For a name, UUID or console URL, every cloud that the session has credentials for is
/// searched
/// by the tags, labels and names that this module gives. Keys that it did not create are not found that way.</para>
/// <para>Clusters that would lose a key too are named before any change, and the command refuses to continue without
/// -AllowSharedKey. Where the default method is refused, a further method that would take a key from other clusters is
/// not tried without it. It asks for confirmation; use -Confirm:$false in a runbook.</para>
/// <para>If the cluster is moved to other keys meanwhile, they are taken too, before CockroachDB Cloud is asked. A key
/// that is open to everybody counts as taken only once it is disabled: -Method Default does that, any other method
/// reports AccessRemains. Keys of a manifest or a record that this module has marked for another cluster are refused
/// without -AllowSharedKey.</para>
/// <para>AWS. Adds an explicit Deny for the role to the policy of every key. Nothing is removed, and the Deny can be
/// lifted without loss. RemoveGrant takes the statement out of the policy, and revokes the KMS grants to the role: an
/// equal grant that Restore-CrdbCmekAccess creates has another id and token. Replicas of a multi-region key in regions
/// that the cluster does not use are taken too.</para>
/// <para>Google Cloud. Removes the binding on the key. RemoveTrust removes Service Account Token Creator on the service
/// account.</para>
/// <para>Azure. Removes the role assignment or the entry in the Key Vault's access policies.</para>
/// </remarks>
/// <example>
/// <para>Shows every change in order with what it adds and removes, without making it.</para>
/// <code>Get-CrdbCluster prod-eu-old | Revoke-CrdbCmek -WhatIf</code>
/// </example>
/// <example>
/// <para>Revokes without confirmation, keeps the record, and waits for REVOKED.</para>
/// <code>Get-CrdbCluster prod-eu-old | Revoke-CrdbCmek -Path ./prod-eu-old.revocation.json -Confirm:$false</code>
/// </example>
/// <example>
/// <para>Removes access by the cluster's name, without CockroachDB Cloud.</para>
/// <code>Connect-CrdbCloud -KmsOnly
/// Revoke-CrdbCmek prod-eu -KmsOnly -Confirm:$false</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/managing-cmek">
/// Manage CMEK for CockroachDB Advanced
/// </seealso>
/// <seealso href="https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html">
/// AWS: key policies in AWS KMS
/// </seealso>
/// <seealso href="https://cloud.google.com/kms/docs/reference/permissions-and-roles">
/// Google Cloud: Cloud KMS permissions and roles
/// </seealso>
/// <seealso href="https://learn.microsoft.com/azure/key-vault/general/rbac-guide">
/// Azure: access to Key Vault with Azure roles
/// </seealso>
[Cmdlet(
    VerbsSecurity.Revoke,
    "CrdbCmek",
    SupportsShouldProcess = true,
    ConfirmImpact = ConfirmImpact.High,
    HelpUri = "https://www.cockroachlabs.com/docs/cockroachcloud/managing-cmek"
)]
[OutputType(typeof(CmekRevocation))]
public sealed class RevokeCrdbCmekCommand : TimedClusterCmdlet
{
    /// <summary>
    /// How access is removed: RemoveGrant or DisableKey, on AWS also Deny, DenyRole or RemoveTrust, on Google Cloud
    /// RemoveTrust or DisableIdentity, on Azure DisableIdentity. DisableKey also takes the key from everybody else who
    /// uses it. Default: Deny on AWS, RemoveGrant on Google Cloud and Azure; where that is refused for good, the next.
    /// </summary>
    [Parameter]
    [ValueOf(typeof(CmekRevocationMethod))]
    [ArgumentCompleter(typeof(RevocationMethodCompleter))]
    public string Method { get; set; } = nameof(CmekRevocationMethod.Default);

    /// <summary>
    /// Stops after the KMS: CockroachDB Cloud does not receive the request, and the nodes keep running with the keys in
    /// their memory until they restart. When CockroachDB Cloud does not respond, or in a session of Connect-CrdbCloud
    /// -KmsOnly, the keys are found in your clouds by the cluster's name, UUID or console URL.
    /// </summary>
    [Parameter]
    public SwitchParameter KmsOnly { get; set; }

    /// <summary>
    /// Continues although other clusters lose a key too: they use the same key, or a key through the same identity.
    /// Also
    /// takes keys of a manifest or a record that are marked for another cluster.
    /// </summary>
    [Parameter]
    public SwitchParameter AllowSharedKey { get; set; }

    /// <summary>
    /// A file or an existing folder for the record of the changes. The record of an earlier run for the same cluster is
    /// continued. With several clusters, give a folder: a file holds one record, and the others are put beside it.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RecordFileCompleter))]
    public string? Path { get; set; }

    /// <summary>Returns as soon as CockroachDB Cloud has accepted the request. Default: wait for REVOKED.</summary>
    [Parameter]
    public SwitchParameter NoWait { get; set; }

    private const string Name = "Revoke-CrdbCmek";

    /// <summary>The clusters of the pipeline share what -Path names.</summary>
    private readonly RecordClaim _record = new();

    private protected override Patience Patience => Patience.Urgent.Within(Timeout);

    private protected override Func<CrdbClusterIdentity, OperationContext, Task<CrdbCluster>> Resolver(
        CloudSession session
    )
    {
        var kmsOnly = KmsOnly.IsPresent;
        return (identity, context) => session.Clusters.ResolveUrgentlyAsync(identity, kmsOnly, Name, context);
    }

    private protected override Func<CloudSession, CrdbCluster, Operation, Task> Prepare()
    {
        var path = Path is null ? null : SessionState.Path.GetUnresolvedProviderPathFromPSPath(Path);
        return async (session, named, operation) =>
        {
            var context = operation.Context(session.Time);
            var (cluster, source) = await session.LocateAsync(named, operation.Source, Name, context);
            operation.ClusterName = cluster.Name;
            var (revocation, error) = await session
                .Revocations()
                .RevokeAsync(
                    cluster,
                    session.KeyProvider(cluster),
                    new RevocationOptions
                    {
                        Method = ValueOfAttribute.Parse<CmekRevocationMethod>(Method),
                        Source = source,
                        KmsOnly = KmsOnly.IsPresent,
                        AllowSharedKey = AllowSharedKey.IsPresent,
                        Path = path,
                        Record = _record,
                        Write = WriteOptions,
                        Wait = NoWait.IsPresent ? null : WaitFor(expected: null),
                    },
                    context
                );
            // The changes are returned even if a later step failed, because Restore-CrdbCmekAccess needs them.
            operation.Output(revocation);
            if (error is not null)
                throw error;
        };
    }
}
