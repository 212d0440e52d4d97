using System.Diagnostics;
using System.Reflection;
using System.Text;

namespace CockroachCmek.Tests.Pwsh;

/// <summary>The pwsh of the tool manifest, which the build restores.</summary>
internal static class RealPowerShell
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <summary>A value that the build compiled into the test assembly.</summary>
    public static string BuildValue(string key) =>
        typeof(RealPowerShell)
            .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(a => a.Key == key)
            .Value!;

    /// <summary>
    /// Runs pwsh without profiles, telemetry or update check. Its caches go to a folder of their own.
    /// </summary>
    public static (int ExitCode, string Output) Run(params string[] arguments)
    {
        var caches = Directory.CreateTempSubdirectory("crdb-pwsh-").FullName;
        try
        {
            var start = new ProcessStartInfo("dotnet", ["tool", "run", "pwsh", "-NoProfile", "-NonInteractive"])
            {
                WorkingDirectory = Repository.Root,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                StandardOutputEncoding = Encoding.UTF8,
            };
            foreach (var argument in arguments)
                start.ArgumentList.Add(argument);
            start.Environment["POWERSHELL_TELEMETRY_OPTOUT"] = "1";
            start.Environment["POWERSHELL_UPDATECHECK"] = "Off";
            start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
            foreach (var folder in new[] { "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME" })
                start.Environment[folder] = caches;
            using var process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEndAsync();
            var error = process.StandardError.ReadToEndAsync();
            if (!process.WaitForExit(Limit))
            {
                process.Kill(entireProcessTree: true);
                return (-1, $"pwsh did not end within {Limit}.");
            }

            return (process.ExitCode, output.Result + error.Result);
        }
        finally
        {
            Directory.Delete(caches, recursive: true);
        }
    }
}
