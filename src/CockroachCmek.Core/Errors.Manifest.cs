namespace CockroachCmek.Core;

internal static partial class Errors
{
    /// <summary>The document cannot be read at all.</summary>
    public static CmekException ManifestSyntax(string path, int line, int column, string reason, Exception? inner) =>
        Make(
            CmekErrorKind.InvalidData,
            path,
            $"{path}, line {line}, column {column}: {reason}",
            "Correct the file, then run the same command again",
            inner
        );

    /// <summary>The document can be read, but is no manifest: everything that is wrong.</summary>
    public static CmekException ManifestInvalid(string path, IReadOnlyList<string> problems) =>
        Make(
            CmekErrorKind.InvalidData,
            path,
            $"{path} is no CMEK manifest: {string.Join("; ", problems)}.",
            "Correct the file, then run the same command again"
        );

    /// <summary>Nothing in the file.</summary>
    public static CmekException ManifestEmpty(string path) =>
        Make(
            CmekErrorKind.InvalidData,
            path,
            $"{path} is empty. (The heredoc on the documentation's page lacks a 'cat' and makes an empty file.)",
            "New-CrdbCmekManifest | Export-CrdbCmekManifest -Force"
        );

    /// <summary>More than 1 MB.</summary>
    public static CmekException ManifestTooLarge(string path, long bytes) =>
        Make(
            CmekErrorKind.InvalidData,
            path,
            $"{path} has {bytes} bytes; no manifest is larger than 1 MB.",
            "Import-CrdbCmekManifest <the right file>"
        );

    /// <summary>The keys of the manifest do not exist yet.</summary>
    public static CmekException ManifestPlanned(string manifest) =>
        Make(
            CmekErrorKind.InvalidState,
            manifest,
            $"The manifest '{manifest}' is only planned: its keys do not exist yet, so it cannot be written.",
            "Run the pipeline without -WhatIf"
        );

    /// <summary>Keys of another cloud than the cluster's.</summary>
    public static CmekException ProviderMismatch(
        string path,
        string cluster,
        string provider,
        string expected,
        IReadOnlyList<string> foreign
    ) =>
        Make(
            CmekErrorKind.InvalidData,
            path,
            $"{path} is not for '{cluster}', which runs on {provider} and needs keys of type {expected}: {string.Join("; ", foreign)}.",
            $"Import-CrdbCmekManifest <the file for {cluster}>"
        );

    /// <summary>Some region has no key.</summary>
    public static CmekException ManifestIncomplete(string cluster, IReadOnlyList<string> missing) =>
        Make(
            CmekErrorKind.InvalidArgument,
            cluster,
            $"The cluster '{cluster}' has no key for its region{(missing.Count > 1 ? "s" : "")} {string.Join(", ", missing)}; every region needs one. Nothing was sent.",
            $"Get-CrdbCluster {cluster} | New-CrdbCmekRole | New-CrdbCmekKey -Region {string.Join(", ", missing)}"
        );

    /// <summary>A region that the cluster does not have.</summary>
    public static CmekException RegionUnknown(string cluster, string region, IEnumerable<string> regions) =>
        Make(
            CmekErrorKind.InvalidArgument,
            region,
            $"The cluster '{cluster}' has no region '{region}'; it has {string.Join(", ", regions)}.",
            $"(Get-CrdbCluster {cluster}).Regions"
        );

    /// <summary>Two keys for one region.</summary>
    public static CmekException RegionTwice(string cluster, string region) =>
        Make(
            CmekErrorKind.InvalidArgument,
            region,
            $"The region '{region}' of '{cluster}' has a key already: one manifest holds one key for each region.",
            "Pass one key for each region down the pipe"
        );
}
