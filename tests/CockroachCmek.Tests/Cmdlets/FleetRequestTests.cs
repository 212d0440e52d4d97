using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>What a fleet costs: CockroachDB Cloud allows ten requests a second, whatever they ask.</summary>
public sealed class FleetRequestTests
{
    private const int Clusters = 40;

    // Slow enough for the limiter to space requests evenly, and for a list to stay good for some seconds.
    private const string Fleet = "$sandbox = Start-CrdbSandbox -TimeScale 4 -Record " + "-ClusterCount 54";

    [Theory]
    [InlineData("Get-CrdbCmek fleet-*", 1)]
    [InlineData("Get-CrdbCluster fleet-* | Test-CrdbCmek -ThrottleLimit 8", 2)]
    public void Each_cluster_of_a_fleet_costs_what_the_lists_do_not_tell(string command, int each)
    {
        using var session = new ModuleSession();
        session.Run(Fleet).Succeeds();
        var result = session.Run($"$before = $sandbox.Exchanges.Count; {command}").Succeeds();
        Assert.Equal(Clusters, result.Output.Select(o => o.Text("ClusterName")).Distinct().Count());
        var asked = session
            .Run(
                "$sandbox.Exchanges | Where-Object { $_.Service -eq 'cloud' -and $_.Status -eq 200 -and $_.Index -gt $before } | "
                    + "ForEach-Object { ($_.Target -split '\\?')[0] -replace '[0-9a-f-]{36}', 'id' }"
            )
            .Output.CountBy(o => o.ToString()!)
            .ToDictionary();
        // The list is read again every half minute.
        Assert.True(asked.Remove("/api/v1/clusters", out var lists) && lists <= 8, $"{lists} lists");
        Assert.Equal(each, asked.Count);
        Assert.All(asked, path => Assert.Equal(Clusters, path.Value));
    }

    [Fact]
    public void Nodes_are_read_where_a_check_fails_or_on_request()
    {
        using var session = ModuleSession.WithSandbox();
        Assert.Empty(Nodes("Test-CrdbCmek prod-eu-old"));
        Assert.Single(Nodes("Test-CrdbCmek prod-eu-old -IncludeNode"));
        Assert.Single(Nodes("Test-CrdbCmek prod-eu-old -MaxKeyAge 1"));

        IEnumerable<object> Nodes(string command) =>
            session.Run($"{command} | Where-Object Check -eq NodesReady").Succeeds().Output;
    }
}
