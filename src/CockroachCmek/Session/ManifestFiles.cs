using System.IO;
using System.Management.Automation;
using CockroachCmek.Core;
using CockroachCmek.Core.Manifest;

namespace CockroachCmek.Session;

/// <summary>Finds, names and writes manifest files by PowerShell paths.</summary>
internal static class ManifestFiles
{
    /// <summary>The files of -Path (wildcards) and -LiteralPath. A missing file is a non-terminating error.</summary>
    public static IEnumerable<string> Resolve(
        PSCmdlet cmdlet,
        IEnumerable<string> paths,
        IEnumerable<string> literalPaths
    )
    {
        foreach (var path in paths)
        {
            IReadOnlyCollection<string> found = [];
            Exception? cause = null;
            try
            {
                found = cmdlet.SessionState.Path.GetResolvedProviderPathFromPSPath(path, out _);
            }
            catch (SessionStateException error) // no such file, drive or provider
            {
                cause = error;
            }

            // A pattern without a file is an error too: what follows in the pipeline would do nothing in silence.
            if (found.Count == 0)
                cmdlet.WriteError(Commands.ErrorRecords.From(Errors.ManifestFileNotFound(path, cause)));
            foreach (var file in found)
                yield return file;
        }

        foreach (var path in literalPaths)
        {
            string? file = null;
            Exception? cause = null;
            try
            {
                file = cmdlet.SessionState.Path.GetUnresolvedProviderPathFromPSPath(path);
            }
            catch (SessionStateException error)
            {
                cause = error;
            }

            if (File.Exists(file))
                yield return file!;
            else
                cmdlet.WriteError(Commands.ErrorRecords.From(Errors.ManifestFileNotFound(path, cause)));
        }
    }

    /// <summary>The file for a manifest: the path or, in a folder, a file named after the cluster.</summary>
    public static string Target(PSCmdlet cmdlet, string path, CmekManifest manifest, CmekManifestFormat? format)
    {
        var full = cmdlet.SessionState.Path.GetUnresolvedProviderPathFromPSPath(path);
        if (!Directory.Exists(full))
            return full;
        var name = manifest.ClusterName ?? throw Errors.ManifestNamesNoCluster(full);
        return Path.Combine(
            full,
            FileNames.Of(name, manifest.Cluster?.Id) + (format == CmekManifestFormat.Yaml ? ".yml" : ".json")
        );
    }

    /// <summary>The requested format, or that of the file extension, or that of the manifest.</summary>
    public static CmekManifestFormat FormatOf(string file, CmekManifestFormat? asked, CmekManifest manifest) =>
        asked
        ?? Path.GetExtension(file).ToLowerInvariant() switch
        {
            ".yml" or ".yaml" => CmekManifestFormat.Yaml,
            ".json" => CmekManifestFormat.Json,
            _ => manifest.SourceText is null ? CmekManifestFormat.Json : manifest.SourceFormat,
        };

    /// <summary>Writes the file. A second manifest for the same file is refused.</summary>
    public static void Write(string file, string text, bool overwrite, bool first)
    {
        if (!first || (File.Exists(file) && !overwrite))
            throw Errors.ManifestFileExists(file, first);
        try
        {
            WholeFile.Write(file, text, keepsMode: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Errors.ManifestFileNotWritten(file, error);
        }
    }
}
