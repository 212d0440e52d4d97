using System.Text;
using System.Text.RegularExpressions;
using CockroachCmek.Sandbox;

namespace CockroachCmek.Core.Tests.Azure;

/// <summary>The next write that matches a pattern loses its connection.</summary>
/// <param name="pattern">A regular expression over method, target and body.</param>
internal sealed class AzureCut(AzureWorld world, string pattern, FaultAction action)
{
    private readonly int _before = world.Exchanges.Count;

    public AzureCut Arm()
    {
        world.Server.Faults.Add(
            new FaultRule
            {
                Service = "azure",
                Pattern = pattern,
                Action = action,
            }
        );
        return this;
    }

    /// <summary>
    /// Asserts that the connection broke, and that Azure processed each matching write exactly once. .NET itself
    /// repeats a DELETE on a broken connection; the second one finds nothing (204).
    /// </summary>
    public void AssertProcessedOnce()
    {
        var matching = world.Exchanges.Skip(_before).Where(e => Regex.IsMatch(Describe(e), pattern)).ToList();
        Assert.Single(matching, e => e.Fault == action);
        var processed = matching.Where(e => IsProcessed(e.Request.Method, e.Response?.Status ?? e.LostStatus)).ToList();
        Assert.NotEmpty(processed);
        Assert.Equal(processed.Select(Describe).Distinct(), processed.Select(Describe));
    }

    private static bool IsProcessed(string method, int? status) =>
        status is >= 200 and < 300 && !(method == "DELETE" && status == 204);

    private static string Describe(RecordedExchange exchange) =>
        $"{exchange.Request.Method} {exchange.Request.RawTarget}  {Encoding.UTF8.GetString(exchange.Request.Body)}";
}
