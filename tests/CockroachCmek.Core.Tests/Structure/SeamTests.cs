using System.Text.RegularExpressions;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Structure;

/// <summary>The rules of docs/architecture.md that the compiler does not check.</summary>
public sealed class SeamTests
{
    private static readonly string Sources = Path.Combine(Repository.Root, "src");
    private static readonly string Core = Path.Combine(Sources, "CockroachCmek.Core");

    [Fact]
    public void No_file_outside_a_cloud_s_folder_names_a_cloud()
    {
        var literal = new Regex("\"(AWS|GCP|AZURE|AWS_KMS|GCP_CLOUD_KMS|AZURE_KEY_VAULT)\"");
        Assert.Empty(Find(literal, path => !Regex.IsMatch(path, @"CockroachCmek\.Core/Keys/(Aws|Gcp|Azure)/")));
    }

    [Fact]
    public void Lost_responses_are_settled_in_one_place() =>
        Assert.Empty(
            Find(new Regex(@"catch \(Exception \w+\)\s+when \((calls\.)?IsResponseLost"), path =>
                !path.EndsWith("Keys/CloudCalls.cs", StringComparison.Ordinal)
            )
        );

    [Fact]
    public void Folders_of_Core_do_not_depend_on_each_other_in_circles()
    {
        var uses = Directory
            .EnumerateFiles(Core, "*.cs", SearchOption.AllDirectories)
            .Where(IsSource)
            .Select(f => (Folder: FolderOf(f), Text: File.ReadAllText(f)))
            .Where(f => f.Folder.Length > 0)
            .GroupBy(f => f.Folder)
            .ToDictionary(
                g => g.Key,
                g => g.SelectMany(f => Namespaces(f.Text)).Where(n => n != g.Key).Distinct().ToList()
            );
        foreach (var folder in uses.Keys)
            Assert.False(Reaches(uses, folder, folder, []), $"{folder} depends on itself through others.");
    }

    private static bool Reaches(
        Dictionary<string, List<string>> uses,
        string from,
        string target,
        HashSet<string> seen
    ) =>
        uses.GetValueOrDefault(from, [])
            .Any(next => next == target || (seen.Add(next) && Reaches(uses, next, target, seen)));

    private static IEnumerable<string> Namespaces(string text) =>
        Regex.Matches(text, @"CockroachCmek\.Core\.((?:Keys\.)?\w+)(?=;)").Select(m => m.Groups[1].Value);

    private static string FolderOf(string file) =>
        Path.GetRelativePath(Core, Path.GetDirectoryName(file)!).Replace(Path.DirectorySeparatorChar, '.').Trim('.');

    private static IEnumerable<string> Find(Regex pattern, Func<string, bool> included) =>
        from project in new[] { "CockroachCmek", "CockroachCmek.Core" }
        from file in Directory.EnumerateFiles(Path.Combine(Sources, project), "*.cs", SearchOption.AllDirectories)
        where IsSource(file)
        let path = Path.GetRelativePath(Sources, file).Replace(Path.DirectorySeparatorChar, '/')
        where included(path)
        from match in pattern.Matches(File.ReadAllText(file))
        select $"{path}: {match.Value}";

    private static bool IsSource(string path) =>
        !path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
        && !path.Contains($"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}", StringComparison.Ordinal);
}
