using System.Globalization;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Report;

/// <summary>A report as the page's template sees it. The clusters are made one by one, while the page is written.</summary>
internal static class ReportView
{
    private const string None = "–";

    private static readonly HashSet<string> Wide =
    [
        "Detail",
        "Remedy",
        "KeyUri",
        "Principal",
        "AuthPrincipal",
        "Through",
    ];

    public static Dictionary<string, object?> Of(ReportDocument report)
    {
        var (totals, origin) = (report.Totals, report.Origin);
        return new Dictionary<string, object?>
        {
            ["clusterCount"] = totals.Clusters == 1 ? "One cluster" : $"{Number(totals.Clusters)} clusters",
            ["finishedAt"] = (string)ReportClusters.Time(origin.FinishedAt)!,
            ["finished"] = Date(origin.FinishedAt),
            ["startedAt"] = (string)ReportClusters.Time(origin.StartedAt)!,
            ["started"] = Date(origin.StartedAt),
            ["user"] = VisibleText.Line(origin.User),
            ["sessions"] = origin.Sessions.Select(s => VisibleText.Line(s.ToString())).ToArray(),
            ["cards"] = Cards(totals),
            ["results"] = Results(totals),
            ["clouds"] = totals.CloudProviders,
            ["coverage"] = report.Sections.Select(s => Coverage(s, totals)).ToArray(),
            ["callers"] = origin
                .Callers.Select(c => new Dictionary<string, object?>
                {
                    ["cloud"] = c.Key,
                    ["names"] = VisibleText.Line(c.Value.Count == 0 ? "could not be read" : string.Join("; ", c.Value)),
                })
                .ToArray(),
            ["missing"] = origin
                .Missing.Select(m => new Dictionary<string, object?>
                {
                    ["cluster"] = VisibleText.Line(m.Cluster),
                    ["why"] = m.Error.Message,
                    ["remedy"] = m.Error.RecommendedAction,
                })
                .ToArray(),
            ["fleet"] = report.Clusters().Select((c, i) => Fleet(c, i + 1)),
            ["details"] = report.Clusters().Select((c, i) => Details(report, c, i + 1)),
            ["sha256"] = report.Sha256,
            ["moduleVersion"] = origin.ModuleVersion,
            ["ageRule"] = origin.MaxKeyAge is { } limit
                ? $"Keys older than {limit.TotalDays:0} days fail."
                : "The age of keys is shown, not judged.",
            ["schemaVersion"] = ReportDocument.SchemaVersion,
        };
    }

    private static Dictionary<string, object?>[] Cards(ReportTotals totals) =>
        [
            Card(totals.Clusters, "clusters", ""),
            Card(totals.ClustersWith(ReportResult.Fail), "with a failed check", "fail"),
            Card(totals.ClustersWith(ReportResult.Unknown), "not fully read", "unknown"),
            Card(totals.ClustersWith(ReportResult.Warning), "with a warning", "warn"),
            Card(totals.ClustersWith(ReportResult.Pass), "pass every check", "good"),
            Card(totals.Gaps, "things could not be read", "unknown"),
        ];

    private static Dictionary<string, object?> Card(long number, string label, string mark) =>
        new()
        {
            ["number"] = Number(number),
            ["label"] = label,
            ["mark"] = number > 0 ? mark : "",
        };

    private static string[] Results(ReportTotals totals) =>
        [
            .. new[]
            {
                ReportResult.Fail,
                ReportResult.Unknown,
                ReportResult.Warning,
                ReportResult.Pass,
                ReportResult.NotChecked,
            }
                .Where(r => totals.ClustersWith(r) > 0)
                .Select(r => r.ToString()),
        ];

    private static Dictionary<string, object?> Coverage(IReportSection section, ReportTotals totals) =>
        new()
        {
            ["name"] = section.Name.ToString(),
            ["purpose"] = section.Purpose,
            ["complete"] = Number(totals.Covered(section.Name, ReportCoverage.Complete)),
            ["partial"] = Number(totals.Covered(section.Name, ReportCoverage.Partial)),
            ["unread"] = Number(totals.Covered(section.Name, ReportCoverage.Unread)),
            ["none"] = Number(totals.Covered(section.Name, ReportCoverage.NotApplicable)),
        };

