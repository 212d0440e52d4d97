using System.Management.Automation;
using System.Text.RegularExpressions;
using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Packaging;

/// <summary>
/// Every command of this module that a message names exists, with the parameters that the message gives it.
/// </summary>
[Collection(OneAtATime.Name)]
public sealed partial class AdviceTests
{
    [Fact]
    public void Every_command_in_every_message_exists_with_those_parameters()
    {
        using var session = new ModuleSession();
        var commands = session
            .Run("Get-Command -Module CockroachCmek")
            .Succeeds()
            .Output.Select(c => (CmdletInfo)c.BaseObject)
            .ToDictionary(c => c.Name, ParametersOf, StringComparer.Ordinal);
        var advice = Messages().SelectMany(m => CommandsIn(m.Text).Select(c => (m.File, Command: c))).ToList();
        Assert.True(advice.Count > 100, $"Only {advice.Count} commands were found in the messages.");
        var wrong = advice.SelectMany(a => Problems(a.Command, commands).Select(p => $"{a.File}: {p}: {a.Command}"));
        Assert.Empty(wrong.Distinct());
    }

    [Theory]
    [InlineData("Get-CrdbCluster x | New-CrdbCmekKey -NoSuch x", "New-CrdbCmekKey has no -NoSuch")]
    [InlineData("Get-CrdbClusters", "Get-CrdbClusters does not exist")]
    [InlineData("Get-CrdbCmek x -ProfileName x", "Get-CrdbCmek has no -ProfileName")]
    public void A_wrong_command_is_found(string message, string problem)
    {
        using var session = new ModuleSession();
        var commands = session
            .Run("Get-Command -Module CockroachCmek")
            .Output.Select(c => (CmdletInfo)c.BaseObject)
            .ToDictionary(c => c.Name, ParametersOf, StringComparer.Ordinal);
        Assert.Equal([problem], CommandsIn(message).SelectMany(c => Problems(c, commands)));
    }

    [Fact]
    public void Concatenated_and_interpolated_literals_are_read_as_one_text()
    {
        const string source = "M($\"Get-CrdbCmek {string.Join(\", \", a)}\" + \" -Session s\");";
        Assert.Equal([", ", "Get-CrdbCmek x -Session s"], CSharpStrings.Of(source));
    }

    private static IEnumerable<(string File, string Text)> Messages() =>
        from folder in new[] { "CockroachCmek", "CockroachCmek.Core" }
        let root = Path.Combine(Repository.Root, "src", folder)
        from file in Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
        where !Path.GetRelativePath(root, file).StartsWith("obj", StringComparison.Ordinal)
        from text in CSharpStrings.Of(File.ReadAllText(file))
        select (Path.GetFileName(file), text);

    /// <summary>Each command with what follows it, up to the end of the pipeline element, sentence or remark.</summary>
    private static IEnumerable<string> CommandsIn(string message) =>
        Command().Matches(message).Select(m => m.Value.Trim());

    private static IEnumerable<string> Problems(string command, Dictionary<string, HashSet<string>> commands)
    {
        var name = Name().Match(command).Value;
        if (!commands.TryGetValue(name, out var parameters))
            return [$"{name} does not exist"];
        return Parameter()
            .Matches(command)
            .Select(m => m.Groups[1].Value)
            .Where(p => !parameters.Contains(p))
            .Select(p => $"{name} has no -{p}");
    }

    /// <summary>Names and aliases of the parameters that help shows.</summary>
    private static HashSet<string> ParametersOf(CmdletInfo command) =>
        command
            .Parameters.Values.Where(p => !p.Attributes.OfType<ParameterAttribute>().Any(a => a.DontShow))
            .SelectMany(p => p.Aliases.Append(p.Name))
            .ToHashSet(StringComparer.OrdinalIgnoreCase);

    [GeneratedRegex(@"\b[A-Z][a-z]+-Crdb[A-Za-z]+(?:(?!   |\. |\.$|[|;()\r\n]|[A-Z][a-z]+-Crdb).)*")]
    private static partial Regex Command();

    [GeneratedRegex("^[A-Z][a-z]+-Crdb[A-Za-z]+")]
    private static partial Regex Name();

    [GeneratedRegex(@"(?<= )-([A-Z][A-Za-z]+)")]
    private static partial Regex Parameter();
}
