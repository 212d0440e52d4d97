using System.Diagnostics;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;

namespace CockroachCmek.Tests.Pwsh;

/// <summary>The packages that are published, and what a user does with them.</summary>
public sealed class InstallTests(PackageFolder packages) : IClassFixture<PackageFolder>
{
    [Fact, Trait("Lane", "Slow")]
    public void The_package_is_installed_used_updated_beside_a_loaded_one_and_removed_by_name()
    {
        // Elsewhere HOME leads to the user's modules; there it is the Documents folder, which no variable moves.
        Assert.SkipWhen(OperatingSystem.IsWindows(), "On Windows this would install into the user's own modules.");
        var (_, home) = RealPowerShell.Run(
            "-Command",
            "if (Get-Command Install-PSResource -ErrorAction Ignore) { $PSHOME }"
        );
        Assert.SkipWhen(string.IsNullOrWhiteSpace(home), "This PowerShell has no PSResourceGet.");

        var run = Run(
            Path.Combine(home.Trim(), "pwsh.dll"),
            "-Packages",
            packages.WithOlderPackage(),
            "-OldVersion",
            PackageFolder.OldVersion,
            "-NewVersion",
            packages.Version
        );

        Assert.True(run.ExitCode == 0, run.Output);
        Assert.Equal(
            [
                $"beside: DISABLED with {PackageFolder.OldVersion}",
                $"updated: ENABLED with {packages.Version}",
                "notices: True",
                "release notes: True",
                "left: 0",
            ],
            run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        );
    }

    [Fact]
    public void The_SBOM_names_every_file_that_is_not_ours_and_the_notices_every_package()
    {
        using var package = ZipFile.OpenRead(packages.NewPackage);
        using var sbom = JsonDocument.Parse(Text(package, "sbom.cdx.json"));
        var components = sbom.RootElement.GetProperty("components").EnumerateArray().ToList();

        var files = components.SelectMany(c => c.GetProperty("properties").EnumerateArray());
        Assert.Equal(
            package
                .Entries.Select(e => e.FullName)
                .Where(n => n.Contains("/deps/", StringComparison.Ordinal))
                .Where(n => !n.Contains("/CockroachCmek.", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal),
            files.Select(f => f.GetProperty("value").GetString()!).Order(StringComparer.Ordinal)
        );
        var notices = Text(package, "THIRD-PARTY-NOTICES.txt");
        Assert.All(components, component =>
        {
            var name = $"{component.GetProperty("name").GetString()} {component.GetProperty("version").GetString()}";
            var license = component.GetProperty("licenses")[0].GetProperty("license").GetProperty("id").GetString();
            Assert.Contains($"\n{name}\n", notices, StringComparison.Ordinal);
            Assert.Contains($"\nLicense {license}\n", notices, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("Core", "Desktop")]
    [InlineData("Desktop", "Core")]
    public void The_zip_of_an_edition_has_the_files_of_that_edition_alone(string edition, string other)
    {
        using var zip = ZipFile.OpenRead(packages.Result("out", $"Automation-{edition}", "CockroachCmek.zip"));
        var names = zip.Entries.Select(e => e.FullName).ToList();
        Assert.Contains($"CockroachCmek/bin/{edition}/deps/CockroachCmek.Core.dll", names);
        Assert.Contains("CockroachCmek/THIRD-PARTY-NOTICES.txt", names);
        Assert.DoesNotContain(names, n => n.Contains($"/{other}/", StringComparison.Ordinal));
        Assert.DoesNotContain($"bin/{other}/", Text(zip, "CockroachCmek/sbom.cdx.json"), StringComparison.Ordinal);
        Assert.Contains(
            $"CompatiblePSEditions   = @('{edition}')",
            Text(zip, "CockroachCmek/CockroachCmek.psd1"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Every_file_has_its_hash_in_SHA256SUMS()
    {
        var listed = File.ReadAllLines(packages.Result("out", "SHA256SUMS")).Select(l => l.Split("  ")).ToList();
        Assert.Equal(4, listed.Count);
        Assert.All(listed, line =>
            Assert.Equal(
                line[0],
                Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(packages.Result("out", line[1]))))
            )
        );
    }

    /// <summary>Runs Install.ps1 with a user's folder of its own. The tool command would look for pwsh there.</summary>
    private (int ExitCode, string Output) Run(string pwsh, params string[] arguments)
    {
        var script = Path.Combine(Repository.Root, "tests", "CockroachCmek.Tests", "Pwsh", "Install.ps1");
        var start = new ProcessStartInfo("dotnet", ["exec", pwsh, "-NoProfile", "-File", script, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["HOME"] = Directory.CreateDirectory(packages.Result("home")).FullName;
        start.Environment["POWERSHELL_TELEMETRY_OPTOUT"] = "1";
        start.Environment["POWERSHELL_UPDATECHECK"] = "Off";
        foreach (var variable in new[] { "PSModulePath", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME" })
            start.Environment.Remove(variable);
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + error.Result);
    }

    private static string Text(ZipArchive archive, string name)
    {
        using var reader = new StreamReader(archive.GetEntry(name)!.Open());
        return reader.ReadToEnd().Replace("\r\n", "\n", StringComparison.Ordinal);
    }
}
