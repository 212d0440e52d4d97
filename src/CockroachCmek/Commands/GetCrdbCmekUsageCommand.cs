using System.Management.Automation;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Gets when CockroachDB last used the keys of a cluster, how often, and what was refused.</summary>
/// <remarks>
/// <para>The proof of use, from the logs of your own cloud. Each line is a current or past key of a cluster: the last
/// use by the cluster's identity, the number of uses in the period, refused uses, who else used the key, and from when
/// on the logs were really read. Nothing is written.</para>
/// <para>Nodes keep the store key in memory, so only starts of nodes and managed backups use the key. The verdict
/// Silent
/// is therefore compared with the backup schedule: IsOverdue is true, with a warning, when backups are on and the key
/// was not used for 48 hours. Where logs are off, not kept or cannot be read, the verdict is Unknown and Gaps says how
/// to
/// enable them: no entry is never taken as a proof of silence.</para>
/// <para>Of a past key, NeededUntil says until when backups need it, from their retention.</para>
/// <para>AWS. Reads GetKeyLastUsage of KMS and CloudTrail's event history, which every account has: 90 days, about five
/// minutes late, two calls a second. Needs kms:GetKeyLastUsage and cloudtrail:LookupEvents. IsRotationProven compares
/// the
/// key material of the last uses with the newest one of the key (needs kms:ListKeyRotations).</para>
/// <para>Google Cloud. Reads the Data Access audit logs of Cloud KMS, which are off unless you enable them.</para>
/// <para>Azure. Reads the Key Vault's AuditEvent log in its Log Analytics workspace.</para>
/// </remarks>
/// <example>
/// <para>Shows the use of the keys of a cluster in the last 30 days.</para>
/// <code>Get-CrdbCluster prod-eu-old | Get-CrdbCmekUsage</code>
/// </example>
/// <example>
/// <para>Names every key of the fleet that was not used although backups are on, or whose last use was refused.</para>
/// <code>Get-CrdbCmekUsage | Where-Object { $_.IsOverdue -or $_.Verdict -eq 'Refused' }</code>
/// </example>
/// <example>
/// <para>Shows until when the past keys of a cluster are needed, and whether they were used in the last 90 days.</para>
/// <code>Get-CrdbCmekUsage prod-eu-old -Since 90 | Where-Object IsPast</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/cmek">CMEK overview</seealso>
/// <seealso href="https://docs.aws.amazon.com/kms/latest/developerguide/logging-using-cloudtrail.html">
/// AWS: KMS in CloudTrail
/// </seealso>
/// <seealso href="https://cloud.google.com/kms/docs/audit-logging">Google Cloud: audit logs of Cloud KMS</seealso>
/// <seealso href="https://learn.microsoft.com/azure/key-vault/general/logging">Azure: logs of Key Vault</seealso>
[Cmdlet(VerbsCommon.Get, "CrdbCmekUsage", HelpUri = "https://www.cockroachlabs.com/docs/cockroachcloud/cmek")]
[OutputType(typeof(CmekUsage))]
public sealed class GetCrdbCmekUsageCommand : FleetCmdlet
{
    /// <summary>How far to look back: a number of days, or a time span. Default: 30 days.</summary>
    [Parameter]
    [DurationTransformation(InDays = true)]
    public TimeSpan Since { get; set; } = TimeSpan.FromDays(30);

    /// <summary>
    /// Waits until the logs show that the use has ended, after a revocation: for each key in force, a refused use after
    /// the last successful one, or silence for longer than the backup schedule lets expect. The next backup or start of
    /// a node shows it.
    /// </summary>
    [Parameter]
    public SwitchParameter WaitForSilence { get; set; }

    /// <summary>
    /// The longest time of -WaitForSilence: a time span, or a number of seconds. Default: two hours.
    /// </summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromHours(2);

    private protected override Func<CloudSession, CrdbCluster, Operation, Task> Prepare()
    {
        var (period, timeout, waits) = (Since, Timeout, WaitForSilence.IsPresent);
        return async (session, cluster, operation) =>
        {
            var (review, keys) = (session.UsageReview(), session.KeyProvider(cluster));
            var context = operation.Context(session.Time);
            foreach (
                var line in waits
                    ? await review.WaitForSilenceAsync(cluster, keys, period, timeout, context)
                    : await review.ReadAsync(cluster, keys, period, context)
            )
                operation.Output(line);
        };
    }
}
