namespace CockroachCmek.Core;

internal static partial class Errors
{
    /// <summary>Neither the file's extension nor -Format says which form the report is to have.</summary>
    public static CmekException ReportFormatUnknown(string path) =>
        Make(
            CmekErrorKind.InvalidArgument,
            path,
            $"'{path}' does not say which form the report is to have: its extension is not .html, .json, .csv or .xml.",
            "Export-CrdbCmekReport -Format Html"
        );

    /// <summary>The file exists. Nothing was read.</summary>
    public static CmekException ReportFileExists(string path) =>
        Make(
            CmekErrorKind.Exists,
            path,
            $"The file '{path}' exists. It was not changed.",
            "Export-CrdbCmekReport -Force"
        );

    /// <summary>The file could not be written.</summary>
    public static CmekException ReportFileNotWritten(string path, Exception inner) =>
        Make(
            CmekErrorKind.InvalidArgument,
            path,
            $"The report '{path}' could not be written: {inner.Message}",
            "Export-CrdbCmekReport -Path <another path>",
            inner
        );

    /// <summary>No cluster came along the pipeline, or none could be read.</summary>
    public static CmekException ReportHasNoCluster() =>
        Make(
            CmekErrorKind.NotFound,
            null,
            "No cluster was read, so no report was written.",
            "Get-CrdbCluster   (shows the clusters that this API key can see)"
        );
}
