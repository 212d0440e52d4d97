namespace CockroachCmek.Core.Report;

/// <summary>What happened to the CMEK of a cluster, and who did it.</summary>
internal sealed class HistorySection : IReportSection
{
    /// <summary>How far the section looks back.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromDays(90);

    public CmekReportSection Name => CmekReportSection.History;

    public string Purpose => "What happened in the last 90 days, and who did it, newest first.";

    public IReadOnlyList<ReportColumn> Columns { get; } =
    [
        new("Time", "Time"),
        new("Action", "What happened"),
        new("Who", "Who", ReportColumnKind.Code),
        new("Region", "Region"),
        new("KeyUri", "Key", ReportColumnKind.Code),
        new("Error", "Why it failed"),
        new("Detail", "Detail"),
        new("Source", "Source"),
        new("RequestId", "Request id", ReportColumnKind.Code),
    ];

    public bool HasGapsAsWarnings => true;

    public async Task<SectionReading> ReadAsync(ReportSubject subject, OperationContext context)
    {
        var (entries, gaps) = await subject.History.ReadAsync(subject.Cluster, subject.Keys, context);
        return new SectionReading
        {
            Rows =
            [
                .. entries.Select(e =>
                    (IReadOnlyList<object?>)
                        [e.Time, e.Action, e.Who, e.Region, e.KeyUri, e.Error, e.Detail, e.Source, e.RequestId]
                ),
            ],
            Gaps = [.. gaps.Select(g => new ReportGap(g.What, "", g.Why, g.Remedy))],
            NotApplicable = entries.Count == 0 ? "Nothing happened that the sources tell of." : "",
        };
    }
}
