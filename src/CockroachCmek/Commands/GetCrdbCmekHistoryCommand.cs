using System.Collections.Concurrent;
using System.Management.Automation;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Gets what happened to the CMEK of clusters, and who did it, on one time line.</summary>
/// <remarks>
/// <para>Three sources are joined, newest first for each cluster. The audit log of CockroachDB Cloud tells who enabled,
/// rotated or revoked CMEK or changed the cluster (role Organization Admin). The key entries of the cluster tell when it
/// took up each key. The logs of your own cloud tell who rotated, disabled, deleted or changed access to a key. Nothing
/// is written.</para>
/// <para>Two lines of different sources may be about the same operation: nothing in them proves it, so both are
/// shown. A source that cannot be read is a warning, which says what is missing and how to allow it; its events are then
/// unknown, not absent.</para>
/// <para>AWS. CloudTrail's event history of 90 days (cloudtrail:LookupEvents) and the rotations that KMS keeps
/// (kms:ListKeyRotations).</para>
/// <para>Google Cloud. The Admin Activity logs of Cloud KMS and IAM, kept for 400 days, and the key versions.</para>
/// <para>Azure. The Key Vault's AuditEvent log in its Log Analytics workspace, the activity log of 90 days, and the key
/// versions.</para>
/// </remarks>
/// <example>
/// <para>Shows the last 90 days of a cluster.</para>
/// <code>Get-CrdbCluster prod-eu-old | Get-CrdbCmekHistory</code>
/// </example>
/// <example>
/// <para>Shows who disabled a key, changed the access to one or scheduled its deletion in the last week, in the
/// fleet.</para>
/// <code>Get-CrdbCmekHistory -Since 7 | Where-Object Action -in KeyDisabled, KeyAccessChanged, KeyDeletionScheduled</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/cloud-org-audit-logs">
/// Audit logs of a CockroachDB Cloud organization
/// </seealso>
[Cmdlet(
    VerbsCommon.Get,
    "CrdbCmekHistory",
    HelpUri = "https://www.cockroachlabs.com/docs/cockroachcloud/cloud-org-audit-logs"
)]
[OutputType(typeof(CmekHistoryEntry))]
public sealed class GetCrdbCmekHistoryCommand : FleetCmdlet
{
    /// <summary>How far to look back: a number of days, or a time span. Default: 90 days.</summary>
    [Parameter]
    [DurationTransformation(InDays = true)]
    public TimeSpan Since { get; set; } = TimeSpan.FromDays(90);

    private readonly ConcurrentDictionary<CloudSession, CmekHistory> _histories = new();
    private readonly ConcurrentDictionary<CmekLogGap, bool> _told = new();

    private protected override Func<CloudSession, CrdbCluster, Operation, Task> Prepare()
    {
        var period = Since;
        return async (session, cluster, operation) =>
        {
            // One for each session: its audit log is read once, however many clusters follow.
            var history = _histories.GetOrAdd(session, s => s.History(s.Time.GetUtcNow() - period));
            var (entries, gaps) = await history.ReadAsync(
                cluster,
                session.KeyProvider(cluster),
                operation.Context(session.Time)
            );
            foreach (var entry in entries)
                operation.Output(entry);
            foreach (var gap in gaps.Where(g => _told.TryAdd(g, true)))
                operation.Warning($"Not known: {gap.What}. {gap.Why} {gap.Remedy}".TrimEnd());
        };
    }
}
