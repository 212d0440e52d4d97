using System.Text.RegularExpressions;
using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.CutPoints;

/// <summary>
/// Promises 1 and 2: a write that lost its connection anywhere and runs again ends as a clean run does, with as many
/// keys, versions, grants and requests.
/// </summary>
[Trait("Lane", "Slow")]
public abstract class CutPointTests(CutPointHarness harness) : IClassFixture<CutPointHarness>
{
    /// <summary>How fast time runs in the sandbox.</summary>
    protected virtual double TimeScale => 20_000;

    /// <summary>What is in the clouds, without what differs from run to run.</summary>
    protected abstract string State(ModuleSession session);

    /// <summary>Restores what is not in the sandbox, a file for example, before each run.</summary>
    protected virtual void Reset() { }

    /// <summary>Cuts every request of a write. See <see cref="CutScenario"/>.</summary>
    protected void Cut(string action, string? setup, string write, int atLeast) =>
        harness.Verify(new CutScenario(setup, write, State, TimeScale, Reset), action, atLeast);

    /// <summary>
    /// Replaces ids by numbers, in the order in which the text names them: they differ from run to run.
    /// </summary>
    protected static string Numbered(string text)
    {
        // Vault ends the names of what it distributes with the time.
        text = Regex.Replace(text, "(?<=crdb-cmek-[0-9a-f]{12}(-g[0-9]+)?)-[0-9]{9,}", "");
        var number = 0;
        foreach (
            var form in new[]
            {
                "(mrk-)?[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
                "(?<=crdb-cmek-|crl-kms-user-)[0-9a-f]{12}",
            }
        )
        foreach (var id in Regex.Matches(text, form).Select(m => m.Value).Distinct())
            text = text.Replace(id, $"<{number++}>", StringComparison.Ordinal);
        return text;
    }

    /// <summary>The CMEK of a cluster as the module shows it: status, and each region with its keys.</summary>
    protected static IReadOnlyList<string> Cmek(ModuleSession session, string cluster) =>
        [
            .. session
                .Run(
                    $$"""
                    $info = Get-CrdbCmek {{cluster}}
                    $info.Status
                    foreach ($region in $info.Regions) {
                        foreach ($key in $region.Keys) { "$($region.Region) $($key.Status) $($key.KeyUri)" }
                    }
                    """
                )
                .Succeeds()
                .Output.Select(line => line.ToString()!),
        ];
}
