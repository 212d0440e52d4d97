using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Gets CockroachDB Cloud clusters.</summary>
/// <remarks>
/// <para>Without -Name, lists every cluster that the API key is allowed to see. A cluster can be given by name
/// (wildcards allowed), by UUID, by the URL of its console page, or by the last 12 digits of its UUID if they are
/// unique.</para>
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
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/cloud-api">CockroachDB Cloud API</seealso>
[Cmdlet(VerbsCommon.Get, "CrdbCluster", HelpUri = "https://www.cockroachlabs.com/docs/cockroachcloud/cloud-api")]
[OutputType(typeof(CrdbCluster))]
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

                void Output(CrdbCluster cluster) =>
                    operation.Output(Session is null ? cluster : session.Keeping(cluster));
            });
        }
    }
}
