using System.Diagnostics;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Structure;

/// <summary>How source and documents look: the formatter, the length of lines and of files.</summary>
public sealed class StyleTests
{
    private const int LongestLine = 120;
    private const int LongestFile = 300;

    private static readonly string[] Folders = ["src", "tests"];

    [Fact]
    public void Fewer_than_one_C_sharp_line_in_two_hundred_is_too_long()
    {
        var lines = Sources().SelectMany(f => File.ReadAllLines(f).Select(l => (File: f, l.Length))).ToList();
        var tooLong = lines.Where(l => l.Length > LongestLine).Select(l => l.File).ToList();
        Assert.True(tooLong.Count * 200 < lines.Count, string.Join("\n", tooLong.Distinct()));
    }

    [Fact]
    public void No_file_has_two_jobs() =>
        Assert.DoesNotContain(Sources(), f => File.ReadAllLines(f).Length > LongestFile);

    /// <summary>Tables cannot be wrapped; links and generated syntax lines should not be.</summary>
    [Fact]
    public void Documents_are_wrapped()
    {
        string[] folders = [Repository.Root, Path.Combine(Repository.Root, "docs")];
        var tooLong =
            from file in folders.SelectMany(f => Directory.EnumerateFiles(f, "*.md"))
            from line in File.ReadLines(file)
            where
                line.Length > LongestLine && !line.StartsWith('|') && !line.Contains("](http", StringComparison.Ordinal)
            select $"{Path.GetFileName(file)}: {line}";
        Assert.Empty(tooLong);
    }

    [Fact]
    [Trait("Lane", "Slow")]
    public async Task Every_file_is_formatted()
    {
        var start = new ProcessStartInfo("dotnet", ["csharpier", "check", .. Folders])
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var cancellation = TestContext.Current.CancellationToken;
        var output = process.StandardOutput.ReadToEndAsync(cancellation);
        var errors = process.StandardError.ReadToEndAsync(cancellation);
        await process.WaitForExitAsync(cancellation);
        Assert.True(process.ExitCode == 0, $"Run: dotnet csharpier format .\n{await output}{await errors}");
    }

    private static IEnumerable<string> Sources() =>
        Folders
            .SelectMany(f =>
                Directory.EnumerateFiles(Path.Combine(Repository.Root, f), "*.cs", SearchOption.AllDirectories)
            )
            .Where(f =>
                !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
                && !f.Contains(
                    $"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}",
                    StringComparison.Ordinal
                )
            );
}
