using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>Get-CrdbCmekHistory: several sources on one time line, and what could not be read.</summary>
public sealed class HistoryTests
{
    [Fact]
    public void A_rotation_is_on_the_time_line_of_each_source_that_knows_it()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        session.Run("$null = Invoke-CrdbCmekRotation prod-eu-old -Wait; $n = $sandbox.Exchanges.Count").Succeeds();
        var lines = session.Run("Get-CrdbCmekHistory prod-eu-*, prod-us").Succeeds().Output;
        var update = lines.First(l => l.Text("Action") == "CmekUpdated");
        Assert.Equal(
            ("prod-eu-old", "the service account 'sandbox-admin'", "CockroachDB Cloud audit log", ""),
            (update.Text("ClusterName"), update.Text("Who"), update.Text("Source"), update.Text("Error"))
        );
        Assert.True(update.Text("RequestId").Length > 0);
        Assert.Contains(lines, l =>
            l.Text("Action") is "KeyTakenUp" or "KeyStatusChanged" && l.Text("Region") == "eu-west-1"
        );
        Assert.Contains(lines, l =>
            l.Text("Action") == "KeyRotated" && l.Text("KeyUri").StartsWith("arn:aws:kms", StringComparison.Ordinal)
        );
        var times = lines
            .Where(l => l.Text("ClusterName") == "prod-eu-old")
            .Select(l => (DateTimeOffset)l.Properties["Time"].Value)
            .ToList();
        Assert.Equal(times.OrderDescending(), times);
        // The audit log has no filter: it is read once for all clusters, and nothing is written.
        var asked = session
            .Run("$sandbox.Exchanges | Where-Object { $_.Index -gt $n -and $_.Service -eq 'cloud' }")
            .Output;
        Assert.Single(asked, e => e.Text("Target").Contains("auditlogevents", StringComparison.Ordinal));
        Assert.All(asked, e => Assert.Equal("GET", e.Text("Method")));
    }
}
