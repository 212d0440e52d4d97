namespace CockroachCmek.Core;

internal static partial class Errors
{
    /// <summary>The file is not valid JSON or YAML.</summary>
    public static CmekException ManifestSyntax(string path, int line, int column, string reason, Exception? inner) =>
        Make(
            CmekErrorKind.InvalidData,
            path,
            $"{path}, line {line}, column {column}: {reason}",
            "Correct the file, then run the same command again",
            inner
        );

    /// <summary>
    /// The file is valid JSON or YAML, but not a manifest. The message names everything that is wrong.
    /// </summary>
    public static CmekException ManifestInvalid(string path, IReadOnlyList<string> problems) =>
        Make(
            CmekErrorKind.InvalidData,
            path,
            $"{path} is not a CMEK manifest: {string.Join("; ", problems)}.",
            "Correct the file, then run the same command again"
        );

    /// <summary>The file is empty.</summary>
    public static CmekException ManifestEmpty(string path) =>
        Make(
            CmekErrorKind.InvalidData,
            path,
            $"{path} is empty. (The heredoc in the documentation lacks a 'cat' and creates an empty file.)",
            "New-CrdbCmekManifest | Export-CrdbCmekManifest -Force"
        );

    /// <summary>The file is larger than 1 MB.</summary>
    public static CmekException ManifestTooLarge(string path) =>
        Make(
            CmekErrorKind.InvalidData,
            path,
            $"{path} is larger than 1 MB, which no manifest is.",
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

    /// <summary>The keys are of another cloud than the cluster.</summary>
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

    /// <summary>A region has no key.</summary>
    public static CmekException ManifestIncomplete(string cluster, IReadOnlyList<string> missing) =>
        Make(
            CmekErrorKind.InvalidArgument,
            cluster,
            $"'{cluster}' has no key for region{(missing.Count > 1 ? "s" : "")} {string.Join(", ", missing)}; every region needs one. Nothing was sent.",
            $"Get-CrdbCluster {cluster} | New-CrdbCmekRole | New-CrdbCmekKey -Region {string.Join(", ", missing)}"
        );

    /// <summary>The cluster does not have the region.</summary>
    public static CmekException RegionUnknown(string cluster, string region, IEnumerable<string> regions) =>
        Make(
            CmekErrorKind.InvalidArgument,
            region,
            $"The cluster '{cluster}' has no region '{region}'; it has {string.Join(", ", regions)}.",
            $"(Get-CrdbCluster {cluster}).Regions"
        );

    /// <summary>Two keys were given for one region.</summary>
    public static CmekException RegionTwice(string cluster, string region) =>
        Make(
            CmekErrorKind.InvalidArgument,
            region,
            $"The region '{region}' of '{cluster}' already has a key. A manifest holds one key for each region.",
            "Pipe one key for each region to New-CrdbCmekManifest"
        );
}
