using System.Management.Automation;
using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

public sealed class EnablePipelineTests
{
    private const string Writes =
        "kms:(Create|Put|Enable|Replicate|Tag|Update|Disable|Schedule)|iam:(Create|Update|Tag|Put|Attach)|^(POST|PUT|PATCH) /api";

    [Theory]
    [InlineData("prod-eu", "-MultiRegion", 2)]
    [InlineData("prod-us", "-MultiRegion", 3)]
    [InlineData("prod-us", "", 3)]
    [InlineData("dev-aws", "", 1)]
    public void The_pipeline_takes_a_cluster_from_nothing_to_enabled(string cluster, string options, int regions)
    {
        using var session = ModuleSession.WithSandbox();
        var info = session
            .Run(
                $"Get-CrdbCluster {cluster} | New-CrdbCmekRole | New-CrdbCmekKey {options} | New-CrdbCmekManifest | "
                    + "Enable-CrdbCmek -Wait"
            )
            .Succeeds()
            .Single();
        Assert.Equal("ENABLED", info.Text("Status"));
        Assert.Equal("Created", info.Text("Outcome"));
        var states = session
            .Run($"(Get-CrdbCmek {cluster}).Regions | ForEach-Object {{ $_.Status; $_.Keys.Status }}")
            .Succeeds()
            .Output.Select(s => s.ToString());
        Assert.Equal(Enumerable.Repeat("ENABLED", regions * 2), states);
    }

