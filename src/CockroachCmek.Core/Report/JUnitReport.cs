using System.Globalization;
using System.IO;
using System.Text;
using System.Text.Json.Nodes;
using System.Xml;

namespace CockroachCmek.Core.Report;

/// <summary>
/// The report as test results: a suite for each cluster, a case for each check, and a case for each section that says
/// whether it could be read. Fail is a failure, and what could not be read is an error. A warning is a case that passes:
/// its text stands in system-out, so that a build breaks for what is broken only.
/// </summary>
internal static class JUnitReport
{
    public static void Write(ReportDocument report, Stream stream)
    {
        var settings = new XmlWriterSettings { Encoding = new UTF8Encoding(false), Indent = true };
        using var xml = XmlWriter.Create(stream, settings);
        xml.WriteStartElement("testsuites");
        xml.WriteAttributeString("name", "CockroachCmek");
        Missing(report, xml);
        foreach (var cluster in report.Clusters())
            Suite(report, cluster, xml);
        xml.WriteEndElement();
    }

    private static void Missing(ReportDocument report, XmlWriter xml)
    {
        if (report.Origin.Missing.Count == 0)
            return;
        var cases = report
            .Origin.Missing.Select(m => new Case(
                m.Cluster,
                "error",
                "Unread",
                m.Error.Message,
                m.Error.RecommendedAction
            ))
            .ToList();
        Suite(report, "Clusters that could not be found", "", cases, xml);
    }

    private static void Suite(ReportDocument report, JsonObject cluster, XmlWriter xml) =>
        Suite(report, (string)cluster["name"]!, (string)cluster["id"]!, [.. Cases(report, cluster)], xml);

    private static IEnumerable<Case> Cases(ReportDocument report, JsonObject cluster)
    {
        foreach (var name in report.Sections.Select(s => s.Name.ToString()).Prepend(""))
        {
            var gaps = cluster["gaps"]!.AsArray().Where(g => (string)g!["section"]! == name).ToList();
            // A check that is Unknown is a case of its own.
            if (name == nameof(CmekReportSection.Health))
                gaps.RemoveAll(g => IsCheck(cluster, (string)g!["what"]!));
            var read = name.Length == 0 ? "Read.Cmek" : $"Read.{name}";
            yield return gaps.Count == 0
                ? new Case(read, "", "", "", "")
                : new Case(
                    read,
                    "error",
                    "Unread",
                    string.Join("\n", gaps.Select(g => $"{g!["what"]}: {g["why"]}")),
                    string.Join("\n", gaps.Select(g => (string)g!["remedy"]!).Where(r => r.Length > 0).Distinct())
                );
        }

        foreach (var check in Checks(cluster))
            yield return CaseOf(check!.AsObject());
    }

    private static Case CaseOf(JsonObject check)
    {
        var region = (string)check["region"]!;
        return new Case(
            region.Length == 0 ? (string)check["check"]! : $"{check["check"]}[{region}]",
            (string)check["status"]! switch
            {
                nameof(CmekCheckStatus.Pass) => "",
                nameof(CmekCheckStatus.Warning) => "warning",
                nameof(CmekCheckStatus.Fail) => "failure",
                _ => "error",
            },
            (string)check["errorId"]! is { Length: > 0 } id ? id : (string)check["status"]!,
            (string)check["detail"]!,
            (string)check["remedy"]!
        );
    }

    private static bool IsCheck(JsonObject cluster, string what) =>
        Checks(cluster).Any(c => (string)c!["check"]! == what);

    private static JsonArray Checks(JsonObject cluster) =>
        cluster["sections"]![nameof(CmekReportSection.Health)]?["rows"]!.AsArray() ?? [];

    private static void Suite(ReportDocument report, string name, string id, List<Case> cases, XmlWriter xml)
    {
        xml.WriteStartElement("testsuite");
        xml.WriteAttributeString("name", Clean(name));
        xml.WriteAttributeString("tests", Number(cases.Count));
        xml.WriteAttributeString("failures", Number(cases.Count(c => c.Kind == "failure")));
        xml.WriteAttributeString("errors", Number(cases.Count(c => c.Kind == "error")));
        xml.WriteAttributeString("skipped", "0");
        xml.WriteAttributeString("timestamp", (string)ReportClusters.Time(report.Origin.FinishedAt)!);
        xml.WriteStartElement("properties");
        Property("clusterId", id, xml);
        Property("reportSha256", report.Sha256, xml);
        xml.WriteEndElement();
        foreach (var one in cases)
            Write(one, name, xml);
        xml.WriteEndElement();
    }

    private static void Property(string name, string value, XmlWriter xml)
    {
        xml.WriteStartElement("property");
        xml.WriteAttributeString("name", name);
        xml.WriteAttributeString("value", Clean(value));
        xml.WriteEndElement();
    }

    private static void Write(Case one, string cluster, XmlWriter xml)
    {
        xml.WriteStartElement("testcase");
        xml.WriteAttributeString("classname", Clean($"CockroachCmek.{cluster}"));
        xml.WriteAttributeString("name", Clean(one.Name));
        var text = Clean(one.Remedy.Length == 0 ? one.Detail : $"{one.Detail}\nNext: {one.Remedy}");
        if (one.Kind == "warning")
            xml.WriteElementString("system-out", Clean($"Warning {one.Type}: ") + text);
        else if (one.Kind.Length > 0)
        {
            xml.WriteStartElement(one.Kind);
            xml.WriteAttributeString("type", Clean(one.Type));
            xml.WriteAttributeString("message", Clean(one.Detail));
            xml.WriteString(text);
            xml.WriteEndElement();
        }

        xml.WriteEndElement();
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>The text without characters that XML cannot hold.</summary>
    private static string Clean(string text)
    {
        var clean = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
            if (i + 1 < text.Length && XmlConvert.IsXmlSurrogatePair(text[i + 1], text[i]))
                clean.Append(text[i]).Append(text[++i]);
            else
                clean.Append(XmlConvert.IsXmlChar(text[i]) ? text[i] : '\uFFFD');
        return clean.ToString();
    }

    /// <param name="Kind">The element below the case; "warning" for text alone; empty for a case that passes.</param>
    private sealed record Case(string Name, string Kind, string Type, string Detail, string Remedy);
}
