namespace CockroachCmek.Core;

internal static partial class Errors
{
    /// <summary>The manifest file does not exist or cannot be read.</summary>
    public static CmekException ManifestFileNotFound(string path, Exception? inner) =>
        Make(
            CmekErrorKind.NotFound,
            path,
            $"There is no file '{path}'.",
            "New-CrdbCmekManifest   (creates a manifest from keys; Export-CrdbCmekManifest writes it)",
            inner
        );

    /// <summary>The file exists, or this run has just written it.</summary>
    public static CmekException ManifestFileExists(string path, bool fromBefore) =>
        Make(
            CmekErrorKind.Exists,
            path,
            fromBefore
                ? $"The file '{path}' exists. It was not changed."
                : $"'{path}' already holds another manifest of this run. A file holds one manifest.",
            fromBefore
                ? "Export-CrdbCmekManifest -Force"
                : "Export-CrdbCmekManifest <folder>   (one file for each cluster)"
        );

    /// <summary>A folder was given, and the manifest does not name a cluster to name the file after.</summary>
    public static CmekException ManifestNamesNoCluster(string folder) =>
        Make(
            CmekErrorKind.InvalidArgument,
            folder,
            $"'{folder}' is a folder, and the manifest does not name a cluster to name the new file after.",
            "Export-CrdbCmekManifest <file>"
        );

    /// <summary>The file could not be written.</summary>
    public static CmekException ManifestFileNotWritten(string path, Exception inner) =>
        Make(
            CmekErrorKind.InvalidArgument,
            path,
            $"The file '{path}' could not be written: {inner.Message}",
            "Export-CrdbCmekManifest <another path>",
            inner
        );

    /// <summary>The record of a revocation cannot be read.</summary>
    public static CmekException RevocationFileNotFound(string path, Exception inner) =>
        Make(
            CmekErrorKind.NotFound,
            path,
            $"The record '{path}' could not be read: {inner.Message}",
            "Restore-CrdbCmekAccess <cluster>   (finds what is missing in the cloud)",
            inner
        );

    /// <summary>The record is larger than any that the module writes.</summary>
    public static CmekException RevocationFileTooLarge(string path) =>
        Make(
            CmekErrorKind.InvalidData,
            path,
            $"{path} is larger than 16 MB, which no record of a revocation is.",
            "Restore-CrdbCmekAccess <cluster>   (finds what is missing in the cloud)"
        );

    /// <summary>
    /// The record of a revocation could not be written: nothing is changed before the record is safe.
    /// </summary>
    public static CmekException RevocationFileNotWritten(string path, Exception inner) =>
        Make(
            CmekErrorKind.InvalidArgument,
            path,
            $"The record '{path}' could not be written: {inner.Message}",
            "Revoke-CrdbCmek -Path <another file>",
            inner
        );

    /// <summary>The file for the service account key cannot be written; no key was created.</summary>
    public static CmekException ServiceAccountKeyFileNotWritten(string path, Exception inner) =>
        Make(
            CmekErrorKind.InvalidArgument,
            path,
            $"'{path}' cannot be written: {inner.Message} No service account key was created.",
            "New-CrdbCmekKey -ServiceAccountKeyPath <another path>",
            inner
        );
}