    [Fact]
    public void A_second_run_writes_nothing_and_says_so()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        const string Pipeline =
            "Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion | New-CrdbCmekManifest | "
            + "Enable-CrdbCmek -Wait";
        session.Run(Pipeline).Succeeds();
        var before = session.Run("$sandbox.Exchanges.Count").Single();
        var again = session.Run(Pipeline).Succeeds().Single();
        Assert.Equal("Existing", again.Text("Outcome"));
        Assert.Empty(
            session
                .Run(
                    $"$sandbox.Exchanges | Where-Object Index -gt {before} | Where-Object Operation -match '{Writes}' "
                        + "| ForEach-Object Operation"
                )
                .Output
        );
    }

    [Fact]
    public void WhatIf_on_the_first_cmdlet_plans_the_whole_pipe_and_writes_nothing()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        var plan = session
            .Run(
                "Get-CrdbCluster prod-eu | New-CrdbCmekRole -WhatIf | New-CrdbCmekKey -MultiRegion | "
                    + "New-CrdbCmekManifest | Enable-CrdbCmek -Wait"
            )
            .Succeeds()
            .Single();
        Assert.Equal(true, plan.Get("IsPlanned"));
        Assert.Empty(session.Run($"$sandbox.Exchanges | Where-Object Operation -match '{Writes}'").Output);
        var said = session.Screen.Split('\n').Where(l => l.StartsWith("What if:", StringComparison.Ordinal)).ToList();
        Assert.Collection(
            said,
            line => Assert.Contains("Create IAM role", line, StringComparison.Ordinal),
            line => Assert.Contains("Create multi-region KMS key", line, StringComparison.Ordinal),
            line => Assert.Contains("eu-central-1", line, StringComparison.Ordinal),
            line => Assert.Contains("Enable CMEK", line, StringComparison.Ordinal)
        );
    }

    [Fact]
    public void WhatIf_on_a_later_cmdlet_writes_only_what_comes_before_it()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        session
            .Run(
                "Get-CrdbCluster dev-aws | New-CrdbCmekRole | New-CrdbCmekKey -WhatIf | New-CrdbCmekManifest | "
                    + "Enable-CrdbCmek"
            )
            .Succeeds();
        Assert.Equal(
            ["iam:CreateRole"],
            session
                .Run($"$sandbox.Exchanges | Where-Object Operation -match '{Writes}' | ForEach-Object Operation")
                .Output.Select(o => o.ToString())
        );
    }

    [Fact]
    public void Several_clusters_flow_through_one_pipeline_and_come_out_in_order()
    {
        using var session = ModuleSession.WithSandbox();
        var result = session
            .Run(
                "'prod-us', 'dev-aws', 'prod-eu' | Get-CrdbCluster | New-CrdbCmekRole | New-CrdbCmekKey | "
                    + "New-CrdbCmekManifest | Enable-CrdbCmek -Wait"
            )
            .Succeeds();
        Assert.Equal(["prod-us", "dev-aws", "prod-eu"], result.Output.Select(o => o.Text("ClusterName")));
        Assert.All(result.Output, o => Assert.Equal("ENABLED", o.Text("Status")));
    }

    [Fact]
    public void One_bad_cluster_among_many_does_not_stop_the_others()
    {
        using var session = ModuleSession.WithSandbox();
        var result = session.Run(
            "'dev-aws', 'standard-aws', 'prod-eu' | Get-CrdbCluster | New-CrdbCmekRole | New-CrdbCmekKey | "
                + "New-CrdbCmekManifest | Enable-CrdbCmek -Wait"
        );
        Assert.Equal(["dev-aws", "prod-eu"], result.Output.Select(o => o.Text("ClusterName")));
        Assert.Equal("PlanNotSupported", Assert.Single(result.ErrorIds));
    }

    [Fact]
    public void A_failed_enable_tells_what_CockroachDB_Cloud_says_and_can_be_run_again()
    {
        using var session = ModuleSession.WithSandbox();
        const string Pipeline =
            "Get-CrdbCluster flaky-aws | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest | Enable-CrdbCmek "
            + "-Wait";
        var error = session.Run(Pipeline).FailsWith("CmekOperationFailed");
        Assert.Contains("kms:Decrypt timed out", error.ErrorDetails.Message, StringComparison.Ordinal);
        Assert.Equal("ENABLED", session.Run(Pipeline).Succeeds().Single().Text("Status"));
    }

    [Fact]
    public void A_cluster_that_something_else_holds_is_waited_for()
    {
        using var session = ModuleSession.WithSandbox();
        var info = session
            .Run(
                "Get-CrdbCluster locked-aws | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest | "
                    + "Enable-CrdbCmek -Wait"
            )
            .Succeeds()
            .Single();
        Assert.Equal("ENABLED", info.Text("Status"));
    }

    [Fact]
    public void A_wait_shows_progress_for_each_region_and_ends_all_of_it()
    {
        using var session = ModuleSession.WithSandbox(timeScale: 1_000);
        var result = session
            .Run(
                "Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest | Enable-CrdbCmek "
                    + "-Wait"
            )
            .Succeeds();
        foreach (var region in new[] { "eu-west-1", "eu-central-1" })
            Assert.Contains(result.Progress, p =>
                p.Activity == region && p.StatusDescription.Contains("ENABLING", StringComparison.Ordinal)
            );
        foreach (var activity in result.Progress.GroupBy(p => p.ActivityId))
            Assert.Equal(ProgressRecordType.Completed, activity.Last().RecordType);
    }

    [Fact]
    public void A_wait_that_runs_out_names_the_command_to_go_on_with()
    {
        using var session = ModuleSession.WithSandbox(timeScale: 200);
        session
            .Run(
                "Get-CrdbCluster dev-aws | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest | Enable-CrdbCmek"
            )
            .Succeeds();
        var error = session.Run("Wait-CrdbCmek dev-aws -Timeout 60").FailsWith("WaitTimedOut");
        Assert.Equal("Wait-CrdbCmek dev-aws", error.ErrorDetails.RecommendedAction);
        Assert.Equal(ErrorCategory.OperationTimeout, error.CategoryInfo.Category);
        session.Sandbox.Call("Advance", TimeSpan.FromHours(1));
        Assert.Equal(
            "ENABLED",
            session.Run("Wait-CrdbCmek dev-aws -Status ENABLED").Succeeds().Single().Text("Status")
        );
    }

    [Fact]
    public void A_manifest_from_a_file_enables_the_cluster_that_is_named()
    {
        using var session = ModuleSession.WithSandbox();
        var file = Path.Combine(Directory.CreateTempSubdirectory("crdb-").FullName, "cmek_config.yml");
        session
            .Run(
                "Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest | "
                    + "Export-CrdbCmekManifest $file",
                ("file", file)
            )
            .Succeeds();
        Assert.Equal(
            "ENABLED",
            session
                .Run("Import-CrdbCmekManifest $file | Enable-CrdbCmek -Cluster prod-eu -Wait")
                .Succeeds()
                .Single()
                .Text("Status")
        );
        session.Run("Import-CrdbCmekManifest $file | Enable-CrdbCmek").FailsWith("ClusterMissing");
        File.Delete(file);
    }

    [Fact]
    public void The_clean_run_makes_no_request_twice_without_need()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        session
            .Run(
                "$null = Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion | "
                    + "New-CrdbCmekManifest | Enable-CrdbCmek"
            )
            .Succeeds();
        var counts = session
            .Run("$sandbox.Exchanges | ForEach-Object { $_.Operation -replace '[0-9a-f-]{36}', '*' }")
            .Output.GroupBy(o => o.ToString())
            .ToDictionary(g => g.Key, g => g.Count());
        // One connect; one page of clusters for the name; CMEK looked at before anything is created, before the
        // question, and again right before the request, as somebody may have changed it meanwhile; the role looked for
        // and made; each region looked for by alias and by tag.
        Assert.Equal(1, counts["GET /api/v1/organization"]);
        Assert.Equal(1, counts["GET /api/v1/clusters"]);
        Assert.Equal(3, counts["GET /api/v1/clusters/*/cmek"]);
        // Before CMEK is enabled, the newest backup: those of before cannot be restored afterwards.
        Assert.Equal(1, counts.Single(c => c.Key.Contains("/backups", StringComparison.Ordinal)).Value);
        Assert.Equal(1, counts["POST /api/v1/clusters/*/cmek"]);
        Assert.Equal(1, counts["iam:GetRole"]);
        Assert.Equal(1, counts["iam:CreateRole"]);
        Assert.Equal(1, counts["sts:GetCallerIdentity"]);
        Assert.Equal(1, counts["kms:ReplicateKey"]);
        Assert.Equal(2, counts["kms:CreateAlias"]);
        Assert.DoesNotContain(counts.Keys, k =>
            k.Contains("GET /api/v1/clusters/*", StringComparison.Ordinal)
            && !k.EndsWith("cmek", StringComparison.Ordinal)
            && !k.Contains("/backups", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Backups_that_would_be_lost_are_named_and_asked_about()
    {
        using var session = new ModuleSession();
        session.Run("$sandbox = Start-CrdbSandbox -TimeScale 6000 -Record -Scenario EarlierBackups").Succeeds();
        session
            .Run(
                "$manifest = Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion | "
                    + "New-CrdbCmekManifest"
            )
            .Succeeds();
        // The host cannot prompt, as in a runbook.
        var refused = session.Run("$manifest | Enable-CrdbCmek");
        var error = refused.FailsWith("ConfirmationNeeded");
        Assert.Equal("Run the same command again with -Confirm:$false", error.ErrorDetails.RecommendedAction);
        Assert.Contains(refused.Warnings, w => w.Contains("can no longer be restored", StringComparison.Ordinal));
        Assert.Equal(true, session.Run("$manifest | Enable-CrdbCmek -WhatIf").Succeeds().Single().Get("IsPlanned"));
        Assert.Empty(session.Run("$sandbox.Exchanges | Where-Object Operation -match '^POST /api'").Output);
        var done = session.Run("$manifest | Enable-CrdbCmek -Confirm:$false");
        Assert.Equal("Created", done.Single().Text("Outcome"));
        Assert.Contains(done.Warnings, w => w.Contains("can no longer be restored", StringComparison.Ordinal));
    }
}
