using CockroachCmek.Rehearsal;
using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>
/// The runbooks that ship with the module, as Azure Automation runs them: variables of the account, no prompts, started
/// again after an eviction.
/// </summary>
[Collection(OneAtATime.Name)]
public sealed class RunbookTests : IDisposable
{
    private readonly ModuleSession _session = ModuleSession.WithSandbox(record: true);
    private readonly EnvironmentVariable[] _variables;

    public RunbookTests()
    {
        string Value(string property) => _session.Run("$sandbox." + property).Single().ToString()!;
        _variables =
        [
            new EnvironmentVariable("AWS_ENDPOINT_URL", Value("AwsEndpoint")),
            new EnvironmentVariable("AWS_EC2_METADATA_DISABLED", "true"),
            new EnvironmentVariable("AWS_ACCESS_KEY_ID", null),
            new EnvironmentVariable("AWS_SECRET_ACCESS_KEY", null),
        ];
        _session.Run("function Get-AutomationVariable { param($Name) $sandbox.Environment[$Name] }").Succeeds();
    }

    [Fact]
    public void The_scheduled_rotation_rotates_what_is_due_and_nothing_when_it_is_started_again()
    {
        var rotated = Run("Invoke-ScheduledRotation", "-ClusterName prod-eu-old -OlderThanDays 90").Succeeds().Single();
        Assert.Equal(("ENABLED", "Updated"), (rotated.Text("Status"), rotated.Text("Outcome")));
        var again = Run("Invoke-ScheduledRotation", "-ClusterName prod-eu-old -OlderThanDays 90").Succeeds().Single();
        Assert.Equal("Existing", again.Text("Outcome"));
        Assert.Single(_session.Run("$sandbox.Exchanges | Where-Object Operation -eq kms:RotateKeyOnDemand").Output);
    }

    [Fact]
    public void A_rotation_that_fails_fails_the_job_and_does_not_keep_others_from_theirs()
    {
        var result = Run("Invoke-ScheduledRotation", "-ClusterName gone, dev-aws, prod-eu-old");
        Assert.Equal("ENABLED", Assert.Single(result.Output).Text("Status"));
        Assert.Contains("gone: ", result.Terminating!.Exception.Message, StringComparison.Ordinal);
        Assert.Contains("dev-aws: ", result.Terminating.Exception.Message, StringComparison.Ordinal);
        Assert.Contains(" Next: ", result.Terminating.Exception.Message, StringComparison.Ordinal);
        Assert.Null(Environment.GetEnvironmentVariable("AWS_ACCESS_KEY_ID"));
    }

    [Fact]
    public void A_fleet_is_spread_over_several_runs_and_the_oldest_keys_come_first()
    {
        _session
            .Run(
                "$null = Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion | "
                    + "New-CrdbCmekManifest | Enable-CrdbCmek -Wait"
            )
            .Succeeds();
        string[] Outcomes(ScriptResult run) =>
            [.. run.Output.Select(o => $"{o.Text("ClusterName")} {o.Text("Outcome")}")];

        var first = Run("Invoke-ScheduledRotation", "-ClusterName prod-eu, prod-eu-old -MaxClusters 1").Succeeds();
        Assert.Equal(["prod-eu-old Updated"], Outcomes(first));
        Assert.Contains(first.Warnings, w => w.EndsWith("if they are due: prod-eu", StringComparison.Ordinal));
        // The oldest key is now that of prod-eu, which is not due.
        Assert.Equal(
            ["prod-eu Existing", "prod-eu-old Existing"],
            Outcomes(Run("Invoke-ScheduledRotation", "-ClusterName prod-*-old, prod-eu -MaxClusters 1").Succeeds())
        );
    }

