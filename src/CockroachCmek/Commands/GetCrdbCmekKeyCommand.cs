using System.Management.Automation;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Gets the keys of clusters: those in force, past ones, and those that are not used.</summary>
/// <remarks>
/// <para>Lists the keys that CockroachDB Cloud names, and the keys in your KMS that this module's tags, labels and
/// names mark for the cluster. Use says which it is: InForce, Past, NotUsed, or Unknown. State is the key's state in
/// the KMS, NotFound when the KMS has no such key. UsedSince is when the region first used the key, CreatedAt when it was
/// created, Origin where the material comes from, AuthPrincipal the identity that uses it. Access says whether that
/// identity may use the key; Get-CrdbCmekAccess names every grant. Keys that this module did not create are listed only
/// if CockroachDB Cloud names them. Nothing is written.</para>
/// <para>NotUsed is a key with which CMEK was not enabled yet, or one that an interrupted run left. It says nothing of
/// other clusters, which can use the key too. Past is no reason to delete a key: data and backups of its time can be
/// read only with it. This module deletes no key. A cloud's own command schedules the deletion of a key that is not
/// used.</para>
/// <para>AWS. Searches every region of the cluster. Deletion: aws kms schedule-key-deletion.</para>
/// <para>Google Cloud. Searches the project of the session. Deletion: gcloud kms keys versions destroy, for each
/// version.</para>
/// <para>Azure. Searches the Key Vaults that the credentials can see. Deletion: az keyvault key delete, which soft
/// delete makes reversible.</para>
/// </remarks>
/// <example>
/// <para>Lists the keys of a cluster.</para>
/// <code>Get-CrdbCluster prod-eu-old | Get-CrdbCmekKey</code>
/// </example>
/// <example>
/// <para>Lists the keys that their cluster does not use.</para>
/// <code>Get-CrdbCmekKey | Where-Object Use -eq NotUsed</code>
/// </example>
/// <example>
/// <para>Writes a manifest of the keys in force.</para>
/// <code>Get-CrdbCmekKey prod-eu-old | Where-Object Use -eq InForce | New-CrdbCmekManifest</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/managing-cmek">
/// Manage CMEK for CockroachDB Advanced
/// </seealso>
[Cmdlet(VerbsCommon.Get, "CrdbCmekKey", HelpUri = "https://www.cockroachlabs.com/docs/cockroachcloud/managing-cmek")]
[OutputType(typeof(CmekKey))]
public sealed class GetCrdbCmekKeyCommand : FleetCmdlet
{
    private protected override Func<CloudSession, CrdbCluster, Operation, Task> Prepare() =>
        async (session, cluster, operation) =>
        {
            var keys = await session
                .KeyInventory()
                .ReadAsync(cluster, session.KeyProvider(cluster), operation.Context(session.Time));
            foreach (var key in keys)
                operation.Output(key);
        };
}
