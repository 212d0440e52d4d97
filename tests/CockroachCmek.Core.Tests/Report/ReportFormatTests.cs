using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using CockroachCmek.Core.Report;
using CockroachCmek.Testing;
using NJsonSchema;

namespace CockroachCmek.Core.Tests.Report;

/// <summary>The formats of a report: whatever a name holds, each is well formed and shows the name as it is.</summary>
public sealed class ReportFormatTests : IDisposable
{
    private readonly FleetReport _report = new([]);
    private readonly ReportDocument _document;

    public ReportFormatTests()
    {
        _report.AddMissing("lost & found", Errors.ReportHasNoCluster());
        _document = ReportSamples.Of(_report, ReportSamples.Hostile);
    }

    [Fact]
    public async Task The_JSON_form_follows_the_documented_schema_and_is_canonical()
    {
        var bytes = Bytes(_document.WriteJson);
        var text = Encoding.UTF8.GetString(bytes);
        var schema = await JsonSchema.FromFileAsync(
            Path.Combine(Repository.Root, "docs", "report-schema.json"),
            TestContext.Current.CancellationToken
        );

        Assert.Empty(schema.Validate(text).Select(e => e.ToString()));
        Assert.Equal(text, CanonicalJson.Write(JsonNode.Parse(text)));
        Assert.Equal(Convert.ToHexString(SHA256.HashData(bytes)), _document.Sha256);
        var report = JsonNode.Parse(text)!;
        Assert.Equal(ReportSamples.Hostile.Length, (int)report["totals"]!["clusters"]!);
        Assert.Equal(ReportSamples.Hostile.Length * 2 + 1, (int)report["totals"]!["gaps"]!);
        Assert.Equal("lost & found", (string)report["origin"]!["missingClusters"]![0]!["cluster"]!);
        Assert.Equal(ReportSamples.Hostile[^1], (string)report["clusters"]!.AsArray()[^1]!["name"]!);
    }

