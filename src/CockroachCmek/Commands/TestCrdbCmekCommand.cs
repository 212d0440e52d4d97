using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core;
using CockroachCmek.Core.Checks;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Findings;
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
/// <para>Each check has an id that never changes, such as CMEK017, and a severity: docs/checks.md lists them, with what
/// they look at on each cloud. -SuppressionPath accepts findings for a reason and until a day; -BaselinePath tells what
/// is new since an earlier run. A finding stays visible with its status either way; only -Quiet leaves it out.</para>
/// </remarks>
/// <example>
/// <para>Shows what needs attention.</para>
/// <code>Get-CrdbCluster prod-eu-old | Test-CrdbCmek -MaxKeyAge 365 | Where-Object Status -ne Pass</code>
/// </example>
/// <example>
/// <para>Returns one Boolean for all clusters whose names begin with prod-.</para>
/// <code>if (-not (Test-CrdbCmek prod-* -Quiet)) { 'Something needs attention.' }</code>
/// </example>
/// <example>
/// <para>Returns false only for what is neither accepted nor known: baseline.json holds the output of an earlier run as
/// ConvertTo-Json writes it.</para>
/// <code>Test-CrdbCmek prod-* -SuppressionPath accepted.yml -BaselinePath baseline.json -Quiet</code>
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
    /// Every key must be in a hardware security module. Default: the protection is reported, not judged.
    /// </summary>
    [Parameter]
    public SwitchParameter RequireHsm { get; set; }

    /// <summary>
    /// The shortest time between the deletion of a key and its loss: a number of days, or a time span. Default: 7 days.
    /// </summary>
    [Parameter]
    [DurationTransformation(InDays = true)]
    public TimeSpan? MinDeletionWindow { get; set; }

    /// <summary>
    /// The shortest time for which managed backups must be kept: a number of days, or a time span. It costs one more
    /// request for each cluster. Default: not checked.
    /// </summary>
    [Parameter]
    [DurationTransformation(InDays = true)]
    public TimeSpan? MinBackupRetention { get; set; }

    /// <summary>
    /// A JSON or YAML file of findings to accept: a list of entries with id (CMEK017, or the check's name), cluster
    /// (wildcards), reason and expires (the last day, 2027-03-31), and optionally region and key (wildcards). An entry
    /// that expired or that matches nothing is a warning.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SuppressionFileCompleter))]
    public string? SuppressionPath { get; set; }

    /// <summary>
    /// The output of an earlier run as ConvertTo-Json writes it. IsNew of each check tells whether the earlier run had
    /// the finding, at least as bad.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BaselineFileCompleter))]
    public string? BaselinePath { get; set; }

    /// <summary>
    /// Returns one Boolean for all input instead of the checks: true when every check of every cluster is Pass or
    /// Warning; false for a Fail, an Unknown, an error, a cluster without CMEK, or no cluster at all. What is suppressed
    /// or was in the baseline does not count.
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
    private readonly KeySharing _sharing = new();
    private KnownFindings? _known;

    /// <summary>Reads the files of known findings before any cluster.</summary>
    protected override void BeginProcessing()
    {
        try
        {
            _known = KnownFindings.Read(Full(SuppressionPath), Full(BaselinePath));
        }
        catch (CmekException error)
        {
            ThrowTerminatingError(ErrorRecords.From(error));
        }

        base.BeginProcessing();
    }

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
                        Rules = new KeyRules
                        {
                            RequireHsm = RequireHsm.IsPresent,
                            MinDeletionWindow = MinDeletionWindow ?? new KeyRules().MinDeletionWindow,
                        },
                        MinBackupRetention = MinBackupRetention,
                        Sharing = _sharing,
                        IncludesNodes = IncludeNode.IsPresent,
                        Manifest = operation.Source as CmekManifest,
                    },
                    operation.Context(session.Time)
                );
            operation.OutputChecks(_known!.Mark(checks, session.Time.GetUtcNow()), Quiet.IsPresent ? _verdict : null);
        };

    /// <summary>Writes what only all clusters together tell, or the Boolean of -Quiet.</summary>
    protected override void EndProcessing()
    {
        base.EndProcessing();
        var shared = _known!.MarkLast(_sharing.Shared());
        var isWholeFleet = !MyInvocation.ExpectingInput && !MyInvocation.BoundParameters.ContainsKey(nameof(Cluster));
        foreach (var warning in _known.Warnings(isWholeFleet))
            WriteWarning(VisibleText.Line(warning));
        if (Quiet.IsPresent)
            WriteObject(_verdict.IsGood && !HasFailed);
        else
            WriteObject(shared, enumerateCollection: true);
    }

    private string? Full(string? path) =>
        path is null ? null : SessionState.Path.GetUnresolvedProviderPathFromPSPath(path);
}
