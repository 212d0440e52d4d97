using System.Diagnostics;
using System.Text.RegularExpressions;

namespace CockroachCmek.Tests.Pwsh;

/// <summary>What a newcomer runs and sees first: the README's first command and its picture.</summary>
public sealed partial class RehearsalTests
{
    [Fact]
    public async Task The_rehearsal_tells_one_story_on_a_few_screens_and_says_what_to_try_next()
    {
        var output = await RunAsync();

        var lines = output.Split('\n');
        Assert.True(lines.Length < 150, $"{lines.Length} lines");
        Assert.Contains("prod-eu: ENABLED (Created)", output, StringComparison.Ordinal);
        Assert.Contains("prod-eu: REVOKED (Updated)", output, StringComparison.Ordinal);
        Assert.Contains("-- --shell", lines[^3], StringComparison.Ordinal);
        Assert.Contains("-- --all", lines[^2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_pictures_of_the_README_show_what_the_module_shows_today()
    {
        var folder = Directory.CreateTempSubdirectory("crdb-pictures-").FullName;
        try
        {
            await RunAsync("--pictures", folder);
            foreach (var drawn in Directory.GetFiles(folder, "*.svg"))
            {
                var kept = Path.Combine(Repository.Root, "docs", "pictures", Path.GetFileName(drawn));
                Assert.True(
                    File.Exists(kept) && Structure(kept).SequenceEqual(Structure(drawn)),
                    $"docs/pictures/{Path.GetFileName(drawn)} is out of date. Run: "
                        + "dotnet run --project src/CockroachCmek.Rehearsal -- --pictures\n"
                        + string.Join("\n", Structure(drawn))
                );
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The lines of a picture without ids, times, and the progress, which depends on the moment.</summary>
    private static IEnumerable<string> Structure(string file) =>
        File.ReadLines(file)
            .Where(l => l.StartsWith("  <text ", StringComparison.Ordinal))
            .Where(l => !Progress().IsMatch(l))
            .Select(l => Changing().Replace(l, ""));

    private static async Task<string> RunAsync(params string[] arguments)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "CockroachCmek.Rehearsal.dll");
        var start = new ProcessStartInfo("dotnet", ["exec", program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var error = process.StandardError.ReadToEndAsync(limit.Token);
        var output = await process.StandardOutput.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        Assert.True(process.ExitCode == 0, output + await error);
        return output.Replace("\r", "", StringComparison.Ordinal);
    }

    [GeneratedRegex(@"> +\[.*\]</tspan></text>$|…</tspan></text>$")]
    private static partial Regex Progress();

    [GeneratedRegex(@" y=""\d+""|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\d \d\d:\d\dZ")]
    private static partial Regex Changing();
}
