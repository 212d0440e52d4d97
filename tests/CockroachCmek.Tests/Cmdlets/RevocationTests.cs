using System.Text.Json.Nodes;
using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>Breaking the glass on AWS, and mending it.</summary>
public sealed class RevocationTests
{
    private const string ThreeRegions =
        "$null = Get-CrdbCluster prod-us | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest | Enable-CrdbCmek "
        + "-Wait; $seen = $sandbox.Exchanges.Count";

    [Fact]
    public void Every_key_is_denied_at_once_and_before_CockroachDB_is_told()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        session.Run(ThreeRegions).Succeeds();
        var revocation = session
            .Run("$revocation = Revoke-CrdbCmek prod-us -Confirm:$false; $revocation")
            .Succeeds()
            .Single();
        Assert.Equal(("REVOKED", "Updated"), (revocation.Text("Status"), revocation.Text("Outcome")));
        Assert.Equal(
            ["Done", "Done", "Done"],
            session.Run("$revocation.Changes.State").Output.Select(s => s.ToString())
        );
        var steps = session
            .Run(
                "$sandbox.Exchanges | Where-Object Index -gt $seen | Where-Object { $_.Operation -eq "
                    + "'kms:PutKeyPolicy' -or $_.Method -eq 'PATCH' } | ForEach-Object Operation"
            )
            .Output.Select(o => o.ToString()!)
            .ToList();
        Assert.Equal(["kms:PutKeyPolicy", "kms:PutKeyPolicy", "kms:PutKeyPolicy"], steps.Take(3));
        Assert.StartsWith("PATCH", Assert.Single(steps.Skip(3)), StringComparison.Ordinal);
        Assert.Contains(
            "NOT_READY",
            session
                .Run(
                    "$sandbox.Exchanges[-1].ResponseBody; $null = Test-CrdbCmek prod-us; ($sandbox.Exchanges | "
                        + "Where-Object Operation -match 'nodes$').ResponseBody"
                )
                .Output[^1]
                .ToString(),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("Deny")]
    [InlineData("RemoveGrant")]
    [InlineData("DisableKey")]
    public void Restoring_puts_back_exactly_what_was_taken(string method)
    {
        using var session = ModuleSession.WithSandbox();
        session
            .Run(
                "$null = Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion -Administrator "
                    + "(New-CrdbCmekRole dev-aws).AuthPrincipal | New-CrdbCmekManifest | Enable-CrdbCmek -Wait"
            )
            .Succeeds();
        var before = Policies(session, "prod-eu");
        session.Run($"$revocation = Revoke-CrdbCmek prod-eu -Method {method} -KmsOnly -Confirm:$false").Succeeds();
        Assert.Equal("ENABLED", session.Run("(Get-CrdbCmek prod-eu).Status").Single().ToString());
        Assert.False((bool)session.Run("Test-CrdbCmek prod-eu -Quiet").Single().BaseObject);
        if (method != "DisableKey")
            Assert.NotEqual(before, Policies(session, "prod-eu"));
        var keys = session.Run("$revocation | Restore-CrdbCmekAccess").Succeeds().Output;
        Assert.Equal(["Updated", "Updated"], keys.Select(k => k.Text("Outcome")));
        Assert.Equal(before, Policies(session, "prod-eu"));
        Assert.True((bool)session.Run("Test-CrdbCmek prod-eu -Quiet").Single().BaseObject);
    }

    [Theory]
    [InlineData("Deny")]
    [InlineData("RemoveGrant")]
    [InlineData("DisableKey")]
    public void The_cluster_itself_tells_what_is_missing_where_no_record_is_at_hand(string method)
    {
        using var session = ModuleSession.WithSandbox(timeScale: 600); // no backup gets overdue meanwhile
        session.Run($"$null = Revoke-CrdbCmek prod-eu-old -Method {method} -Confirm:$false").Succeeds();
        var restored = session.Run("Restore-CrdbCmekAccess prod-eu-old").Succeeds();
        Assert.Equal("Updated", restored.Single().Text("Outcome"));
        Assert.Contains("Only Cockroach Labs support", Assert.Single(restored.Warnings), StringComparison.Ordinal);
        // What nobody but support can do, once the key can be used.
        session.Run("$sandbox.RecoverCluster('prod-eu-old')").Succeeds();
        Assert.True((bool)session.Run("Test-CrdbCmek prod-eu-old -Quiet").Single().BaseObject);
        Assert.Equal("Existing", session.Run("Restore-CrdbCmekAccess prod-eu-old").Succeeds().Single().Text("Outcome"));
    }

