using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using CockroachCmek.Sandbox;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Structure;

/// <summary>
/// Runs tests/Desktop, which is built for .NET Framework, under Mono: Core as Windows PowerShell has it.
/// </summary>
public sealed partial class DesktopRunTests
{
    [Fact]
    public async Task The_half_for_Windows_PowerShell_loads_judges_policies_and_manages_keys()
    {
        var mono = Repository.Program("mono");
        Assert.SkipWhen(mono is null, "Mono is not installed.");
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        var program = Path.Combine([
            Repository.Root,
            "tests",
            "Desktop",
            "bin",
            configuration,
            "net472",
            "CockroachCmek.Desktop.Tests.exe",
        ]);
        Assert.SkipUnless(File.Exists(program), "tests/Desktop is not built: dotnet build tests/Desktop");

        using var server = SandboxServer.Start(new SandboxOptions { TimeScale = 6_000 });
        var start = new ProcessStartInfo(mono!, [program, "-noColor", "-noLogo"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["CRDB_DESKTOP_ENDPOINT"] = server.CloudEndpoint.ToString();
        start.Environment["CRDB_DESKTOP_API_KEY"] = server.Cloud.AdminKey;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();

        Assert.True(process.ExitCode == 0, output + await errors);
        var total = Summary().Match(output);
        Assert.True(int.Parse(total.Groups["total"].Value, CultureInfo.InvariantCulture) > 70, output);
        Assert.Equal("0", total.Groups["skipped"].Value);
    }

    [GeneratedRegex(@"Total: (?<total>\d+), Errors: 0, Failed: 0, Skipped: (?<skipped>\d+)")]
    private static partial Regex Summary();
}
