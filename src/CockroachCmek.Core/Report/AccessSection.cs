using CockroachCmek.Core.Cmek;

namespace CockroachCmek.Core.Report;

/// <summary>Who can do what with the keys of a cluster.</summary>
internal sealed class AccessSection : IReportSection
{
    public CmekReportSection Name => CmekReportSection.Access;

    public string Purpose => "Who can use, administer, delete or re-grant the keys.";

    public IReadOnlyList<ReportColumn> Columns { get; } =
    [
        new("Region", "Region"),
        new("KeyUri", "Key", ReportColumnKind.Code),
        new("IsPast", "Past key"),
        new("Principal", "Who", ReportColumnKind.Code),
        new("Rights", "Rights"),
        new("Verdict", "Verdict", ReportColumnKind.Result),
        new("IsExpected", "Expected"),
        new("Place", "Granted in"),
        new("Through", "Through"),
        new("Condition", "Condition"),
        new("Excess", "More than needed"),
        new("Since", "Since"),
    ];

    public bool HasGapsAsWarnings => true;

    public async Task<SectionReading> ReadAsync(ReportSubject subject, OperationContext context)
    {
        if (subject.NoKeys is { Length: > 0 } reason)
            return new SectionReading { NotApplicable = reason };
        var (lines, errors) = await new AccessReview(subject.Client).ReviewAsync(
            subject.Cluster,
            manifest: null,
            subject.Keys,
            context
        );
        return new SectionReading
        {
            Rows =
            [
                .. lines.Select(l =>
                    (IReadOnlyList<object?>)
                        [
                            l.Region,
                            l.KeyUri,
                            l.IsPast,
                            l.Principal,
                            l.Rights,
                            l.Verdict,
                            l.IsExpected,
                            l.Place,
                            l.Through,
                            l.Condition,
                            l.Excess,
                            l.Since,
                        ]
                ),
            ],
            Gaps =
            [
                .. lines
                    .Where(l => l.Verdict == CmekAccessVerdict.Unknown)
                    .Select(l => new ReportGap($"{l.Place} of {l.KeyUri}", l.Region, l.Condition, "")),
                .. errors.Select(e => ReportGap.Of(e.Target as string ?? "A key", e)),
            ],
        };
    }
}