    [Fact]
    public void Nodes_go_on_with_the_key_in_memory_until_they_restart_and_stay_down_then()
    {
        using var session = ModuleSession.WithSandbox();
        session.Run("$revocation = Revoke-CrdbCmek prod-eu-old -KmsOnly -Confirm:$false").Succeeds();
        const string Check = "(Test-CrdbCmek prod-eu-old -IncludeNode | Where-Object Check -eq NodesReady).Status";
        string Nodes() => session.Run(Check).Single().ToString()!;
        Assert.Equal("Pass", Nodes());
        session.Run("$sandbox.RestartNodes('prod-eu-old')").Succeeds();
        Assert.Equal("Fail", Nodes());
        session.Run("$null = $revocation | Restore-CrdbCmekAccess").Succeeds();
        Assert.Equal("Fail", Nodes());
    }

    [Fact]
    public void Backups_fail_while_the_key_is_gone()
    {
        using var session = ModuleSession.WithSandbox(timeScale: 60_000);
        session.Run("$null = Revoke-CrdbCmek prod-eu-old -KmsOnly -Confirm:$false").Succeeds();
        // Hours pass: 60,000 times faster than life.
        var check = session
            .Run(
                "foreach ($i in 1..400) { $check = Test-CrdbCmek prod-eu-old | Where-Object Check -like 'Backups*'; if "
                    + "($check.ErrorId -eq 'BackupsStale') { break } }; $check"
            )
            .Output.Single();
        Assert.Equal(("BackupsStale", "Fail"), (check.Text("ErrorId"), check.Text("Status")));
    }

    [Fact]
    public void Another_cluster_that_would_lose_the_key_is_named_before_anything_happens()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        session
            .Run(
                """
                $key = (Get-CrdbCmek prod-eu-old).Regions[0].Keys[0]
                $manifest = New-CrdbCmekRole dev-aws | New-CrdbCmekKey -KeyUri $key.KeyUri -Grant | New-CrdbCmekManifest
                """
            )
            .Succeeds();
        session.Run("$null = $manifest | Enable-CrdbCmek -Wait; $seen = $sandbox.Exchanges.Count").Succeeds();
        var error = session
            .Run("Revoke-CrdbCmek prod-eu-old -Method DisableKey -Confirm:$false")
            .FailsWith("KeyShared");
        Assert.Contains("dev-aws", error.ErrorDetails.Message, StringComparison.Ordinal);
        Assert.Empty(
            session
                .Run(
                    "$sandbox.Exchanges | Where-Object Index -gt $seen | Where-Object { $_.Operation -match "
                        + "'Put|Disable' -or ($_.Service -eq 'cloud' -and $_.Method -ne 'GET') }"
                )
                .Output
        );
        Assert.Contains(
            "will lose it",
            string.Join(
                " ",
                session
                    .Run("Revoke-CrdbCmek prod-eu-old -Method DisableKey -KmsOnly -AllowSharedKey -Confirm:$false")
                    .Succeeds()
                    .Warnings
            ),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_key_that_cannot_be_taken_leaves_CockroachDB_untold_and_stands_in_the_output()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        var record = Path.Combine(Path.GetTempPath(), $"crdb-{Guid.NewGuid():N}.json");
        try
        {
            session.Run(ThreeRegions).Succeeds();
            session
                .Run(
                    "$sandbox.AddFault([CockroachCmek.SandboxFault]@{ Action = 'Status'; Status = 500; Pattern = "
                        + "'PutKeyPolicy'; Count = 8 })"
                )
                .Succeeds();
            var failed = session.Run(
                "$revocation = $null; Revoke-CrdbCmek prod-us -Path $record -Confirm:$false -OutVariable revocation",
                ("record", record)
            );
            Assert.Equal("AccessNotTaken", Assert.Single(failed.ErrorIds));
            Assert.Contains("Failed", session.Run("$revocation.Changes.State").Output.Select(s => s.ToString()));
            Assert.Empty(session.Run("$sandbox.Exchanges | Where-Object Method -eq PATCH").Output);
            Assert.True(File.Exists(record));
            session.Run("$sandbox.ClearFaults()").Succeeds();
            Assert.Equal(
                "REVOKED",
                session
                    .Run("(Revoke-CrdbCmek prod-us -Path $record -Confirm:$false).Status")
                    .Succeeds()
                    .Single()
                    .ToString()
            );
            session.Run("$null = Restore-CrdbCmekAccess -Path $record; $sandbox.RecoverCluster('prod-us')").Succeeds();
        }
        finally
        {
            File.Delete(record);
        }
    }

