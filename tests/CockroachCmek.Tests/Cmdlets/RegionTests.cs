using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>Regions that join a cluster with CMEK.</summary>
public sealed class RegionTests
{
    [Fact]
    public void A_multi_region_key_is_replicated_and_the_whole_map_is_sent()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        session
            .Run(
                "$null = Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion | "
                    + "New-CrdbCmekManifest | Enable-CrdbCmek -Wait"
            )
            .Succeeds();
        var cluster = session
            .Run("Get-CrdbCluster prod-eu | Add-CrdbCmekRegion eu-north-1 -NodeCount 4 -Wait")
            .Succeeds()
            .Single();
        Assert.Equal("CREATED", cluster.Text("State"));
        Assert.Equal(
            ["eu-west-1 3", "eu-central-1 3", "eu-north-1 4"],
            session
                .Run("(Get-CrdbCluster prod-eu).Regions | ForEach-Object { \"$($_.Name) $($_.NodeCount)\" }")
                .Output.Select(o => o.ToString())
        );
        var ids = session
            .Run("(Get-CrdbCmek prod-eu).Regions | ForEach-Object { $_.Status; ($_.Keys[0].KeyUri -split '/')[-1] }")
            .Output.Select(o => o.ToString()!)
            .ToList();
        Assert.Equal(3, ids.Count(i => i == "ENABLED"));
        Assert.Single(ids.Where(i => i != "ENABLED").Distinct());
        var body = System.Text.Json.Nodes.JsonNode.Parse(
            session.Run("($sandbox.Exchanges | Where-Object Method -eq PATCH).RequestBody").Single().ToString()!
        )!["dedicated"]!;
        Assert.Equal(3, body["region_nodes"]!.AsObject().Count);
        Assert.Equal("eu-north-1", body["cmek_region_specs"]!.AsArray().Single()!["region"]!.GetValue<string>());
        // The key's alias is in the new region too, so that the next run of New-CrdbCmekKey finds it there.
        Assert.Equal(
            ["Existing", "Existing", "Existing"],
            session
                .Run(
                    "Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion | ForEach-Object Outcome"
                )
                .Succeeds()
                .Output.Select(o => o.ToString())
        );
        Assert.True((bool)session.Run("Test-CrdbCmek prod-eu -Quiet").Single().BaseObject);
    }

    [Fact]
    public void A_key_of_one_s_own_is_taken_where_it_is_given()
    {
        using var session = ModuleSession.WithSandbox();
        session.Run("$key = Get-CrdbCluster prod-us | New-CrdbCmekRole | New-CrdbCmekKey -Region us-west-2").Succeeds();
        session
            .Run("$null = Add-CrdbCmekRegion us-west-2 -Cluster prod-eu-old -KeyUri $key.KeyUri")
            .FailsWith("KeyNotGranted");
        session
            .Run("$null = Add-CrdbCmekRegion us-west-2 -Cluster prod-eu-old -KeyUri $key.KeyUri -Grant -Wait")
            .Succeeds();
        Assert.Equal(
            session.Run("$key.KeyUri").Single().ToString(),
            session
                .Run("((Get-CrdbCmek prod-eu-old).Regions | Where-Object Region -eq us-west-2).Keys[0].KeyUri")
                .Single()
                .ToString()
        );
    }

    [Fact]
    public void What_would_cost_a_region_or_a_node_is_refused()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        session.Run("Add-CrdbCmekRegion eu-central-1 -Cluster prod-eu-old -NodeCount 2").FailsWith("TooFewNodes");
        session.Run("Add-CrdbCmekRegion eu-west-1 -Cluster prod-eu-old -NodeCount 5").FailsWith("RegionExists");
        var both = session
            .Run("Add-CrdbCmekRegion eu-west-1, eu-central-1 -Cluster prod-eu-old -NodeCount 5")
            .FailsWith("RegionExists");
        Assert.StartsWith(
            "Add-CrdbCmekRegion eu-central-1 -Cluster prod-eu-old -NodeCount 5 ",
            both.ErrorDetails.RecommendedAction,
            StringComparison.Ordinal
        );
        session
            .Run("Add-CrdbCmekRegion eu-central-1 -Cluster prod-eu-old -MachineType 'not a machine'")
            .FailsWith("MachineTypeMalformed");
        session.Run("Add-CrdbCmekRegion eu-west-1 -Cluster dev-aws").FailsWith("CmekNotEnabled");
        Assert.Empty(
            session
                .Run(
                    "$sandbox.Exchanges | Where-Object { $_.Method -eq 'PATCH' -or $_.Operation -match "
                        + "'Create|Replicate' }"
                )
                .Output
        );
        // There already, as asked for: nothing to do.
        session.Run("Add-CrdbCmekRegion eu-west-1 -Cluster prod-eu-old -NodeCount 3").Succeeds();
    }

    [Fact]
    public void A_region_that_is_not_offered_is_refused_with_the_nearest_name_before_a_key_is_created()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        var error = session
            .Run("Add-CrdbCmekRegion eu-centrall-1 -Cluster prod-eu-old")
            .FailsWith("RegionNotAvailable");
        Assert.Contains("eu-central-1", error.ErrorDetails.Message, StringComparison.Ordinal);
        Assert.Equal("Add-CrdbCmekRegion eu-central-1 -Cluster prod-eu-old", error.ErrorDetails.RecommendedAction);
        Assert.Empty(session.Run("$sandbox.Exchanges | Where-Object Operation -match 'Create|Replicate'").Output);
    }

    [Fact]
    public void A_new_region_gets_the_machines_that_were_asked_for_and_a_mixed_cluster_needs_them_said()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        var foreign = session
            .Run("Add-CrdbCmekRegion eu-central-1 -Cluster prod-eu-old -MachineType n2-standard-4")
            .FailsWith("MachineTypeRefused");
        Assert.Contains("n2-standard-4", foreign.ErrorDetails.Message, StringComparison.Ordinal);
        session
            .Run("$null = Add-CrdbCmekRegion eu-central-1 -Cluster prod-eu-old -MachineType m6i.2xlarge -Wait")
            .Succeeds();
        // A region that is there already counts as added, whatever its nodes.
        session.Run("$null = Add-CrdbCmekRegion eu-west-1, eu-central-1 -Cluster prod-eu-old -WhatIf").Succeeds();
        Assert.Equal(
            ["eu-west-1 m6i.xlarge", "eu-central-1 m6i.2xlarge"],
            session
                .Run("(Get-CrdbCluster prod-eu-old).Regions | ForEach-Object { \"$($_.Name) $($_.MachineType)\" }")
                .Output.Select(o => o.ToString())
        );
        var body = System.Text.Json.Nodes.JsonNode.Parse(
            session.Run("($sandbox.Exchanges | Where-Object Method -eq PATCH)[-1].RequestBody").Single().ToString()!
        )!["dedicated"]!["region_machine_specs"]!;
        Assert.Equal("""{"eu-central-1":{"machine_type":"m6i.2xlarge"}}""", body.ToJsonString());
        var error = session.Run("Add-CrdbCmekRegion eu-north-1 -Cluster prod-eu-old").FailsWith("MachineTypeNeeded");
        Assert.Contains("eu-central-1: m6i.2xlarge", error.ErrorDetails.Message, StringComparison.Ordinal);
        session
            .Run("Add-CrdbCmekRegion eu-central-1 -Cluster prod-eu-old -MachineType m6i.xlarge")
            .FailsWith("RegionExists");
    }

    [Fact]
    public void A_dry_run_names_the_key_and_the_map_and_writes_nothing()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        session.Run("$null = Add-CrdbCmekRegion eu-central-1 -Cluster prod-eu-old -WhatIf").Succeeds();
        var said = session.Screen.Split('\n').Where(l => l.StartsWith("What if:", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, said.Count);
        Assert.Contains("Create KMS key", said[0], StringComparison.Ordinal);
        Assert.Contains("eu-west-1: 3, eu-central-1: 3", said[1], StringComparison.Ordinal);
        Assert.Empty(
            session
                .Run(
                    "$sandbox.Exchanges | Where-Object { $_.Method -eq 'PATCH' -or $_.Operation -match "
                        + "'Create|Replicate|Put' }"
                )
                .Output
        );
    }
}
