using System.IO;
using System.Security.Cryptography;

namespace CockroachCmek.Core.Report;

/// <summary>Names and writes the files of a report.</summary>
internal static class ReportFiles
{
    private const string DefaultName = "cmek-report";

    private static readonly Dictionary<CmekReportFormat, string> Extensions = new()
    {
        [CmekReportFormat.Html] = ".html",
        [CmekReportFormat.Json] = ".json",
        [CmekReportFormat.Csv] = ".csv",
        [CmekReportFormat.JUnit] = ".xml",
    };

    /// <summary>
    /// The files to write: the path itself for one format; for several, the path with the extension of each. In a
    /// folder they get a name.
    /// </summary>
    /// <param name="path">A full path.</param>
    /// <param name="formats">The formats; none for that of the path's extension.</param>
    /// <exception cref="CmekException">ReportFormatUnknown.</exception>
    public static IReadOnlyList<(string Path, CmekReportFormat Format)> Targets(
        string path,
        IReadOnlyCollection<CmekReportFormat> formats
    )
    {
        var isFolder = Directory.Exists(path);
        var ofPath = isFolder ? null : FormatOf(path);
        CmekReportFormat[] wanted =
            formats.Count > 0 ? [.. formats.Distinct()]
            : ofPath is { } one ? [one]
            : [];
        if (wanted.Length == 0)
            throw Errors.ReportFormatUnknown(path);
        if (isFolder)
            return [.. wanted.Select(f => (Path.Combine(path, DefaultName + Extensions[f]), f))];
        if (wanted.Length == 1 && Path.GetExtension(path).Length > 0)
            return [(path, wanted[0])];
        var stem = ofPath is null ? path : path.Substring(0, path.Length - Path.GetExtension(path).Length);
        return [.. wanted.Select(f => (stem + Extensions[f], f))];
    }

    /// <summary>Refuses a file that exists, before anything is read.</summary>
    /// <exception cref="CmekException">ReportFileExists, ReportFileNotWritten.</exception>
    public static void Check(string path, bool overwrite)
    {
        if (File.Exists(path) && !overwrite)
            throw Errors.ReportFileExists(path);
        var folder = Path.GetDirectoryName(path);
        if (folder is { Length: > 0 } && !Directory.Exists(folder))
            throw Errors.ReportFileNotWritten(path, new DirectoryNotFoundException($"There is no folder '{folder}'."));
    }

    /// <summary>Writes a file, whole or not at all.</summary>
    /// <exception cref="CmekException">ReportFileExists, ReportFileNotWritten.</exception>
    public static CmekReportFile Write(ReportDocument report, string path, CmekReportFormat format, bool overwrite)
    {
        Check(path, overwrite);
        try
        {
            WholeFile.Write(path, stream => Write(report, format, stream), keepsMode: true);
            using var file = File.OpenRead(path);
            using var hash = SHA256.Create();
            return new CmekReportFile
            {
                Path = path,
                Format = format,
                Clusters = report.Totals.Clusters,
                Failed = report.Totals.Failed,
                Warnings = report.Totals.Warnings,
                Gaps = report.Totals.Gaps,
                CreatedAt = report.Origin.FinishedAt,
                Length = file.Length,
                Sha256 = ReportDocument.Hex(hash.ComputeHash(file)),
                ReportSha256 = report.Sha256,
            };
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Errors.ReportFileNotWritten(path, error);
        }
    }

    private static void Write(ReportDocument report, CmekReportFormat format, Stream stream)
    {
        switch (format)
        {
            case CmekReportFormat.Html:
                HtmlReport.Write(report, stream);
                break;
            case CmekReportFormat.Csv:
                CsvReport.Write(report, stream);
                break;
            case CmekReportFormat.JUnit:
                JUnitReport.Write(report, stream);
                break;
            default:
                report.WriteJson(stream);
                break;
        }
    }

    /// <summary>The format of an extension; null for another one.</summary>
    public static CmekReportFormat? FormatOf(string path) =>
        Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".html" or ".htm" => CmekReportFormat.Html,
            ".json" => CmekReportFormat.Json,
            ".csv" => CmekReportFormat.Csv,
            ".xml" => CmekReportFormat.JUnit,
            _ => null,
        };
}