    [Fact]
    public void The_record_of_a_removed_grant_survives_the_run_that_was_interrupted()
    {
        using var session = ModuleSession.WithSandbox();
        var record = Path.Combine(Path.GetTempPath(), $"crdb-{Guid.NewGuid():N}.json");
        try
        {
            session
                .Run(
                    "$null = Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion | "
                        + "New-CrdbCmekManifest | Enable-CrdbCmek -Wait"
                )
                .Succeeds();
            var before = Policies(session, "prod-eu");
            // The first run takes the grants and no further; the second finds none, and keeps what the first has
            // written down.
            session
                .Run(
                    "$sandbox.AddFault([CockroachCmek.SandboxFault]@{ Action = 'Status'; Status = 500; Method = "
                        + "'PATCH'; Count = 10 })"
                )
                .Succeeds();
            Assert.NotEmpty(
                session
                    .Run(
                        "Revoke-CrdbCmek prod-eu -Method RemoveGrant -Path $record -Confirm:$false",
                        ("record", record)
                    )
                    .ErrorIds
            );
            session
                .Run(
                    "$sandbox.ClearFaults(); $null = Revoke-CrdbCmek prod-eu -Method RemoveGrant -Path $record "
                        + "-Confirm:$false; $null = Restore-CrdbCmekAccess -Path $record"
                )
                .Succeeds();
            Assert.Equal(before, Policies(session, "prod-eu"));
            session.Run("Revoke-CrdbCmek prod-eu-old -Path $record -Confirm:$false").FailsWith("RevocationFileInvalid");
        }
        finally
        {
            File.Delete(record);
        }
    }

    [Fact]
    public void It_asks_and_a_dry_run_names_every_change_in_order()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        session.Run(ThreeRegions).Succeeds();
        // Nobody is there to be asked: nothing may happen.
        Assert.Contains(session.Run("Revoke-CrdbCmek prod-us").AllErrors, e =>
            e.Exception.ToString().Contains("Confirm: prod-us", StringComparison.Ordinal)
        );
        var planned = session.Run("$plan = Revoke-CrdbCmek prod-us -WhatIf; $plan").Succeeds().Single();
        Assert.Equal("Planned", planned.Text("Outcome"));
        var said = session.Screen.Split('\n').Where(l => l.StartsWith("What if:", StringComparison.Ordinal)).ToList();
        Assert.Equal(4, said.Count);
        Assert.All(said.Take(3), l => Assert.Contains("Add an explicit Deny", l, StringComparison.Ordinal));
        Assert.Contains("Revoke CMEK on prod-us in CockroachDB Cloud", said[3], StringComparison.Ordinal);
        Assert.Equal(3, session.Screen.Split("  + key policy: {\"Sid\"").Length - 1);
        Assert.Contains("/cmek {\"action\":\"REVOKE\"}", session.Screen, StringComparison.Ordinal);
        Assert.Empty(
            session
                .Run(
                    "$sandbox.Exchanges | Where-Object Index -gt $seen | Where-Object { $_.Operation -match 'Put' -or "
                        + "($_.Service -eq 'cloud' -and $_.Method -ne 'GET') }"
                )
                .Output
        );
        // A plan that flows on stays a plan.
        Assert.Equal(
            ["Planned", "Planned", "Planned"],
            session
                .Run("$plan | Restore-CrdbCmekAccess | ForEach-Object Outcome")
                .Succeeds()
                .Output.Select(o => o.ToString())
        );
    }

    [Fact]
    public void What_cannot_be_revoked_is_refused_with_the_reason()
    {
        using var session = ModuleSession.WithSandbox();
        session.Run("Revoke-CrdbCmek dev-aws -Confirm:$false").FailsWith("CmekNotEnabled");
        session
            .Run("Revoke-CrdbCmek prod-eu-old -Method DisableIdentity -Confirm:$false")
            .FailsWith("RevocationMethodNotSupported");
        session.Run("Restore-CrdbCmekAccess -Path ./no-such-file.json").FailsWith("RevocationFileNotFound");
    }

    private static string Policies(ModuleSession session, string cluster) =>
        string.Join(
            "\n",
            session
                .Run($"(Get-CrdbCmek {cluster}).Regions.Keys.KeyUri")
                .Succeeds()
                .Output.Select(k => k.ToString()!)
                .Distinct()
                .Select(arn => SandboxAws.Kms(session, arn.Split(':')[3], "GetKeyPolicy", $$"""{"KeyId":"{{arn}}"}"""))
                .Select(response => JsonNode.Parse(response)!["Policy"]!.GetValue<string>())
                .Select(policy => JsonNode.Parse(policy)!.ToJsonString())
        );
}
