using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Checks the health of the CMEK of a cluster, in CockroachDB Cloud and in your own cloud. Nothing is written.</summary>
/// <remarks>
/// <para>After CMEK is enabled: status and messages of cluster, regions and keys; every region covered; keys present, enabled, not pending deletion; the policy grants what is needed, and not
/// more; nobody in it who was deleted; the role trusts whom it should, with the external id, and nobody else; a newer version that was not taken up; the age since the last rotation against -MaxKeyAge;
/// old keys still there for the data and backups of their time; data older than CMEK; nodes; managed backups; what the API key may do.</para>
/// <para>Before CMEK is enabled, checks whether the cluster can have it; a manifest from the pipe is checked as well, as Test-CrdbCmekManifest does.</para>
/// <para>What may not be read is Unknown, never Pass. With -Quiet the answer is true or false: true when no check failed and none is unknown.</para>
/// </remarks>
/// <example>
/// <para>What should be looked at?</para>
/// <code>Get-CrdbCluster prod-eu-old | Test-CrdbCmek -MaxKeyAge 365.00:00:00 | Where-Object Status -ne Pass</code>
/// </example>
/// <example>
/// <para>The whole fleet, as one answer.</para>
/// <code>@(Get-CrdbCluster | Where-Object CloudProvider -eq AWS | Where-Object Plan -eq ADVANCED | Test-CrdbCmek -Quiet) -notcontains $false</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/cmek">CMEK overview</seealso>
[Cmdlet(VerbsDiagnostic.Test, "CrdbCmek")]
[OutputType(typeof(CmekCheck), typeof(bool))]
public sealed class TestCrdbCmekCommand : CrdbClusterCmdlet
{
    /// <summary>The longest time that a region may go on with one version of its key: a time span, or a number of seconds. Without it, the age is told and not judged.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan? MaxKeyAge { get; set; }

    /// <summary>Emits true or false instead of the checks.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <summary>Where the keys were born: of keys of HashiCorp Vault, Vault's side is checked too.</summary>
    [Parameter]
    public CmekKeySource Via { get; set; }

    private protected override Func<CloudSession, CrdbCluster, Operation, Task> Prepare() =>
        async (session, cluster, operation) =>
            operation.OutputChecks(
                await session
                    .Health()
                    .CheckAsync(
                        cluster,
                        session.KeyProvider(cluster, Via),
                        new HealthOptions
                        {
                            OrganizationId = session.OrganizationId,
                            MaxKeyAge = MaxKeyAge,
                            Manifest = operation.Source as CmekManifest,
                        },
                        operation.Context(session.Time)
                    ),
                Quiet.IsPresent
            );
}
