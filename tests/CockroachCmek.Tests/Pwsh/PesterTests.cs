using System.Management.Automation.Language;
using System.Text.Json;

namespace CockroachCmek.Tests.Pwsh;

/// <summary>Runs tests/Pester in a real pwsh on the staged module. Each It is one test case.</summary>
public sealed class PesterTests(PesterTests.Suite suite) : IClassFixture<PesterTests.Suite>
{
    private static readonly string Folder = Path.Combine(Repository.Root, "tests", "Pester");

    /// <summary>Every It of the suite, read from the scripts: "Describe: It".</summary>
    public static IEnumerable<TheoryDataRow<string>> Names =>
        Directory
            .GetFiles(Folder, "*.Tests.ps1")
            .SelectMany(NamesIn)
            .Select(name => new TheoryDataRow<string>(name) { Label = name });

    [Theory]
    [MemberData(nameof(Names))]
    public void Passes_in_pwsh(string name)
    {
        // An It with -ForEach has several results.
        var results = suite.Tests.Where(t => t.Path == name).ToList();
        Assert.True(results.Count > 0, $"pwsh did not run '{name}'.\n{suite.Problems}");
        var failed = results.Where(t => t.Result != "Passed").Select(t => $"{t.Name}: {t.Result}\n{t.Message}");
        Assert.True(results.TrueForAll(t => t.Result == "Passed"), string.Join("\n", failed));
    }

    [Fact]
    public void The_suite_runs_in_PowerShell_7_6_without_other_errors()
    {
        Assert.Equal("", suite.Problems);
        Assert.Equal(Names.Select(n => n.Data).Order(), suite.Tests.Select(t => t.Path).Distinct().Order());
        Assert.Equal(
            "7.6",
            RealPowerShell
                .Run("-Command", "'{0}.{1}' -f $PSVersionTable.PSVersion.Major, $PSVersionTable.PSVersion.Minor")
                .Output.Trim()
        );
    }

    private static IEnumerable<string> NamesIn(string path)
    {
        var script = Parser.ParseFile(path, out _, out var errors);
        Assert.Empty(errors);
        return script
            .FindAll(a => a is CommandAst command && command.GetCommandName() == "It", searchNestedScriptBlocks: true)
            .Select(it => string.Join(": ", Blocks(it).Reverse()));
    }

    /// <summary>The name of the It, then those of the blocks around it, from the inside out.</summary>
    private static IEnumerable<string> Blocks(Ast ast)
    {
        for (var current = ast; current is not null; current = current.Parent)
            if (current is CommandAst command && command.GetCommandName() is "It" or "Describe" or "Context")
                yield return ((StringConstantExpressionAst)((CommandAst)current).CommandElements[1]).Value;
    }

    /// <summary>One run of the whole suite in pwsh.</summary>
    public sealed class Suite
    {
        public Suite()
        {
            var file = Path.Combine(Path.GetTempPath(), $"crdb-pester-{Guid.NewGuid():N}.json");
            try
            {
                var run = RealPowerShell.Run(
                    "-File",
                    Path.Combine(Folder, "Run.ps1"),
                    RealPowerShell.BuildValue("PesterManifest"),
                    file
                );
                Assert.True(File.Exists(file), $"Pester wrote no results. Exit code {run.ExitCode}:\n{run.Output}");
                var results = JsonSerializer.Deserialize<Results>(File.ReadAllText(file))!;
                Tests = results.Tests;
                Problems = string.Join("\n", results.Errors);
            }
            finally
            {
                File.Delete(file);
            }
        }

        internal IReadOnlyList<ItResult> Tests { get; }

        /// <summary>Errors outside any It, of a script that cannot be parsed for example.</summary>
        public string Problems { get; }
    }

    private sealed record Results(IReadOnlyList<ItResult> Tests, IReadOnlyList<string> Errors);

    internal sealed record ItResult(string Path, string Name, string Result, string Message);
}
