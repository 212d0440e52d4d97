using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Packaging;

/// <summary>The build writes the pages of the cmdlets to out/cmdlets; docs/cmdlets holds the committed ones.</summary>
public sealed class CmdletPageTests
{
    private const string Regenerate = "Run: dotnet build src/CockroachCmek -p:UpdateCmdletPages=true";

    private static readonly string Committed = Path.Combine(Repository.Root, "docs", "cmdlets");
    private static readonly string Generated = Path.Combine(Repository.Root, "out", "cmdlets");

    [Fact]
    public void The_committed_pages_are_those_that_the_build_generates()
    {
        Assert.True(Directory.Exists(Committed), $"docs/cmdlets does not exist. {Regenerate}");
        var (committed, generated) = (Read(Committed), Read(Generated));
        var differing = committed
            .Keys.Union(generated.Keys)
            .Where(page => committed.GetValueOrDefault(page) != generated.GetValueOrDefault(page))
            .Order(StringComparer.Ordinal)
            .ToList();
        Assert.True(
            differing.Count == 0,
            $"docs/cmdlets differs from the cmdlets' XML docs in {string.Join(", ", differing)}. {Regenerate}"
        );
    }

    [Fact]
    public void Help_shows_the_default_values_of_parameters()
    {
        using var session = new ModuleSession();
        Assert.Equal("5", DefaultOf(session, "Get-CrdbCmek", "ThrottleLimit"));
        Assert.Equal("False", DefaultOf(session, "Enable-CrdbCmek", "Wait"));
        Assert.Equal("None", DefaultOf(session, "Enable-CrdbCmek", "Manifest"));
    }

    private static string DefaultOf(ModuleSession session, string cmdlet, string parameter) =>
        session.Run($"(Get-Help {cmdlet} -Parameter {parameter}).defaultValue").Succeeds().Single().ToString();

    private static Dictionary<string, string> Read(string folder) =>
        Directory
            .EnumerateFiles(folder, "*.md")
            .ToDictionary(
                f => Path.GetFileName(f),
                f => File.ReadAllText(f).Replace("\r\n", "\n", StringComparison.Ordinal)
            );
}
