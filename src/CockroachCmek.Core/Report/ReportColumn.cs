namespace CockroachCmek.Core.Report;

/// <summary>How a column of a section is shown to people.</summary>
internal enum ReportColumnKind
{
    /// <summary>Words.</summary>
    Text,

    /// <summary>A name, a URI or a command, which is copied as it is.</summary>
    Code,

    /// <summary>A result, one of few words: it has a colour.</summary>
    Result,
}

/// <summary>A column of a section.</summary>
/// <param name="Name">Its name: the header in CSV and, with a small first letter, the member in JSON.</param>
/// <param name="Title">Its title for people.</param>
/// <param name="Kind">How it is shown.</param>
internal sealed record ReportColumn(string Name, string Title, ReportColumnKind Kind = ReportColumnKind.Text)
{
    /// <summary>The member in JSON.</summary>
    public string Member { get; } = char.ToLowerInvariant(Name[0]) + Name.Substring(1);
}

/// <summary>Something that could not be read: nothing in the report says that it is as it should be.</summary>
/// <param name="What">What could not be read, for example the name of a check, or a key.</param>
/// <param name="Region">The region; empty for the whole cluster.</param>
/// <param name="Why">The reason.</param>
/// <param name="Remedy">What makes it readable; empty when nothing is known to.</param>
internal sealed record ReportGap(string What, string Region, string Why, string Remedy)
{
    /// <summary>The gap that an error left.</summary>
    public static ReportGap Of(string what, CmekException error) =>
        new(what, "", error.Message, error.RecommendedAction);
}

/// <summary>What a section tells of one cluster.</summary>
internal sealed record SectionReading
{
    /// <summary>One row for each thing; the values are in the order of the section's columns.</summary>
    public IReadOnlyList<IReadOnlyList<object?>> Rows { get; init; } = [];

    /// <summary>What could not be read.</summary>
    public IReadOnlyList<ReportGap> Gaps { get; init; } = [];

    /// <summary>Why there is nothing to read; empty when there is.</summary>
    public string NotApplicable { get; init; } = "";
}

/// <summary>A section of the report: what it reads of a cluster, and how that is laid out.</summary>
internal interface IReportSection
{
    /// <summary>Which section it is.</summary>
    CmekReportSection Name { get; }

    /// <summary>One sentence that says what the section shows.</summary>
    string Purpose { get; }

    /// <summary>The columns of its rows.</summary>
    IReadOnlyList<ReportColumn> Columns { get; }

    /// <summary>False for a section that names its gaps in the reading: its warnings are findings.</summary>
    bool HasGapsAsWarnings { get; }

    /// <summary>Reads one cluster. What cannot be read is a gap; an error that is thrown makes all of it a gap.</summary>
    Task<SectionReading> ReadAsync(ReportSubject subject, OperationContext context);
}