    [Fact]
    public void What_others_would_share_stops_the_run_and_they_are_named()
    {
        _session
            .Run(
                "$sandbox.AddFault([CockroachCmek.SandboxFault]@{ Service = 'cloud'; Action = 'Status'; Status = 401; "
                    + "Pattern = '/cmek'; Count = 100 }); $seen = $sandbox.Exchanges.Count"
            )
            .Succeeds();
        var message = Run(
            "Invoke-ScheduledRotation",
            "-ClusterName prod-eu-old, prod-eu, gone"
        ).Terminating!.Exception.Message;
        Assert.Contains("prod-eu-old: ", message, StringComparison.Ordinal);
        Assert.Contains("fail alike (ApiKeyRefused): prod-eu, gone", message, StringComparison.Ordinal);
        Assert.Single(
            _session
                .Run("$sandbox.Exchanges | Where-Object Index -gt $seen | Where-Object Target -match '/cmek$'")
                .Output
        );
    }

    [Fact]
    public void The_rotation_through_Vault_leaves_fresh_keys_alone_and_names_a_cluster_whose_keys_are_not_Vaults()
    {
        _session
            .Run(
                "$null = Get-CrdbCluster prod-us | New-CrdbCmekRole | New-CrdbCmekKey -Via HashiCorpVault | "
                    + "New-CrdbCmekManifest | Enable-CrdbCmek -Wait"
            )
            .Succeeds();
        var result = Run(
            "Invoke-VaultRotation",
            "-ClusterName prod-eu-old, prod-us -VaultAddress $sandbox.VaultEndpoint -MaxClusters 1"
        );
        Assert.Equal(
            "prod-us Existing",
            string.Join(",", result.Output.Select(o => $"{o.Text("ClusterName")} {o.Text("Outcome")}"))
        );
        Assert.Contains("prod-eu-old: ", result.Terminating!.Exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("prod-us", result.Terminating.Exception.Message, StringComparison.Ordinal);
        Assert.Empty(_session.Run("$sandbox.Exchanges | Where-Object Target -match '/rotate$'").Output);
    }

    [Fact]
    public void The_audit_fails_the_job_when_a_check_fails()
    {
        Run("Test-NightlyAudit", "-ClusterName prod-eu-old -MaxKeyAgeDays 365").Succeeds();
        Assert.Null(Environment.GetEnvironmentVariable("AWS_ACCESS_KEY_ID"));
        var late = Run("Test-NightlyAudit", "-ClusterName prod-eu-old -MaxKeyAgeDays 100");
        Assert.Contains(
            "prod-eu-old KeyTooOld eu-west-1",
            late.Terminating!.Exception.Message,
            StringComparison.Ordinal
        );
        Assert.Contains(late.Output, o => o.Text("ErrorId") == "KeyTooOld");

        var accepted = Path.Combine(Path.GetTempPath(), $"crdb-accepted-{Guid.NewGuid():N}.json");
        try
        {
            File.WriteAllText(
                accepted,
                """[{"id": "CMEK016", "cluster": "prod-*", "reason": "planned", "expires": "2999-12-31"}]"""
            );
            var quiet = Run(
                "Test-NightlyAudit",
                $"-ClusterName prod-eu-old -MaxKeyAgeDays 100 -SuppressionPath '{accepted}'"
            );
            var line = Assert.Single(quiet.Succeeds().Output, o => o.Text("ErrorId") == "KeyTooOld");
            Assert.Equal(("Fail", "planned"), (line.Text("Status"), line.Text("SuppressionReason")));
        }
        finally
        {
            File.Delete(accepted);
        }
    }

    [Fact]
    public void Breaking_the_glass_needs_the_name_twice_and_outputs_the_record()
    {
        Assert.Contains(
            "nothing was done",
            Run(
                "Invoke-BreakGlassRevocation",
                "-ClusterName prod-eu-old -ConfirmClusterName prod-eu"
            ).Terminating!.Exception.Message,
            StringComparison.Ordinal
        );
        var output = Run("Invoke-BreakGlassRevocation", "-ClusterName prod-eu-old -ConfirmClusterName prod-eu-old")
            .Succeeds()
            .Output.Select(o => o.ToString()!)
            .ToList();
        Assert.Equal("prod-eu-old: CMEK is REVOKED.", output[0]);
        Assert.Equal(
            "KeyPolicyDeny",
            System
                .Text.Json.JsonDocument.Parse(output[1])
                .RootElement.GetProperty("changes")[0]
                .GetProperty("kind")
                .GetString()
        );
        Assert.Null(Environment.GetEnvironmentVariable("AWS_ACCESS_KEY_ID"));
        // Started again after an eviction: it finds everything done.
        Run("Invoke-BreakGlassRevocation", "-ClusterName prod-eu-old -ConfirmClusterName prod-eu-old").Succeeds();
    }

    [Fact]
    public void Breaking_the_glass_takes_no_wildcards()
    {
        Assert.Contains(
            "wildcard characters",
            Run(
                "Invoke-BreakGlassRevocation",
                "-ClusterName 'prod-*' -ConfirmClusterName 'prod-*'"
            ).Terminating!.Exception.Message,
            StringComparison.Ordinal
        );
        Assert.Empty(_session.Run("$sandbox.Exchanges | Where-Object { $_.Operation -match 'Put|Disable' }").Output);
    }

    [Fact]
    public void With_a_manifest_breaking_the_glass_sends_nothing_to_CockroachDB_Cloud()
    {
        var manifest = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.json");
        _session
            .Run(
                "Get-CrdbCmek prod-eu-old | ForEach-Object { $k = $_.Regions[0].Keys[0]; New-CrdbCmekManifest "
                    + "prod-eu-old -Region $_.Regions[0].Region -KeyUri $k.KeyUri -AuthPrincipal $k.AuthPrincipal } | "
                    + $"Export-CrdbCmekManifest -Path '{manifest}'; $seen = $sandbox.Exchanges.Count"
            )
            .Succeeds();
        var done = Run(
                "Invoke-BreakGlassRevocation",
                $"-ClusterName prod-eu-old -ConfirmClusterName prod-eu-old -ManifestPath '{manifest}'"
            )
            .Succeeds();
        Assert.Equal(
            "prod-eu-old: 1 of 1 changes in the KMS are done. CockroachDB Cloud was not asked.",
            done.Output[0].ToString()
        );
        var calls = _session
            .Run(
                "$sandbox.Exchanges | Where-Object Index -gt $seen | ForEach-Object { \"$($_.Service) "
                    + "$($_.Operation)\" }"
            )
            .Output.Select(o => o.ToString()!)
            .ToList();
        Assert.Contains("aws kms:PutKeyPolicy", calls);
        Assert.DoesNotContain(calls, c => c.StartsWith("cloud", StringComparison.Ordinal));
        File.Delete(manifest);
    }

    [Fact]
    public void A_new_region_is_added_once()
    {
        foreach (var _ in Enumerable.Range(0, 2))
            Assert.Equal(
                "eu-west-1 eu-central-1",
                string.Join(
                    " ",
                    (
                        (IEnumerable<object>)
                            Run("Add-NewRegion", "-ClusterName prod-eu-old -Region eu-central-1")
                                .Succeeds()
                                .Single()
                                .Get("Regions")!
                    )
                )
            );
        Assert.Single(_session.Run("$sandbox.Exchanges | Where-Object Method -eq PATCH").Output);
    }

    public void Dispose()
    {
        var records = Path.Combine(Path.GetTempPath(), "break-glass-prod-eu-old");
        if (Directory.Exists(records))
            Directory.Delete(records, recursive: true);
        foreach (var variable in _variables)
            variable.Dispose();
        _session.Dispose();
    }

    private ScriptResult Run(string runbook, string parameters)
    {
        var file = Path.Combine(
            Path.GetDirectoryName(ModuleEngine.StagedManifest)!,
            "Examples",
            "Runbooks",
            runbook + ".ps1"
        );
        // A job of its own: the credentials of the one before are gone.
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", null);
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", null);
        var result = _session.Run(
            $"$ErrorActionPreference = 'Stop'; & '{file}' {parameters} -EnvironmentVariable AWS_ACCESS_KEY_ID, "
                + "AWS_SECRET_ACCESS_KEY -Endpoint $sandbox.CloudEndpoint"
        );
        Assert.Empty(result.Progress);
        return result;
    }
}
