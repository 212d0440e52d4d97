using System.Collections.Concurrent;
using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Report;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Writes a report on the CMEK of clusters: keys, health, access, use and history, for an auditor or a build server.</summary>
/// <remarks>
/// <para>Reads each cluster as Get-CrdbCmekKey, Test-CrdbCmek, Get-CrdbCmekAccess, Get-CrdbCmekUsage (30 days) and
/// Get-CrdbCmekHistory (90 days) do, and writes what they tell as an HTML page, JSON, CSV or JUnit. Nothing is changed in a cloud.</para>
/// <para>What could not be read is named in the report, by cluster and section, with the reason. A cluster has the
/// result Pass only if every check passed and everything could be read. A cluster that cannot be read does not end the
/// report.</para>
/// <para>The HTML page is one file that loads nothing. It has search and filters, prints, and can be read without its
/// script. The JSON form is described by docs/report-schema.json. CSV is one table for spreadsheets. In JUnit a cluster
/// is a test suite and a check is a test case: Fail is a failure, Unknown and every gap are errors, and Warning is a
/// case that passes, with its text in system-out.</para>
/// <para>The page and the JUnit file name the SHA-256 digest of the JSON form. To verify a report, write it with -Format Html, Json and
/// compare the digest with that of the JSON file, as Get-FileHash shows it.</para>
/// </remarks>
/// <example>
/// <para>Writes a page about all clusters.</para>
/// <code>Get-CrdbCluster | Where-Object Plan -eq ADVANCED | Export-CrdbCmekReport ./report.html -Force</code>
/// </example>
/// <example>
/// <para>Writes a page, and the JSON file that proves it, about the clusters whose names begin with prod-.</para>
/// <code>Export-CrdbCmekReport ./audit -Cluster prod-* -Format Html, Json -MaxKeyAge 365 -Force</code>
/// </example>
/// <example>
/// <para>Writes test results for a build server, with the checks only.</para>
/// <code>Get-CrdbCluster prod-eu-old | Export-CrdbCmekReport ./cmek.xml -Section Health -Force</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/cmek">CMEK overview</seealso>
[Cmdlet(
    VerbsData.Export,
    "CrdbCmekReport",
    SupportsShouldProcess = true,
    DefaultParameterSetName = PathSet,
    HelpUri = "https://www.cockroachlabs.com/docs/cockroachcloud/cmek"
)]
[OutputType(typeof(CmekReportFile))]
public sealed class ExportCrdbCmekReportCommand : CrdbClusterCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    private readonly Dictionary<CrdbSession, TimeProvider> _sessions = [];
    private readonly List<CrdbClusterIdentity> _inputs = [];
    private readonly ConcurrentDictionary<CloudSession, CmekHistory> _histories = new();
    private IReadOnlyList<(string Path, CmekReportFormat Format)> _targets = [];
    private FleetReport? _report;

    /// <summary>
    /// The file to write, or an existing folder. With several formats, each file gets its extension. The folder must
    /// exist.
    /// </summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, HelpMessage = "Path of the report.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ReportFileCompleter))]
    public string Path { get; set; } = "";

    /// <summary>The file to write, or an existing folder. Wildcard characters are taken literally.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, HelpMessage = "Path of the report.")]
    [Alias("PSPath")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ReportFileCompleter))]
    public string LiteralPath { get; set; } = "";

    /// <summary>
    /// The cluster: an object from Get-CrdbCluster or another cmdlet of this module, a name, a UUID or a console URL.
    /// Wildcards match names. Default: all clusters whose plan has CMEK.
    /// </summary>
    [Parameter(Position = 1, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ClusterIdentityTransformation]
    [ArgumentCompleter(typeof(ClusterNameCompleter))]
    public override CrdbClusterIdentity[] Cluster { get; set; } = [];

    /// <summary>One or more of Html, Json, Csv and JUnit. Default: the format of the file extension.</summary>
    [Parameter]
    public CmekReportFormat[] Format { get; set; } = [];

    /// <summary>The sections to read. Default: all.</summary>
    [Parameter]
    public CmekReportSection[] Section { get; set; } = [];

    /// <summary>
    /// The longest time that a region may use one version of its key: a number of days, or a time span. Default: the age
    /// is reported, not judged.
    /// </summary>
    [Parameter]
    [DurationTransformation(InDays = true)]
    public TimeSpan? MaxKeyAge { get; set; }

    /// <summary>Overwrites existing files.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected override bool AcceptsPatterns => true;

    private protected override IEnumerable<CrdbClusterIdentity> Inputs() => _inputs;

    private protected override void Announce(int clusters) => _report!.Announce(clusters - 1);

    /// <summary>Finds the files to write, and asks for each, before anything is read.</summary>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        try
        {
            var path = Path.Length > 0 ? Path : LiteralPath;
            var targets = ReportFiles.Targets(SessionState.Path.GetUnresolvedProviderPathFromPSPath(path), Format);
            foreach (var target in targets)
                ReportFiles.Check(target.Path, Force.IsPresent);
            _targets = [.. targets.Where(t => ShouldProcess(t.Path, $"Write CMEK report ({t.Format})"))];
        }
        catch (CmekException error)
        {
            ThrowTerminatingError(ErrorRecords.From(error));
        }
    }

    /// <summary>Notes the clusters of the record. They are read when their number is known, for the estimate.</summary>
    protected override void ProcessRecord()
    {
        if (Cluster.Length > 0)
            _inputs.AddRange(Cluster);
        else if (!MyInvocation.ExpectingInput)
            _inputs.Add(new CrdbClusterIdentity("*"));
    }

    private protected override Func<CrdbClusterIdentity, OperationContext, Task<CrdbCluster>> Resolver(
        CloudSession session
    )
    {
        var (report, resolve) = (_report!, base.Resolver(session));
        _sessions[session.Session] = session.Time;
        return async (identity, context) =>
        {
            try
            {
                return await resolve(identity, context);
            }
            catch (CmekException error) when (!ErrorRecords.EndsEverything(error))
            {
                report.AddMissing(identity.ToString(), error);
                throw;
            }
        };
    }

    private protected override Func<CloudSession, CrdbCluster, Operation, Task> Prepare() =>
        async (session, cluster, operation) =>
        {
            var report = _report!;
            try
            {
                var context = operation.Context(session.Time);
                var read = await report.ReadAsync(Subject(session, cluster), session.Session, context);
                operation.Continue(() => report.Add(read));
            }
            catch (CmekException error) when (!ErrorRecords.EndsEverything(error))
            {
                report.AddMissing(cluster.Name, error);
                throw;
            }
        };

    private ReportSubject Subject(CloudSession session, CrdbCluster cluster) =>
        new()
        {
            Cluster = cluster,
            Client = session.Client,
            Keys = session.KeyProvider(cluster),
            History = _histories.GetOrAdd(session, s => s.History(s.Time.GetUtcNow() - HistorySection.Period)),
            Health = session.Health(),
            HealthOptions = new HealthOptions { OrganizationId = session.OrganizationId, MaxKeyAge = MaxKeyAge },
        };

    /// <summary>Reads the clusters, and writes the files.</summary>
    protected override void EndProcessing()
    {
        if (_targets.Count == 0)
            return;
        _report = new FleetReport(Section);
        _report.Announce(_inputs.Count);
        base.ProcessRecord();
        base.EndProcessing();
        if (_report.Count == 0)
        {
            WriteFailure(Errors.ReportHasNoCluster());
            return;
        }

        SubmitAndWait(async operation =>
        {
            CrdbSession[] sessions = [.. _sessions.Keys.OrderBy(s => s.Id)];
            var document = await _report.CompleteAsync(sessions, MaxKeyAge, _sessions[sessions[0]].GetUtcNow());
            foreach (var (path, format) in _targets)
                operation.Output(ReportFiles.Write(document, path, format, Force.IsPresent));
        });
    }

    private protected override void Release() => _report?.Dispose();
}
