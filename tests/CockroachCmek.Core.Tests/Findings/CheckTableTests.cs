using System.Reflection;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Findings;

/// <summary>The table of checks: one row for each name, one id for each row, and the page that is made of it.</summary>
public sealed class CheckTableTests
{
    [Fact]
    public void Every_check_has_one_row_and_ids_are_counted_without_a_gap()
    {
        var names = typeof(CmekCheckName)
            .GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(f => (string)f.GetRawConstantValue()!);
        Assert.Equal(names.Order(), CmekCheckTable.All.Select(d => d.Name).Order());
        Assert.Equal(
            Enumerable.Range(1, CmekCheckTable.All.Count).Select(i => $"CMEK{i:000}"),
            CmekCheckTable.All.Select(d => d.Id)
        );
        Assert.All(CmekCheckTable.All, d =>
            Assert.All(new[] { d.Title, d.Why, d.Looks, d.Fix }, text => Assert.EndsWith(".", text))
        );
    }

    /// <summary>An id that is out in the world stays with its check: the first ones stand for all.</summary>
    [Theory]
    [InlineData(CmekCheckName.ApiKeyRole, "CMEK001", CmekSeverity.High)]
    [InlineData(CmekCheckName.KeyUsable, "CMEK017", CmekSeverity.Critical)]
    [InlineData(CmekCheckName.BackupsRecent, "CMEK037", CmekSeverity.High)]
    [InlineData("ACheckOfANewerVersion", "", CmekSeverity.Medium)]
    public void A_check_tells_its_id_and_severity(string name, string id, CmekSeverity severity)
    {
        var check = new CmekCheck { Check = name };
        Assert.Equal((id, severity), (check.Id, check.Severity));
    }

    [Fact]
    public void The_page_of_the_checks_is_made_of_the_table()
    {
        var expected = ChecksPage.Render();
        var made = Path.Combine(Repository.Root, "out", "checks.md");
        Directory.CreateDirectory(Path.GetDirectoryName(made)!);
        File.WriteAllText(made, expected);
        var page = Path.Combine(Repository.Root, "docs", "checks.md");
        Assert.True(
            File.Exists(page) && File.ReadAllText(page).Replace("\r", "") == expected,
            "docs/checks.md differs from the table of checks: copy out/checks.md to docs/checks.md"
        );
    }
}
