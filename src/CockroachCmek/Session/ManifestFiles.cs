using System.IO;
using System.Management.Automation;
using CockroachCmek.Core;
using CockroachCmek.Core.Manifest;

namespace CockroachCmek.Session;

/// <summary>Where manifests are read from and written to, in PowerShell's terms of paths.</summary>
internal static class ManifestFiles
{
    /// <summary>The files that -Path (wildcards) and -LiteralPath name. What does not exist is an error record, not the end.</summary>
    public static IEnumerable<string> Resolve(
        PSCmdlet cmdlet,
        IEnumerable<string> paths,
        IEnumerable<string> literalPaths
    )
    {
        foreach (var path in paths)
        {
            IEnumerable<string> found = [];
            try
            {
                found = cmdlet.SessionState.Path.GetResolvedProviderPathFromPSPath(path, out _);
            }
            catch (ItemNotFoundException fault)
            {
                cmdlet.WriteError(Commands.ErrorRecords.From(Errors.ManifestFileNotFound(path, fault)));
            }

            foreach (var file in found)
                yield return file;
        }

        foreach (var path in literalPaths)
        {
            var file = cmdlet.SessionState.Path.GetUnresolvedProviderPathFromPSPath(path);
            if (File.Exists(file))
                yield return file;
            else
                cmdlet.WriteError(Commands.ErrorRecords.From(Errors.ManifestFileNotFound(path, null)));
        }
    }

    /// <summary>The file for a manifest: the path itself, or a file named after the cluster where the path is a folder.</summary>
    public static string Target(PSCmdlet cmdlet, string path, CmekManifest manifest, CmekManifestFormat? format)
    {
        var full = cmdlet.SessionState.Path.GetUnresolvedProviderPathFromPSPath(path);
        if (!Directory.Exists(full))
            return full;
        var name = manifest.ClusterName ?? throw Errors.ManifestNamesNoCluster(full);
        return Path.Combine(full, name + (format == CmekManifestFormat.Yaml ? ".yml" : ".json"));
    }

    /// <summary>The format that was asked for, or that the extension says, or that the manifest had.</summary>
    public static CmekManifestFormat FormatOf(string file, CmekManifestFormat? asked, CmekManifest manifest) =>
        asked
        ?? Path.GetExtension(file).ToLowerInvariant() switch
        {
            ".yml" or ".yaml" => CmekManifestFormat.Yaml,
            ".json" => CmekManifestFormat.Json,
            _ => manifest.SourceText is null ? CmekManifestFormat.Json : manifest.SourceFormat,
        };

    /// <summary>Writes the file of a manifest.</summary>
    public static void Write(string file, string text, bool overwrite, bool first)
    {
        if (!first || (File.Exists(file) && !overwrite))
            throw Errors.ManifestFileExists(file, first);
        try
        {
            WholeFile.Write(file, text);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw Errors.ManifestFileNotWritten(file, fault);
        }
    }
}
