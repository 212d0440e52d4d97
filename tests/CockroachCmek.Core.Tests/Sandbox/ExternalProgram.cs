using System.Diagnostics;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Runs clients that this project did not write: node, npm, gcloud.</summary>
internal static class ExternalProgram
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    public sealed record Result(int ExitCode, string Output, string Error);

    /// <summary>Installs npm packages into a folder. Skips the test where that is impossible.</summary>
    public static async Task InstallNpmAsync(string folder, params string[] packages)
    {
        Assert.SkipWhen(
            Repository.Program("node") is null || Repository.Program("npm") is null,
            "node and npm are not on PATH."
        );
        string[] options = ["install", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts"];
        var result = await RunAsync("npm", folder, null, [.. options, .. packages]);
        Assert.SkipWhen(
            result.ExitCode != 0,
            $"npm could not install {string.Join(" and ", packages)}: {result.Error}"
        );
    }

    /// <param name="environment">Additional variables; null removes a variable.</param>
    public static async Task<Result> RunAsync(
        string program,
        string folder,
        IReadOnlyDictionary<string, string?>? environment,
        params string[] arguments
    )
    {
        var start = new ProcessStartInfo(Repository.Program(program)!, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
            if (value is null)
                start.Environment.Remove(name);
            else
                start.Environment[name] = value;
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            var (output, error) = (
                process.StandardOutput.ReadToEndAsync(limit.Token),
                process.StandardError.ReadToEndAsync(limit.Token)
            );
            await process.WaitForExitAsync(limit.Token);
            return new Result(process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }
}
