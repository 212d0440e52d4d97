using System.Collections;
using System.IO;
using System.Management.Automation;
using System.Management.Automation.Language;
using CockroachCmek.Core.Clouds;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Findings;
using CockroachCmek.Core.Manifest;
using CockroachCmek.Session;

namespace CockroachCmek.Completion;

/// <summary>
/// Offers the files that a parameter can read, with what they contain, and the folders; every file where there are
/// none.
/// </summary>
public abstract class FileCompleter : IArgumentCompleter
{
    /// <summary>What a file is; null for a file of another kind.</summary>
    private protected abstract string? Describe(string file);

    /// <summary>Called by the engine.</summary>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName,
        string parameterName,
        string wordToComplete,
        CommandAst commandAst,
        IDictionary fakeBoundParameters
    )
    {
        var all = CompletionCompleters.CompleteFilename(wordToComplete ?? "").ToList();
        // The tooltip of a file is its full path.
        var files = all.Where(r => r.ResultType == CompletionResultType.ProviderItem)
            .Take(FolderFiles.MostFiles)
            .Select(r => (Result: r, Meaning: Describe(r.ToolTip)))
            .Where(f => f.Meaning is not null)
            .Select(f => new CompletionResult(
                f.Result.CompletionText,
                f.Result.ListItemText,
                f.Result.ResultType,
                f.Meaning!
            ))
            .ToList();
        var folders = all.Where(r => r.ResultType == CompletionResultType.ProviderContainer);
        return files.Count == 0 ? all : [.. files, .. folders];
    }
}

/// <summary>Manifests, with their regions.</summary>
public sealed class ManifestFileCompleter : FileCompleter
{
    private protected override string? Describe(string file) =>
        FolderFiles.Manifest(file) is { } manifest
            ? $"manifest: {string.Join(", ", manifest.RegionSpecs.Select(s => s.Region))}"
            : null;
}

/// <summary>Records of revocations, with their clusters.</summary>
public sealed class RecordFileCompleter : FileCompleter
{
    private protected override string? Describe(string file) =>
        FolderFiles.Record(file) is { } record ? $"record of {record}" : null;
}

/// <summary>Files of suppressions, with how many they hold.</summary>
public sealed class SuppressionFileCompleter : FileCompleter
{
    private protected override string? Describe(string file) =>
        FolderFiles.Suppressions(file) is { Count: > 0 } entries ? $"{entries.Count} suppressions" : null;
}

/// <summary>Baselines of Test-CrdbCmek.</summary>
public sealed class BaselineFileCompleter : FileCompleter
{
    private protected override string? Describe(string file) => FolderFiles.IsBaseline(file) ? "baseline" : null;
}

/// <summary>Reads what lies in a folder, for completion. A file that cannot be read is a file of another kind.</summary>
internal static class FolderFiles
{
    /// <summary>More files than a folder of manifests has; Tab must not wait for a folder of thousands.</summary>
    public const int MostFiles = 100;

    private static readonly string[] ManifestExtensions = [".json", ".yml", ".yaml"];

    /// <summary>The keys of the folder's manifests and records.</summary>
    public static IEnumerable<SeenKey> KeysOfManifests(string folder) =>
        Files(folder)
            .Take(MostFiles)
            .SelectMany(file =>
                (Manifest(file)?.RegionSpecs ?? Record(file)?.Keys ?? []).Select(spec => new SeenKey(
                    spec.KeyUri,
                    spec.AuthPrincipal,
                    $"{spec.Region}, in {Path.GetFileName(file)}"
                ))
            );

    /// <summary>The manifest of a file; null when the file is none.</summary>
    public static CmekManifest? Manifest(string file) =>
        ManifestExtensions.Contains(Path.GetExtension(file).ToLowerInvariant()) && !IsRecord(file)
            ? Read(() => new ManifestReader(CustomerClouds.All).ReadFile(file))
            : null;

    /// <summary>The record of a file; null when the file is none.</summary>
    public static CmekRevocation? Record(string file) =>
        string.Equals(Path.GetExtension(file), ".json", StringComparison.OrdinalIgnoreCase)
            ? Read(() => RevocationFile.Load(file))
            : null;

    /// <summary>The suppressions of a file; null when the file holds none.</summary>
    public static IReadOnlyList<Suppression>? Suppressions(string file) =>
        ManifestExtensions.Contains(Path.GetExtension(file).ToLowerInvariant()) && !IsRecord(file)
            ? Read(() => new SuppressionReader(file).Read())
            : null;

    /// <summary>True for a baseline.</summary>
    public static bool IsBaseline(string file) =>
        string.Equals(Path.GetExtension(file), ".json", StringComparison.OrdinalIgnoreCase)
        && !IsRecord(file)
        && Read(() => Baseline.Read(file)) is not null;

    private static bool IsRecord(string file) => file.EndsWith(".revocation.json", StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<string> Files(string folder)
    {
        try
        {
            return folder.Length == 0
                ? []
                : Directory
                    .EnumerateFiles(folder)
                    .Where(f => ManifestExtensions.Contains(Path.GetExtension(f).ToLowerInvariant()))
                    .ToList();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static T? Read<T>(Func<T> read)
        where T : class
    {
        try
        {
            return read();
        }
        catch (CmekException)
        {
            return null;
        }
    }
}
