using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Gets CockroachDB Cloud clusters.</summary>
/// <remarks>
/// <para>Without -Name, lists every cluster that the API key is allowed to see. A cluster can be given by name
/// (wildcards allowed), by UUID, by the URL of its console page, or by the last 12 digits of its UUID if they are
/// unique.</para>
/// <para>-Cmek returns a line for each cluster instead: its state of CMEK, the age of its oldest key, and the worst
/// result of the checks of Test-CrdbCmek. It calls your KMS, and reads only. A cluster that cannot be read is Unknown,
/// with the reason.</para>
/// </remarks>
/// <example>
/// <para>Lists all clusters.</para>
/// <code>Get-CrdbCluster</code>
/// </example>
/// <example>
/// <para>Gets the clusters whose names begin with prod-.</para>
/// <code>Get-CrdbCluster prod-*</code>
/// </example>
/// <example>
/// <para>Shows the regions of one cluster.</para>
/// <code>(Get-CrdbCluster prod-eu).Regions</code>
/// </example>
/// <example>
/// <para>Shows the fleet with its CMEK.</para>
/// <code>Get-CrdbCluster -Cmek</code>
/// </example>
/// <example>
/// <para>Lists the clusters whose oldest key is older than a year.</para>
/// <code>Get-CrdbCluster -Cmek | Where-Object OldestKeyAgeInDays -gt 365</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/cloud-api">CockroachDB Cloud API</seealso>
[Cmdlet(VerbsCommon.Get, "CrdbCluster", HelpUri = "https://www.cockroachlabs.com/docs/cockroachcloud/cloud-api")]
[OutputType(typeof(CrdbCluster), typeof(CmekSummary))]
public sealed class GetCrdbClusterCommand : CrdbSessionCmdlet
{
    /// <summary>
    /// Names, UUIDs, console URLs, or the last 12 digits of UUIDs. Wildcards match names. Default: all clusters.
    /// </summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ClusterNameTransformation]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ClusterNameCompleter))]
    public string[]? Name { get; set; }

    /// <summary>Includes deleted clusters.</summary>
    [Parameter]
    public SwitchParameter IncludeInactive { get; set; }

    /// <summary>Returns the state of CMEK, the age of the oldest key and the worst check of each cluster.</summary>
    [Parameter]
    public SwitchParameter Cmek { get; set; }

    /// <summary>With -Cmek: number of clusters to check in parallel. Default: 5.</summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 5;

    /// <summary>Gets the clusters.</summary>
    protected override void ProcessRecord()
    {
        var session = Cloud();
        var inactive = IncludeInactive.IsPresent;
        foreach (var name in Name ?? ["*"])
        {
            Submit(session, async operation =>
            {
                var context = operation.Context(session.Time);
                if (!Wildcards.IsPattern(name))
                {
                    Output(await session.Clusters.ResolveAsync(new CrdbClusterIdentity(name), context));
                    return;
                }

                var pattern = Wildcards.Parse(name);
                await foreach (
                    var cluster in session.Clusters.FindAsync(c => pattern.IsMatch(c.Name), inactive, context)
                )
                    Output(cluster);

                void Output(CrdbCluster cluster)
                {
                    var kept = Session is null ? cluster : session.Keeping(cluster);
                    if (Cmek.IsPresent)
                        operation.Continue(() =>
                            Submit(session, o => SummarizeAsync(session, kept, o), throttleLimit: ThrottleLimit)
                        );
                    else
                        operation.Output(kept);
                }
            });
        }
    }

    private static async Task SummarizeAsync(CloudSession session, CrdbCluster cluster, Operation operation)
    {
        operation.ClusterName = cluster.Name;
        operation.Output(
            await session
                .FleetSummary()
                .ReadAsync(
                    cluster,
                    () => session.KeyProvider(cluster),
                    new HealthOptions { OrganizationId = session.OrganizationId },
                    operation.Context(session.Time)
                )
        );
    }
}
