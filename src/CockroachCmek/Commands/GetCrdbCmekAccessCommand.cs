using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Gets who can use, administer, delete or re-grant the keys of a cluster.</summary>
/// <remarks>
/// <para>The access review. For every current and past key of the cluster, each line names an identity, what it can do
/// with the key, how sure that is, where the access is granted and through what, and whether it is more than CMEK
/// needs. From the pipeline, a manifest is reviewed before CMEK is enabled. Nothing is written.</para>
/// <para>A line with the verdict Unknown and no principal is a place that could not be read; Condition names the
/// missing
/// permission. Such lines are always shown, because anybody could have access there.</para>
/// <para>AWS. Reads the key policy, the grants of the key, and the identity policies and the permissions boundary of
/// the
/// cluster's role. A statement for the account itself lets the account's IAM policies grant access: who has such a
/// policy is not read. Service control policies and resource control policies are not read.</para>
/// <para>Google Cloud. Reads the allow policies of key, key ring and project, of folders and organization where that is
/// permitted, and deny policies. Who belongs to a group is not read.</para>
/// <para>Azure. Reads the role assignments on the key, the Key Vault and every scope above it, deny assignments and
/// locks; or the access policies of the Key Vault.</para>
/// </remarks>
/// <example>
/// <para>Shows who has access to the keys of a cluster.</para>
/// <code>Get-CrdbCluster prod-eu-old | Get-CrdbCmekAccess</code>
/// </example>
/// <example>
/// <para>Shows everybody who can use the keys and is not expected to, and every place that could not be read.</para>
/// <code>Get-CrdbCluster prod-eu-old | Get-CrdbCmekAccess -Right Use -Unexpected</code>
/// </example>
/// <example>
/// <para>Shows what is more than CMEK needs, on all AWS clusters.</para>
/// <code>Get-CrdbCluster | Where-Object CloudProvider -eq AWS | Where-Object Plan -eq ADVANCED |
///     Get-CrdbCmekAccess | Where-Object IsMoreThanNeeded</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/managing-cmek">
/// Manage CMEK for CockroachDB Advanced
/// </seealso>
/// <seealso href="https://docs.aws.amazon.com/kms/latest/developerguide/determining-access.html">
/// AWS: determining access to KMS keys
/// </seealso>
/// <seealso href="https://cloud.google.com/kms/docs/reference/permissions-and-roles">
/// Google Cloud: Cloud KMS permissions and roles
/// </seealso>
/// <seealso href="https://learn.microsoft.com/azure/key-vault/general/rbac-guide">
/// Azure: access to Key Vault with Azure roles
/// </seealso>
[Cmdlet(VerbsCommon.Get, "CrdbCmekAccess", HelpUri = "https://www.cockroachlabs.com/docs/cockroachcloud/managing-cmek")]
[OutputType(typeof(CmekAccess))]
public sealed class GetCrdbCmekAccessCommand : CrdbClusterCmdlet
{
    /// <summary>Returns only lines with at least one of these rights. Default: all lines.</summary>
    [Parameter]
    public CmekAccessRights? Right { get; set; }

    /// <summary>
    /// Returns only what is not expected: everybody but the cluster's identity, the owning account and -Expected.
    /// </summary>
    [Parameter]
    public SwitchParameter Unexpected { get; set; }

    /// <summary>
    /// Further identities that are meant to have access, as the cloud writes them; wildcards are allowed.
    /// </summary>
    [Parameter]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(AccessCompleter))]
    public string[] Expected { get; set; } = [];

    private protected override Func<CloudSession, CrdbCluster, Operation, Task> Prepare()
    {
        return async (session, cluster, operation) =>
        {
            var expected = Expected.Select(Wildcards.Parse).ToList();
            var (lines, errors) = await session
                .AccessReview()
                .ReviewAsync(
                    cluster,
                    operation.Source as CmekManifest,
                    session.KeyProvider(cluster),
                    operation.Context(session.Time)
                );
            foreach (var line in lines.Select(l => Marked(l, expected)).Where(IsWanted))
                operation.Output(line);
            foreach (var error in errors)
                operation.Error(ErrorRecords.From(error));
        };
    }

    private static CmekAccess Marked(CmekAccess line, IReadOnlyList<WildcardPattern> expected) =>
        line.Principal.Length > 0 && expected.Any(e => e.IsMatch(line.Principal))
            ? line with
            {
                IsExpected = true,
            }
            : line;

    /// <summary>A place that could not be read is always wanted: anybody could have access there.</summary>
    private bool IsWanted(CmekAccess line)
    {
        if (line.Principal.Length == 0)
            return true;
        return (Right is not { } right || (line.Rights & right) != 0) && (!Unexpected.IsPresent || !line.IsExpected);
    }
}
