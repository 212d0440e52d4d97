using System.IO;
using CockroachCmek.Core.Report;

namespace CockroachCmek.Completion;

/// <summary>Files that a report can replace, and folders.</summary>
public sealed class ReportFileCompleter : FileCompleter
{
    private protected override string? Describe(string file) =>
        ReportFiles.FormatOf(file) is { } format ? $"{Path.GetFileName(file)}: {format}" : null;
}
