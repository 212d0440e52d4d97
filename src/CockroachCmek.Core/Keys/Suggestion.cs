using System.IO;

namespace CockroachCmek.Core.Keys;

/// <summary>A value to offer for a parameter, and what it is.</summary>
internal sealed record Suggestion(string Text, string ToolTip)
{
    /// <summary>A region that the documentation of CockroachDB Cloud lists.</summary>
    public static Suggestion Region(string code, string place) =>
        new(code, $"{place}; listed in the documentation of CockroachDB Cloud");
}

/// <summary>What the session and the files of the folder have shown.</summary>
/// <param name="KeyUris">URIs of keys, of any cloud.</param>
/// <param name="Principals">Identities of clusters, of any cloud.</param>
internal sealed record SeenNames(IReadOnlyCollection<string> KeyUris, IReadOnlyCollection<string> Principals)
{
    /// <summary>What Connect-CrdbCloud was given for the clouds.</summary>
    public CloudOptions Connection { get; init; } = CloudOptions.None;

    /// <summary>The clouds of the sandbox that the session is connected to; null for the real clouds.</summary>
    public SandboxClouds? Sandbox { get; init; }
}

/// <summary>Reads what other tools keep on this machine. Everything that cannot be read counts as empty.</summary>
internal static class LocalConfiguration
{
    /// <summary>Larger than the configuration of any tool that is read here.</summary>
    private const int LargestFile = 4 * 1024 * 1024;

    /// <summary>The value of an environment variable; null when it is missing or blank.</summary>
    public static string? Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { } value && value.Trim().Length > 0 ? value.Trim() : null;

    /// <summary>A file or folder of the tool: where the variable says, or else below the home folder.</summary>
    public static string PathOf(string variable, params string[] belowHome) =>
        Variable(variable)
        ?? Path.Combine([Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), .. belowHome]);

    /// <summary>The text of a file; empty when there is none.</summary>
    public static string Text(string path)
    {
        try
        {
            if (!File.Exists(path) || BoundedFile.Read(path, LargestFile) is not { } bytes)
                return "";
            using var reader = new StreamReader(new MemoryStream(bytes));
            return reader.ReadToEnd();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>The files of a folder whose names match; none when the folder cannot be read.</summary>
    public static IReadOnlyList<string> Files(string folder, string pattern)
    {
        try
        {
            return Directory.Exists(folder) ? Directory.GetFiles(folder, pattern) : [];
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>The sections of an INI file, in order, with their settings.</summary>
    public static IEnumerable<(string Section, IReadOnlyDictionary<string, string> Settings)> Sections(string text)
    {
        var section = "";
        var settings = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in text.Split('\n').Select(l => l.Trim()))
            if (line.StartsWith("[", StringComparison.Ordinal) && line.EndsWith("]", StringComparison.Ordinal))
            {
                if (section.Length > 0)
                    yield return (section, settings);
                section = line.Substring(1, line.Length - 2).Trim();
                settings = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            }
            else if (line.IndexOf('=') is > 0 and var equals && line[0] is not ('#' or ';'))
            {
                settings[line.Substring(0, equals).Trim()] = line.Substring(equals + 1).Trim();
            }

        if (section.Length > 0)
            yield return (section, settings);
    }
}
