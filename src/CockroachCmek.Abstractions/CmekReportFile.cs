namespace CockroachCmek;

/// <summary>The form of a report.</summary>
public enum CmekReportFormat : long
{
    /// <summary>One page for people, which needs no server and no network.</summary>
    Html,

    /// <summary>Everything, for programs. docs/report-schema.json describes it.</summary>
    Json,

    /// <summary>One table, for a spreadsheet.</summary>
    Csv,

    /// <summary>Test results, for a build server.</summary>
    JUnit,
}

/// <summary>A part of a report.</summary>
public enum CmekReportSection : long
{
    /// <summary>The keys of each cluster, with origin and age.</summary>
    Inventory,

    /// <summary>The checks of Test-CrdbCmek.</summary>
    Health,

    /// <summary>The access review of Get-CrdbCmekAccess.</summary>
    Access,

    /// <summary>The use of each key, as Get-CrdbCmekUsage shows it.</summary>
    Usage,

    /// <summary>What happened and who did it, as Get-CrdbCmekHistory shows it.</summary>
    History,
}

/// <summary>A file of a report.</summary>
public sealed record CmekReportFile
{
    /// <summary>The file.</summary>
    public string Path { get; internal init; } = "";

    /// <summary>The form of the report.</summary>
    public CmekReportFormat Format { get; internal init; }

    /// <summary>Number of clusters in the report.</summary>
    public int Clusters { get; internal init; }

    /// <summary>Number of checks that failed.</summary>
    public int Failed { get; internal init; }

    /// <summary>Number of checks with a warning.</summary>
    public int Warnings { get; internal init; }

    /// <summary>Number of things that could not be read. The report names each.</summary>
    public int Gaps { get; internal init; }

    /// <summary>When the report was made, UTC.</summary>
    public DateTimeOffset CreatedAt { get; internal init; }

    /// <summary>Size of the file in bytes.</summary>
    public long Length { get; internal init; }

    /// <summary>SHA-256 of the file, as Get-FileHash shows it.</summary>
    public string Sha256 { get; internal init; } = "";

    /// <summary>SHA-256 of the report's JSON form. It is the same for all files of one report, and each names it.</summary>
    public string ReportSha256 { get; internal init; } = "";

    /// <inheritdoc/>
    public override string ToString() => Path;
}
