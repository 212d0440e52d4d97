namespace CockroachCmek.Core;

internal static partial class Errors
{
    /// <summary>The file of a manifest is not there.</summary>
    public static CmekException ManifestFileNotFound(string path, Exception? inner) =>
        Make(
            CmekErrorKind.NotFound,
            path,
            $"There is no file '{path}'.",
            "New-CrdbCmekManifest   (makes a manifest from keys; Export-CrdbCmekManifest writes it)",
            inner
        );

    /// <summary>A file is there already, or was written by this very run.</summary>
    public static CmekException ManifestFileExists(string path, bool fromBefore) =>
        Make(
            CmekErrorKind.Exists,
            path,
            fromBefore
                ? $"The file '{path}' exists, and was left as it is."
                : $"'{path}' already holds another manifest of this run: one file holds one manifest.",
            fromBefore
                ? "Export-CrdbCmekManifest -Force"
                : "Export-CrdbCmekManifest <folder>   (one file for each cluster)"
        );

    /// <summary>A folder was given for a manifest that does not know its cluster's name.</summary>
    public static CmekException ManifestNamesNoCluster(string folder) =>
        Make(
            CmekErrorKind.InvalidArgument,
            folder,
            $"'{folder}' is a folder, and the manifest was read from a file, which names no cluster to call a new file after.",
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
            "Restore-CrdbCmekAccess <cluster>   (looks in the cloud for what is missing)",
            inner
        );

    /// <summary>The record of a revocation could not be written: nothing is changed before it is safe.</summary>
    public static CmekException RevocationFileNotWritten(string path, Exception inner) =>
        Make(
            CmekErrorKind.InvalidArgument,
            path,
            $"The record '{path}' could not be written: {inner.Message}",
            "Revoke-CrdbCmek -Path <another file>",
            inner
        );

    /// <summary>The file for a key of the service account cannot be made; no key was.</summary>
    public static CmekException ServiceAccountKeyFileNotWritten(string path, Exception inner) =>
        Make(
            CmekErrorKind.InvalidArgument,
            path,
            $"'{path}' cannot be written: {inner.Message} No key of the service account was made.",
            "New-CrdbCmekKey -ServiceAccountKeyPath <another path>",
            inner
        );
}
