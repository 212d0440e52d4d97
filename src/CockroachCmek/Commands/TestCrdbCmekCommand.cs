using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Checks the CMEK health of a cluster, in CockroachDB Cloud and in your own cloud.</summary>
/// <remarks>
/// <para>Nothing is written. After CMEK is enabled, checks the status and messages of cluster, regions and keys; that
/// every region has a key; that current and past keys exist, are enabled and are not pending deletion; that the policy
/// grants what is needed and nothing more; that the identity trusts CockroachDB and nobody else; whether a newer key
/// version is not in use yet; the age of the last rotation; data older than CMEK; managed backups; the
/// permissions of the API key; and whether Revoke-CrdbCmek would work now (RevocationReady). That these credentials are
/// not allowed to revoke is a Warning: an audit need not be.</para>
/// <para>Each cluster costs two of the ten requests that CockroachDB Cloud allows in a second. The nodes are a third: they
/// are read where a check fails, because a node that could not use its key does not come back, and with
/// -IncludeNode.</para>
/// <para>Before CMEK is enabled, checks whether the cluster supports it. A manifest from the pipeline is checked as
/// well, as Test-CrdbCmekManifest does.</para>
/// <para>A check that lacks permission reports Unknown, never Pass. -Quiet returns true if no check is Fail or
/// Unknown.</para>
/// </remarks>
/// <example>
/// <para>Shows what needs attention.</para>
/// <code>Get-CrdbCluster prod-eu-old | Test-CrdbCmek -MaxKeyAge 365 | Where-Object Status -ne Pass</code>
/// </example>
/// <example>
/// <para>Returns one Boolean for all clusters whose names begin with prod-.</para>
/// <code>if (-not (Test-CrdbCmek prod-* -Quiet)) { 'Something needs attention.' }</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/cmek">CMEK overview</seealso>
[Cmdlet(VerbsDiagnostic.Test, "CrdbCmek", HelpUri = "https://www.cockroachlabs.com/docs/cockroachcloud/cmek")]
[OutputType(typeof(CmekCheck), typeof(bool))]
public sealed class TestCrdbCmekCommand : FleetCmdlet
{
    /// <summary>
    /// The longest time that a region may use one version of its key: a number of days, or a time span. Default: the age
    /// is reported, not judged.
    /// </summary>
    [Parameter]
    [DurationTransformation(InDays = true)]
    public TimeSpan? MaxKeyAge { get; set; }

    /// <summary>
    /// Returns one Boolean for all input instead of the checks: true when every check of every cluster is Pass or
    /// Warning; false for a Fail, an Unknown, an error, a cluster without CMEK, or no cluster at all.
    /// </summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <summary>
    /// Where the keys were generated. HashiCorpVault also checks the keys in HashiCorp Vault. Default: Cloud.
    /// </summary>
    [Parameter]
    public CmekKeySource Via { get; set; }

    /// <summary>Reads the nodes of every cluster, also where nothing else fails.</summary>
    [Parameter]
    public SwitchParameter IncludeNode { get; set; }

    private readonly Verdict _verdict = new();

    private protected override Func<CloudSession, CrdbCluster, Operation, Task> Prepare() =>
        async (session, cluster, operation) =>
        {
            var checks = await session
                .Health()
                .CheckAsync(
                    cluster,
                    session.KeyProvider(cluster, Via),
                    new HealthOptions
                    {
                        OrganizationId = session.OrganizationId,
                        MaxKeyAge = MaxKeyAge,
                        IncludesNodes = IncludeNode.IsPresent,
                        Manifest = operation.Source as CmekManifest,
                    },
                    operation.Context(session.Time)
                );
            operation.OutputChecks(checks, Quiet.IsPresent ? _verdict : null);
        };

    /// <summary>Writes the Boolean of -Quiet.</summary>
    protected override void EndProcessing()
    {
        base.EndProcessing();
        if (Quiet.IsPresent)
            WriteObject(_verdict.IsGood && !HasFailed);
    }
}
