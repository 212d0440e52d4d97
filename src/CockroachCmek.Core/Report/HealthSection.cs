namespace CockroachCmek.Core.Report;

/// <summary>The checks of a cluster. What is Unknown is a gap too.</summary>
internal sealed class HealthSection : IReportSection
{
    public CmekReportSection Name => CmekReportSection.Health;

    public string Purpose => "The checks of Test-CrdbCmek.";

    public IReadOnlyList<ReportColumn> Columns { get; } =
    [
        new("Region", "Region"),
        new("Id", "Id"),
        new("Check", "Check"),
        new("Status", "Result", ReportColumnKind.Result),
        new("Severity", "Severity"),
        new("ErrorId", "Finding"),
        new("Detail", "Detail"),
        new("Remedy", "Next command", ReportColumnKind.Code),
    ];

    public bool HasGapsAsWarnings => true;

    public async Task<SectionReading> ReadAsync(ReportSubject subject, OperationContext context)
    {
        var checks = await subject.Health.CheckAsync(subject.Cluster, subject.Keys, subject.HealthOptions, context);
        return new SectionReading
        {
            Rows =
            [
                .. checks.Select(c =>
                    (IReadOnlyList<object?>)
                        [c.Region, c.Id, c.Check, c.Status, c.Severity, c.ErrorId, c.Detail, c.Remedy]
                ),
            ],
            Gaps =
            [
                .. checks
                    .Where(c => c.Status == CmekCheckStatus.Unknown)
                    .Select(c => new ReportGap(c.Check, c.Region, c.Detail, c.Remedy)),
            ],
        };
    }
}
