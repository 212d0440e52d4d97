using System.Globalization;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Report;

/// <summary>A cluster in the form that a report keeps it in, from which all formats are made.</summary>
internal static class ReportClusters
{
    /// <summary>Writes a cluster with its sections.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="info">The state of CMEK; null when it could not be read.</param>
    /// <param name="unread">Why the state could not be read; null when it could.</param>
    /// <param name="sections">What was read.</param>
    public static JsonObject Write(
        CrdbCluster cluster,
        CmekInfo? info,
        ReportGap? unread,
        IReadOnlyList<(IReportSection Section, SectionReading Reading)> sections
    )
    {
        var gaps = new JsonArray();
        if (unread is not null)
            gaps.Add(Gap("", unread));
        foreach (var (section, reading) in sections)
        foreach (var gap in reading.Gaps)
            gaps.Add(Gap(section.Name.ToString(), gap));
        var written = new JsonObject();
        foreach (var (section, reading) in sections)
            written[section.Name.ToString()] = Section(section, reading);
        return new JsonObject
        {
            ["id"] = Text(cluster.Id),
            ["name"] = Text(cluster.Name),
            ["cloudProvider"] = Text(cluster.CloudProvider),
            ["plan"] = Text(cluster.Plan),
            ["state"] = Text(cluster.State),
            ["cockroachVersion"] = Text(cluster.CockroachVersion),
            ["regions"] = Value(cluster.Regions.Select(r => r.Name).ToArray()),
            ["cmekStatus"] = info is null ? null : Text(info.Status),
            ["result"] = Result(sections, gaps.Count).ToString(),
            ["gaps"] = gaps,
            ["sections"] = written,
        };
    }

    /// <summary>
    /// The result of a cluster. It is Pass only when the health was checked, every check is Pass and everything could be
    /// read.
    /// </summary>
    private static ReportResult Result(
        IReadOnlyList<(IReportSection Section, SectionReading Reading)> sections,
        int gaps
    )
    {
        var health = sections.FirstOrDefault(s => s.Section.Name == CmekReportSection.Health);
        if (health.Section is null)
            return gaps > 0 ? ReportResult.Unknown : ReportResult.NotChecked;
        var status = health.Section.Columns.TakeWhile(c => c.Member != "status").Count();
        var results = health.Reading.Rows.Select(r => r[status]).OfType<CmekCheckStatus>().ToList();
        return results.Contains(CmekCheckStatus.Fail) ? ReportResult.Fail
            : gaps > 0 || results.Count == 0 || results.Contains(CmekCheckStatus.Unknown) ? ReportResult.Unknown
            : results.Contains(CmekCheckStatus.Warning) ? ReportResult.Warning
            : ReportResult.Pass;
    }

    private static JsonObject Section(IReportSection section, SectionReading reading) =>
        new()
        {
            ["coverage"] = Coverage(reading).ToString(),
            ["note"] = Text(reading.NotApplicable),
            ["rows"] = new JsonArray([.. reading.Rows.Select(row => Row(section.Columns, row))]),
        };

    private static ReportCoverage Coverage(SectionReading reading) =>
        reading.Gaps.Count == 0
            ? reading.NotApplicable.Length > 0
                ? ReportCoverage.NotApplicable
                : ReportCoverage.Complete
            : reading.Rows.Count > 0
                ? ReportCoverage.Partial
                : ReportCoverage.Unread;

    private static JsonNode Row(IReadOnlyList<ReportColumn> columns, IReadOnlyList<object?> values)
    {
        var row = new JsonObject();
        for (var i = 0; i < columns.Count; i++)
            row[columns[i].Member] = Value(values[i]);
        return row;
    }

    private static JsonNode Gap(string section, ReportGap gap) =>
        new JsonObject
        {
            ["section"] = section,
            ["what"] = Text(gap.What),
            ["region"] = Text(gap.Region),
            ["why"] = Text(gap.Why),
            ["remedy"] = Text(gap.Remedy),
        };

    /// <summary>Text from outside in one line, with what is hidden made visible.</summary>
    public static JsonValue Text(string text) => JsonValue.Create(VisibleText.Line(text));

    /// <summary>A value of a row. Times are UTC, in whole seconds.</summary>
    public static JsonNode? Value(object? value) =>
        value switch
        {
            null => null,
            string text => Text(text),
            bool truth => JsonValue.Create(truth),
            long number => JsonValue.Create(number),
            DateTimeOffset time => Time(time),
            IEnumerable<string> texts => new JsonArray([.. texts.Select(t => (JsonNode)Text(t))]),
            _ => Text(value.ToString() ?? ""),
        };

    /// <summary>A time, as it stands in the report.</summary>
    public static JsonValue Time(DateTimeOffset time) =>
        JsonValue.Create(time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
}

/// <summary>The result of a cluster.</summary>
internal enum ReportResult
{
    /// <summary>Everything was read, and every check passed.</summary>
    Pass,

    /// <summary>It works, but needs attention.</summary>
    Warning,

    /// <summary>Something could not be read.</summary>
    Unknown,

    /// <summary>A check failed.</summary>
    Fail,

    /// <summary>The report has no health section.</summary>
    NotChecked,
}

/// <summary>How much of a section could be read.</summary>
internal enum ReportCoverage
{
    /// <summary>All of it.</summary>
    Complete,

    /// <summary>Some of it.</summary>
    Partial,

    /// <summary>Nothing.</summary>
    Unread,

    /// <summary>There is nothing to read.</summary>
    NotApplicable,
}
