using System.Management.Automation;
using System.Management.Automation.Language;
using System.Text.RegularExpressions;
using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Packaging;

/// <summary>README, CONTRIBUTING and the about topics name what exists: cmdlets, parameters, error ids.</summary>
public sealed partial class DocumentTests
{
    private static readonly string Readme = Read("README.md");

    public static TheoryData<string> Documents() =>
        [
            "README.md",
            "CONTRIBUTING.md",
            "docs/architecture.md",
            .. Directory
                .EnumerateFiles(Path.Combine(Repository.Root, "Module", "en-US"), "about_*.help.txt")
                .Select(file => Path.GetRelativePath(Repository.Root, file)),
        ];

    [Fact]
    public void The_README_lists_every_cmdlet_and_links_to_its_page()
    {
        using var session = new ModuleSession();
        var cmdlets = session.Run("(Get-Command -Module CockroachCmek).Name").Succeeds().Output;
        AssertNone(cmdlets.Select(c => c.ToString()).Where(c => !Readme.Contains($"[{c}](docs/cmdlets/{c}.md)")));
    }

    [Fact]
    public void The_README_lists_every_error_id_and_none_that_is_gone()
    {
        var ids = ErrorIds().ToHashSet();
        Assert.Contains("ClusterNotFound", ids);
        Assert.Contains("KeyTooOld", ids);
        var table = Readme[Readme.IndexOf("| What is wrong |", StringComparison.Ordinal)..];
        table = table[..table.IndexOf("\n\n", StringComparison.Ordinal)];
        var listed = CodeSpan()
            .Matches(table)
            .Select(m => m.Groups[1].Value)
            .Where(c => c.All(char.IsLetter))
            .ToHashSet();
        AssertNone(ids.Except(listed));
        var sources = string.Concat(CoreFiles().Select(File.ReadAllText));
        AssertNone(listed.Where(id => !Regex.IsMatch(sources, $@"\b{id}\b")));
    }

    /// <summary>The Gallery shows it as the release notes and takes 35,000 characters.</summary>
    [Fact]
    public void The_newest_section_of_the_changelog_is_that_of_the_version_of_the_manifest()
    {
        var version = Regex.Match(Read("CockroachCmek.psd1"), @"ModuleVersion\s*=\s*'([\d.]+)'").Groups[1].Value;
        var sections = Read("CHANGELOG.md").Split("\n## ");
        Assert.Equal(version, sections[1].Split('\n')[0].Trim());
        Assert.InRange(sections[1].Length, 1, 35_000);
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Every_command_in_a_document_exists_with_its_parameters(string document)
    {
        using var session = new ModuleSession();
        var problems = new List<string>();
        foreach (var command in CommandsOf(Read(document)))
        {
            var name = command.GetCommandName()!;
            var known = session.Run($"Get-Command {name} -Module CockroachCmek -ErrorAction Ignore").Output;
            if (known.Count == 0)
            {
                problems.Add($"{name} does not exist: {command.Extent.Text}");
                continue;
            }

            var parameters = ((CommandInfo)known[0].BaseObject).Parameters;
            problems.AddRange(
                command
                    .CommandElements.OfType<CommandParameterAst>()
                    .Where(p => !IsParameter(parameters, p.ParameterName))
                    .Select(p => $"{name} has no -{p.ParameterName}: {command.Extent.Text}")
            );
        }

        AssertNone(problems);
    }

    [Fact]
    public void Every_link_to_a_file_leads_to_one()
    {
        var documents = Directory
            .EnumerateFiles(Repository.Root, "*.md")
            .Concat(
                Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories)
            );
        var broken =
            from document in documents
            from Match link in FileLink().Matches(File.ReadAllText(document))
            let target = Path.Combine(Path.GetDirectoryName(document)!, link.Groups[1].Value)
            where !File.Exists(target)
            select $"{Path.GetRelativePath(Repository.Root, document)}: {link.Groups[1].Value}";
        AssertNone(broken);
    }

    private static void AssertNone(IEnumerable<string> problems)
    {
        var all = string.Join("\n", problems);
        Assert.True(all.Length == 0, all);
    }

    /// <summary>The module's commands in fenced blocks, code spans, and indented blocks of an about topic.</summary>
    private static IEnumerable<CommandAst> CommandsOf(string text) =>
        PowerShellBlock()
            .Matches(text)
            .Select(m => m.Groups[1].Value)
            .Concat(CodeSpan().Matches(text).Select(m => m.Groups[1].Value).Where(c => c.Contains("-Crdb")))
            .Concat(AboutBlock().Matches(text).Select(m => m.Value))
            .SelectMany(code =>
                Parser
                    .ParseInput(code, out _, out _)
                    .FindAll(node => node is CommandAst, searchNestedScriptBlocks: true)
            )
            .Cast<CommandAst>()
            .Where(c => c.GetCommandName()?.Contains("-Crdb", StringComparison.Ordinal) == true);

    private static bool IsParameter(Dictionary<string, ParameterMetadata> parameters, string name) =>
        parameters.Any(p => p.Key.Equals(name, StringComparison.OrdinalIgnoreCase) || p.Value.Aliases.Contains(name));

    /// <summary>The id of an error is its method's name, unless it gives another. A check gives its own.</summary>
    private static IEnumerable<string> ErrorIds()
    {
        foreach (var file in CoreFiles())
        {
            var text = File.ReadAllText(file);
            foreach (Match check in CheckErrorId().Matches(text))
                yield return check.Groups[1].Value;
            if (!Path.GetFileName(file).Contains("Errors", StringComparison.Ordinal))
                continue;
            foreach (var method in text.Split("static CmekException ").Skip(1).Where(IsError))
                yield return GivenId().Match(method) is { Success: true } given
                    ? given.Groups[1].Value
                    : Id().Match(method).Value;
        }
    }

    private static bool IsError(string method) =>
        method.Contains("Make(", StringComparison.Ordinal) && !method.StartsWith("Make(", StringComparison.Ordinal);

    private static IEnumerable<string> CoreFiles() =>
        Directory.EnumerateFiles(
            Path.Combine(Repository.Root, "src", "CockroachCmek.Core"),
            "*.cs",
            SearchOption.AllDirectories
        );

    private static string Read(string file) => File.ReadAllText(Path.Combine(Repository.Root, file));

    [GeneratedRegex(@"```powershell\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex PowerShellBlock();

    [GeneratedRegex(@"(?<!`)`([^`\n]+)`(?!`)")]
    private static partial Regex CodeSpan();

    [GeneratedRegex(@"(?:^ {8}.*\n)+", RegexOptions.Multiline)]
    private static partial Regex AboutBlock();

    [GeneratedRegex("^[A-Z][A-Za-z]+")]
    private static partial Regex Id();

    [GeneratedRegex(@"\bid: (?:nameof\((?:\w+\.)?|"")(\w+)")]
    private static partial Regex GivenId();

    [GeneratedRegex(@"\.(?:Warn|Fail)\(\s*CmekCheckName\.\w+,\s*""(\w+)""")]
    private static partial Regex CheckErrorId();

    [GeneratedRegex(@"\]\((?!https?:)([^)#]+)\)")]
    private static partial Regex FileLink();
}