    private static Dictionary<string, object?> Cluster(JsonObject cluster, int number)
    {
        var result = (string)cluster["result"]!;
        return new Dictionary<string, object?>
        {
            ["number"] = number,
            ["name"] = (string)cluster["name"]! is { Length: > 0 } name ? name : (string)cluster["id"]!,
            ["cloud"] = (string)cluster["cloudProvider"]!,
            ["cmek"] = (string?)cluster["cmekStatus"] ?? "not read",
            ["result"] = result,
            ["mark"] = Mark(result),
            ["regions"] = ReportText.Of(cluster["regions"]),
        };
    }

    private static Dictionary<string, object?> Fleet(JsonObject cluster, int number)
    {
        var view = Cluster(cluster, number);
        var checks = Rows(cluster, CmekReportSection.Health);
        var keys = Rows(cluster, CmekReportSection.Inventory);
        view["failed"] = Count(checks, nameof(CmekCheckStatus.Fail));
        view["warnings"] = Count(checks, nameof(CmekCheckStatus.Warning));
        view["gaps"] = Number(cluster["gaps"]!.AsArray().Count);
        view["keys"] = keys is null ? None : Number(keys.Count);
        view["age"] = keys
            ?.Where(k => (string)k!["use"]! == nameof(CmekKeyUse.InForce))
            .Max(k => (long?)k!["ageInDays"])
            is { } age
            ? Number(age)
            : None;
        return view;
    }

    private static JsonArray? Rows(JsonObject cluster, CmekReportSection section) =>
        cluster["sections"]![section.ToString()]?["rows"]!.AsArray();

    private static string Count(JsonArray? checks, string status) =>
        checks is null ? None : Number(checks.Count(c => (string)c!["status"]! == status));

    private static Dictionary<string, object?> Details(ReportDocument report, JsonObject cluster, int number)
    {
        var view = Cluster(cluster, number);
        foreach (var member in new[] { "id", "plan", "state" })
            view[member] = (string)cluster[member]!;
        view["version"] = (string)cluster["cockroachVersion"]!;
        view["gapCount"] = cluster["gaps"]!.AsArray().Count;
        view["gaps"] = cluster["gaps"]!
            .AsArray()
            .Select(g => g!.AsObject().ToDictionary(m => m.Key, m => (object?)(string)m.Value!))
            .ToArray();
        view["sections"] = report.Sections.Select(s => Section(s, cluster["sections"]![s.Name.ToString()]!)).ToArray();
        return view;
    }

    private static Dictionary<string, object?> Section(IReportSection section, JsonNode read) =>
        new()
        {
            ["name"] = section.Name.ToString(),
            ["note"] = (string)read["note"]!,
            ["columns"] = section.Columns.Select(c => c.Title).ToArray(),
            ["rows"] = read["rows"]!
                .AsArray()
                .Select(row => section.Columns.Select(c => Cell(c, ReportText.Of(row![c.Member]))).ToArray())
                .ToArray(),
        };

    private static Dictionary<string, object?> Cell(ReportColumn column, string text) =>
        new()
        {
            ["text"] = text,
            ["mark"] = column.Kind == ReportColumnKind.Result && text.Length > 0 ? Mark(text) : "",
            ["code"] = column.Kind == ReportColumnKind.Code && text.Length > 0,
            ["wide"] = Wide.Contains(column.Name),
        };

    /// <summary>The colour of a result. A word that is not known has none.</summary>
    private static string Mark(string result) =>
        result switch
        {
            nameof(CmekCheckStatus.Fail) => "fail",
            nameof(CmekCheckStatus.Warning)
            or nameof(CmekAccessVerdict.Conditional)
            or nameof(CmekUsageVerdict.Silent)
            or nameof(CmekUsageVerdict.Refused) => "warn",
            nameof(CmekCheckStatus.Unknown) => "unknown",
            nameof(CmekCheckStatus.Pass) or nameof(CmekUsageVerdict.Used) => "good",
            _ => "plain",
        };

    private static string Date(DateTimeOffset time) =>
        time.UtcDateTime.ToString("d MMMM yyyy, HH:mm 'UTC'", CultureInfo.InvariantCulture);

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