    [Fact]
    public void The_page_encodes_every_name_and_lets_the_browser_run_its_own_script_only()
    {
        var page = Text(HtmlReport.Write);

        Assert.Single(Regex.Matches(page, "<script"));
        Assert.DoesNotContain("<img", page, StringComparison.Ordinal);
        Assert.DoesNotContain(" onmouseover='", page, StringComparison.Ordinal);
        Assert.DoesNotContain("Org </title>", page, StringComparison.Ordinal);
        Assert.DoesNotContain('\u202E', page);
        Assert.Contains("&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;", page, StringComparison.Ordinal);
        Assert.Contains("{{constructor}} {{{raw}}}", page, StringComparison.Ordinal);
        foreach (var kind in new[] { "style", "script" })
        {
            var content = Regex.Match(page, $"<{kind}>(.*?)</{kind}>", RegexOptions.Singleline).Groups[1].Value;
            var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(content)));
            var allowed = Regex.Match(page, $"{kind}-src &#39;sha256-([^ ]*)&#39;|{kind}-src 'sha256-([^ ]*)'");
            Assert.Contains(hash, System.Net.WebUtility.HtmlDecode(allowed.Value), StringComparison.Ordinal);
        }

        Assert.Contains("default-src 'none'", page, StringComparison.Ordinal);
        Assert.DoesNotMatch("(src|href|action)=[\"']?(https?:)?//", page);
        Assert.DoesNotContain(" style=", page, StringComparison.Ordinal);
        Assert.Contains(_document.Sha256, page, StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_has_a_row_and_an_article_for_each_cluster_and_every_table_has_headers()
    {
        var page = Text(HtmlReport.Write);
        var clusters = ReportSamples.Hostile.Length;

        Assert.Equal(clusters, Regex.Count(page, "<tr data-c="));
        Assert.Equal(clusters, Regex.Count(page, "<article class=\"cluster\""));
        Assert.Equal(Regex.Count(page, "<table"), Regex.Count(page, "<thead><tr><th scope=\"col\">"));
        Assert.Equal(clusters * 2, Regex.Count(page, "<li><strong>(Health|Access) "));
        Assert.Contains("lost &amp; found", page, StringComparison.Ordinal);
        Assert.Contains("aria-label=\"Health of ", page, StringComparison.Ordinal);
        Assert.Contains("<span class=\"badge fail\">Fail</span>", page, StringComparison.Ordinal);
    }

    [Fact]
    public void The_table_is_CSV_that_no_spreadsheet_computes()
    {
        var bytes = Bytes(s => CsvReport.Write(_document, s));
        Assert.Equal([0xEF, 0xBB, 0xBF], bytes[..3]);
        var rows = Csv.Parse(Encoding.UTF8.GetString(bytes, 3, bytes.Length - 3));
        var header = rows[0];

        Assert.All(rows, r => Assert.Equal(header.Count, r.Count));
        Assert.Equal(header.Count, header.Distinct().Count());
        // A gap for the lost cluster; for each other one itself, a key, four checks, a line of access and two gaps.
        Assert.Equal(1 + 1 + ReportSamples.Hostile.Length * 9, rows.Count);
        Assert.All(rows.SelectMany(r => r), cell => Assert.DoesNotMatch("^[=+@\t\r\n-]", cell));
        Assert.Contains(rows, r => r.Contains("'=cmd|' /C calc'!A0"));
        Assert.Contains(rows, r => r.Contains("line break, \"quoted\""));
    }

    [Fact]
    public void The_test_results_are_XML_in_which_only_a_pass_passes()
    {
        using var stream = new MemoryStream(Bytes(s => JUnitReport.Write(_document, s)));
        var suites = XDocument.Load(stream).Root!.Elements("testsuite").ToList();

        Assert.Equal(1 + ReportSamples.Hostile.Length, suites.Count);
        Assert.Equal("1", (string?)suites[0].Attribute("errors"));
        var suite = suites[1];
        Assert.Equal("</script><script>alert(1)</script>", (string?)suite.Attribute("name"));
        Assert.Equal(
            ["Read.Cmek", "Read.Inventory", "Read.Health", "Read.Usage", "Read.History", "Plan"],
            suite.Elements("testcase").Where(c => !c.HasElements).Select(c => (string?)c.Attribute("name"))
        );
        string Of(string kind) =>
            string.Join(
                ",",
                suite
                    .Elements("testcase")
                    .Where(c => c.Element(kind) is not null)
                    .Select(c => ((string)c.Attribute("name")!).Split('[')[0])
            );
        Assert.Equal(("KeyUsable", "Read.Access,RoleTrust", "KeyAge"), (Of("failure"), Of("error"), Of("system-out")));
        Assert.Equal(
            (suite.Elements("testcase").Count(), 1, 2),
            ((int)suite.Attribute("tests")!, (int)suite.Attribute("failures")!, (int)suite.Attribute("errors")!)
        );
    }

    [Fact]
    public void A_file_is_written_whole_or_not_at_all_and_names_its_digest()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var targets = ReportFiles.Targets(
                Path.Combine(folder.FullName, "audit.v1"),
                [CmekReportFormat.Html, CmekReportFormat.JUnit, CmekReportFormat.Html]
            );
            Assert.Equal(["audit.v1.html", "audit.v1.xml"], targets.Select(t => Path.GetFileName(t.Path)));
            var file = ReportFiles.Write(_document, targets[0].Path, targets[0].Format, overwrite: false);
            var bytes = File.ReadAllBytes(file.Path);
            Assert.Equal(Convert.ToHexString(SHA256.HashData(bytes)), file.Sha256);
            Assert.Equal((bytes.Length, _document.Sha256), (file.Length, file.ReportSha256));
            Assert.Equal((13, 13, 13), (file.Clusters, file.Failed, file.Warnings));
            var exists = Assert.Throws<CmekException>(() =>
                ReportFiles.Write(_document, file.Path, CmekReportFormat.Csv, overwrite: false)
            );
            Assert.Equal("ReportFileExists", exists.ErrorId);
            Assert.Equal(bytes, File.ReadAllBytes(file.Path));
            Assert.Equal(
                "ReportFormatUnknown",
                Assert.Throws<CmekException>(() => ReportFiles.Targets(folder.FullName, [])).ErrorId
            );
            Assert.Equal(
                ["cmek-report.csv"],
                ReportFiles.Targets(folder.FullName, [CmekReportFormat.Csv]).Select(t => Path.GetFileName(t.Path))
            );
            Assert.Single(folder.GetFiles());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    public void Dispose() => _report.Dispose();

    private string Text(Action<ReportDocument, Stream> write) =>
        Encoding.UTF8.GetString(Bytes(s => write(_document, s)));

    private static byte[] Bytes(Action<Stream> write)
    {
        using var stream = new MemoryStream();
        write(stream);
        return stream.ToArray();
    }
}
