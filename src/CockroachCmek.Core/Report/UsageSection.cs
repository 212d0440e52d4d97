using CockroachCmek.Core.Cmek;

namespace CockroachCmek.Core.Report;

/// <summary>The use of each key, from the logs of the customer's cloud.</summary>
internal sealed class UsageSection : IReportSection
{
    private static readonly TimeSpan Period = TimeSpan.FromDays(30);

    public CmekReportSection Name => CmekReportSection.Usage;

    public string Purpose => "Whether CockroachDB used the keys in the last 30 days, and who else did.";

    public IReadOnlyList<ReportColumn> Columns { get; } =
    [
        new("Region", "Region"),
        new("KeyUri", "Key", ReportColumnKind.Code),
        new("IsPast", "Past key"),
        new("Verdict", "Verdict", ReportColumnKind.Result),
        new("LastUsed", "Last used"),
        new("LastOperation", "Operation"),
        new("Uses", "Uses"),
        new("UsesIsMinimum", "Or more"),
        new("Refused", "Refused"),
        new("LastRefused", "Last refused"),
        new("LastRefusal", "Refusal"),
        new("IsOverdue", "Overdue"),
        new("NeededUntil", "Needed until"),
        new("IsRotationProven", "Rotation in use"),
        new("OtherPrincipals", "Used by others", ReportColumnKind.Code),
        new("ReadFrom", "Logs from"),
        new("Source", "Logs"),
        new("Detail", "Detail"),
    ];

    public bool HasGapsAsWarnings => false;

    public async Task<SectionReading> ReadAsync(ReportSubject subject, OperationContext context)
    {
        if (subject.NoKeys is { Length: > 0 } reason)
            return new SectionReading { NotApplicable = reason };
        var lines = await new UsageReview(subject.Client).ReadAsync(subject.Cluster, subject.Keys, Period, context);
        return new SectionReading
        {
            NotApplicable = lines.Count == 0 ? $"CMEK is {subject.Info?.Status}: no key of yours is in force." : "",
            Rows = [.. lines.Select(Row)],
            Gaps = [.. lines.SelectMany(Gaps)],
        };
    }

    private static IReadOnlyList<object?> Row(CmekUsage line) =>
        [
            line.Region,
            line.KeyUri,
            line.IsPast,
            line.Verdict,
            line.LastUsed,
            line.LastOperation,
            line.Uses,
            line.UsesIsMinimum,
            line.Refused,
            line.LastRefused,
            line.LastRefusal,
            line.IsOverdue,
            line.NeededUntil,
            line.IsRotationProven,
            line.OtherPrincipals,
            line.ReadFrom,
            line.Source,
            line.Detail,
        ];

    /// <summary>What the logs cannot tell; a verdict that is not known is a gap, whether they say why or not.</summary>
    private static IEnumerable<ReportGap> Gaps(CmekUsage line) =>
        line.Gaps.Count == 0 && line.Verdict == CmekUsageVerdict.Unknown
            ? [new ReportGap($"The use of {line.KeyUri}", line.Region, line.Detail, "")]
            : line.Gaps.Select(g => new ReportGap(g.What, line.Region, g.Why, g.Remedy));
}
