using System.IO;
using System.Text;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Report;

/// <summary>
/// The report as one table (RFC 4180), in UTF-8 with the mark by which spreadsheets know it. A cell that a spreadsheet
/// would compute is text: an apostrophe stands before it.
/// </summary>
internal static class CsvReport
{
    /// <summary>The columns that every row has.</summary>
    private static readonly string[] Common =
    [
        "Section",
        "Row",
        "ClusterName",
        "ClusterId",
        "CloudProvider",
        "CmekStatus",
        "Result",
    ];

    /// <summary>The columns of a gap that a section may not have.</summary>
    private static readonly string[] OfGaps = ["Region", "What", "Detail", "Remedy"];

    public static void Write(ReportDocument report, Stream stream)
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(true), 1 << 16, leaveOpen: true);
        string[] columns =
        [
            .. Common
                .Concat(report.Sections.SelectMany(s => s.Columns).Select(c => c.Name))
                .Concat(OfGaps)
                .Distinct(StringComparer.Ordinal),
        ];
        Line(writer, columns);
        foreach (var row in Rows(report))
            Line(writer, columns.Select(c => row.TryGetValue(c, out var value) ? value : ""));
    }

    private static IEnumerable<Dictionary<string, string>> Rows(ReportDocument report)
    {
        foreach (var (cluster, error) in report.Origin.Missing)
            yield return new Dictionary<string, string>
            {
                ["Row"] = "Gap",
                ["ClusterName"] = VisibleText.Line(cluster),
                ["Result"] = nameof(ReportResult.Unknown),
                ["What"] = "The cluster",
                ["Detail"] = error.Message,
                ["Remedy"] = error.RecommendedAction,
            };
        foreach (var cluster in report.Clusters())
        {
            yield return Row(cluster, "", "Cluster");
            foreach (var section in report.Sections)
            foreach (var values in cluster["sections"]![section.Name.ToString()]!["rows"]!.AsArray())
            {
                var row = Row(cluster, section.Name.ToString(), "Row");
                foreach (var column in section.Columns)
                    row[column.Name] = ReportText.Of(values![column.Member]);
                yield return row;
            }

            foreach (var gap in cluster["gaps"]!.AsArray())
                yield return GapRow(cluster, gap!.AsObject());
        }
    }

    private static Dictionary<string, string> GapRow(JsonObject cluster, JsonObject gap)
    {
        var row = Row(cluster, (string)gap["section"]!, "Gap");
        row["Region"] = (string)gap["region"]!;
        row["What"] = (string)gap["what"]!;
        row["Detail"] = (string)gap["why"]!;
        row["Remedy"] = (string)gap["remedy"]!;
        return row;
    }

    private static Dictionary<string, string> Row(JsonObject cluster, string section, string kind) =>
        new()
        {
            ["Section"] = section,
            ["Row"] = kind,
            ["ClusterName"] = (string)cluster["name"]!,
            ["ClusterId"] = (string)cluster["id"]!,
            ["CloudProvider"] = (string)cluster["cloudProvider"]!,
            ["CmekStatus"] = (string?)cluster["cmekStatus"] ?? "",
            ["Result"] = (string)cluster["result"]!,
        };

    private static void Line(StreamWriter writer, IEnumerable<string> cells)
    {
        writer.Write(string.Join(",", cells.Select(Cell)));
        writer.Write("\r\n");
    }

    /// <summary>A cell. The characters that begin a formula: OWASP, "CSV Injection".</summary>
    internal static string Cell(string text)
    {
        if (
            text.Length > 0
            && text[0] is '=' or '+' or '-' or '@' or '\t' or '\r' or '\n' or '＝' or '＋' or '－' or '＠'
        )
            text = "'" + text;
        return text.IndexOfAny([',', '"', '\r', '\n']) < 0 ? text : $"\"{text.Replace("\"", "\"\"")}\"";
    }
}
