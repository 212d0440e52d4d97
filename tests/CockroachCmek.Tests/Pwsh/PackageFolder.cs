using System.IO.Compression;
using CockroachCmek.Rehearsal;

namespace CockroachCmek.Tests.Pwsh;

/// <summary>What src/Packaging/New-Package.ps1 makes of the staged module, in a temporary folder.</summary>
public sealed class PackageFolder : IDisposable
{
    /// <summary>An older version, which differs by its number.</summary>
    public const string OldVersion = "0.1.0";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("crdb-package-test-");

    public PackageFolder()
    {
        var stage = Path.GetDirectoryName(ModuleEngine.StagedManifest)!;
        var script = Path.Combine(Repository.Root, "src", "Packaging", "New-Package.ps1");
        var run = RealPowerShell.Run("-File", script, "-Module", stage, "-Destination", Result("out"));
        Assert.True(run.ExitCode == 0, run.Output);
        Version = Path.GetFileName(NewPackage).Replace("CockroachCmek.", "", StringComparison.Ordinal)[..^6];
    }

    /// <summary>The version of the staged module.</summary>
    public string Version { get; }

    /// <summary>The package for the PowerShell Gallery.</summary>
    public string NewPackage => Directory.GetFiles(Result("out"), "CockroachCmek.*.nupkg").Single();

    /// <summary>A file or folder of the results.</summary>
    public string Result(params string[] parts) => Path.Combine([_folder.FullName, .. parts]);

    /// <summary>A folder with the package and with one of an older version.</summary>
    public string WithOlderPackage()
    {
        var folder = Directory.CreateDirectory(Result("repository")).FullName;
        File.Copy(NewPackage, Path.Combine(folder, Path.GetFileName(NewPackage)));
        var older = Path.Combine(folder, $"CockroachCmek.{OldVersion}.nupkg");
        File.Copy(NewPackage, older);
        using var archive = ZipFile.Open(older, ZipArchiveMode.Update);
        Rewrite(archive, "CockroachCmek.nuspec", $"<version>{Version}</version>", $"<version>{OldVersion}</version>");
        Rewrite(
            archive,
            "CockroachCmek.psd1",
            $"ModuleVersion          = '{Version}'",
            $"ModuleVersion          = '{OldVersion}'"
        );
        return folder;
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static void Rewrite(ZipArchive archive, string name, string before, string after)
    {
        var entry = archive.GetEntry(name)!;
        string text;
        using (var reader = new StreamReader(entry.Open()))
            text = reader.ReadToEnd();
        Assert.Contains(before, text, StringComparison.Ordinal);
        entry.Delete();
        using var writer = new StreamWriter(archive.CreateEntry(name).Open());
        writer.Write(text.Replace(before, after, StringComparison.Ordinal));
    }
}
