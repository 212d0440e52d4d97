using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>Test-CrdbCmek: what it finds, what it admits not to know, and that it writes nothing.</summary>
public sealed class HealthTests
{
    private const string Enable =
        "$null = Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion | New-CrdbCmekManifest | "
        + "Enable-CrdbCmek -Wait; $keys = (Get-CrdbCmek prod-eu).Regions.Keys.KeyUri; $seen = "
        + "$sandbox.Exchanges.Count";

    [Fact]
    public void A_sound_cluster_passes_and_not_one_request_writes()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        session.Run(Enable).Succeeds();
        var checks = session.Run("Test-CrdbCmek prod-eu -MaxKeyAge 365 -IncludeNode").Succeeds().Output;
        Assert.Equal(
            ["DataOlderThanCmek"],
            checks.Where(c => c.Text("Status") != "Pass").Select(c => c.Text("ErrorId"))
        );
        Assert.DoesNotContain(checks, c => c.Text("Check") == "BackupRetention");
        Assert.Equal(
            ["Pass", "Fail"],
            session
                .Run(
                    "29, 31 | ForEach-Object { Test-CrdbCmek prod-eu -MinBackupRetention $_ } | Where-Object Id -eq CMEK042"
                )
                .Succeeds()
                .Output.Select(c => c.Text("Status"))
        );
        foreach (
            var name in new[]
            {
                "ApiKeyRole",
                "CmekEnabled",
                "Plan",
                "State",
                "RegionCovered",
                "KeyAge",
                "KeyUsable",
                "KeyGranted",
                "RoleTrust",
                "VersionInUse",
                "NodesReady",
                "BackupsRecent",
            }
        )
            Assert.Contains(checks, c => c.Text("Check") == name);
        Assert.Equal(true, session.Run("Test-CrdbCmek prod-eu -Quiet").Single().BaseObject);
        var operations = session
            .Run(
                "$sandbox.Exchanges | Where-Object Index -gt $seen | ForEach-Object { if ($_.Service -eq 'aws') { "
                    + "$_.Operation } else { $_.Method } }"
            )
            .Output.Select(o => o.ToString()!)
            .Distinct()
            .ToList();
        Assert.All(operations, o =>
            Assert.Matches("^(GET|kms:(Describe|Get|List).*|iam:(Get|List|Simulate).*|sts:GetCallerIdentity)$", o)
        );
    }

    [Theory]
    [InlineData("DisableKey", "{0}", "KeyDisabled")]
    [InlineData("ScheduleKeyDeletion", "{0}", "KeyPendingDeletion")]
    public void A_key_that_cannot_be_used_fails(string operation, string key, string check)
    {
        using var session = ModuleSession.WithSandbox();
        session.Run(Enable).Succeeds();
        var arn = string.Format(
            System.Globalization.CultureInfo.InvariantCulture,
            key,
            session.Run("$keys[0]").Single()
        );
        SandboxAws.Kms(session, arn.Split(':')[3], operation, $$"""{"KeyId":"{{arn}}"}""");
        var failed = session.Run("Test-CrdbCmek prod-eu | Where-Object Status -eq Fail").Succeeds().Output;
        Assert.Contains(failed, c =>
            c.Text("ErrorId") == check && c.Text("Region") == arn.Split(':')[3] && c.Text("Remedy").Length > 0
        );
        Assert.Equal(false, session.Run("Test-CrdbCmek prod-eu -Quiet").Single().BaseObject);
    }

    [Fact]
    public void A_policy_that_allows_too_much_and_one_that_names_the_dead_are_told()
    {
        using var session = ModuleSession.WithSandbox();
        session.Run(Enable).Succeeds();
        var arn = session.Run("$keys[0]").Single().ToString()!;
        var region = arn.Split(':')[3];
        var policy = System.Text.Json.Nodes.JsonNode.Parse(
            SandboxAws.Kms(session, region, "GetKeyPolicy", $$"""{"KeyId":"{{arn}}"}""")
        )!["Policy"]!.GetValue<string>();
        var wide = policy.Replace("\"kms:Encrypt\"", "\"kms:*\"", StringComparison.Ordinal);
        SandboxAws.Kms(
            session,
            region,
            "PutKeyPolicy",
            new System.Text.Json.Nodes.JsonObject { ["KeyId"] = arn, ["Policy"] = wide }.ToJsonString()
        );
        Assert.Equal(
            "Warning",
            session.Run("(Test-CrdbCmek prod-eu | Where-Object ErrorId -eq KeyPolicyWide).Status").Single().ToString()
        );

        // A role that is deleted and made again under its name is another: the policy still names the old one.
        var role = session
            .Run("(Get-CrdbCmek prod-eu).Regions[0].Keys[0].AuthPrincipal")
            .Single()
            .ToString()!
            .Split('/')[^1];
        SandboxAws.Iam(session, "DeleteRole", ("RoleName", role));
        session.Run("$null = New-CrdbCmekRole prod-eu").Succeeds();
        var checks = session.Run("Test-CrdbCmek prod-eu").Succeeds().Output;
        Assert.Contains(checks, c =>
            c.Text("ErrorId") == "KeyNotGranted"
            && c.Text("Status") == "Fail"
            && c.Text("Detail").Contains("was deleted", StringComparison.Ordinal)
        );
        Assert.Contains(checks, c => c.Text("ErrorId") == "KeyPolicyStale");
    }

    [Fact]
    public void A_version_that_was_not_taken_up_and_a_key_that_is_too_old_are_told()
    {
        using var session = ModuleSession.WithSandbox();
        var arn = session.Run("(Get-CrdbCmek prod-eu-old).Regions[0].Keys[0].KeyUri").Single().ToString()!;
        SandboxAws.Kms(session, "eu-west-1", "RotateKeyOnDemand", $$"""{"KeyId":"{{arn}}"}""");
        var checks = session.Run("Test-CrdbCmek prod-eu-old -MaxKeyAge 90.00:00:00").Succeeds().Output;
        Assert.Contains(checks, c => c.Text("ErrorId") == "VersionNotTakenUp" && c.Text("Status") == "Warning");
        Assert.Contains(checks, c => c.Text("ErrorId") == "KeyTooOld" && c.Text("Status") == "Fail");
    }

    [Fact]
    public void A_past_key_that_is_gone_fails_though_the_present_one_is_sound()
    {
        using var session = ModuleSession.WithSandbox();
        session
            .Run(
                "$old = (Get-CrdbCmek prod-eu-old).Regions[0].Keys[0].KeyUri; $null = Invoke-CrdbCmekRotation "
                    + "prod-eu-old -NewKey -Wait"
            )
            .Succeeds();
        Assert.Contains(
            "PastKeyUsable",
            session.Run("(Test-CrdbCmek prod-eu-old).Check").Output.Select(o => o.ToString())
        );
        var arn = session.Run("$old").Single().ToString();
        SandboxAws.Kms(session, "eu-west-1", "ScheduleKeyDeletion", $$"""{"KeyId":"{{arn}}"}""");
        var failed = session.Run("Test-CrdbCmek prod-eu-old | Where-Object Status -eq Fail").Succeeds().Single();
        Assert.Equal("KeyPendingDeletion", failed.Text("ErrorId"));
        Assert.Contains(arn!, failed.Text("Detail"), StringComparison.Ordinal);
    }

    [Fact]
    public void What_may_not_be_read_is_unknown_and_never_a_pass()
    {
        using var session = ModuleSession.WithSandbox();
        session.Run(Enable).Succeeds();
        AwsUser.With(session, "kms:ListKeys");
        var checks = session.Run("Test-CrdbCmek prod-eu -Session $weak").Succeeds().Output;
        foreach (var name in new[] { "KeyUsable", "KeyGranted", "RoleTrust", "VersionInUse" })
            Assert.Contains(checks, c => c.Text("Check") == name && c.Text("Status") == "Unknown");
        Assert.DoesNotContain(checks, c =>
            c.Text("Status") == "Pass" && c.Text("Check") is "KeyUsable" or "KeyGranted" or "RoleTrust"
        );
        Assert.Equal(false, session.Run("Test-CrdbCmek prod-eu -Session $weak -Quiet").Single().BaseObject);
        // An API key that may list clusters, and not see their CMEK: no access, not "not encrypted".
        session
            .Run(
                "$viewer = Connect-CrdbCloud -Endpoint $sandbox.CloudEndpoint -ApiKey "
                    + "([System.Net.NetworkCredential]::new('', $sandbox.ViewerApiKey).SecurePassword) -OrganizationId "
                    + "$sandbox.OrganizationId -WarningAction SilentlyContinue"
            )
            .Succeeds();
        Assert.Equal(
            "Unknown",
            session
                .Run("(Test-CrdbCmek prod-eu -Session $viewer | Where-Object Check -eq ApiKeyRole).Status")
                .Single()
                .ToString()
        );
    }

    [Fact]
    public void Before_CMEK_is_enabled_it_is_a_preflight()
    {
        using var session = ModuleSession.WithSandbox();
        var bare = session.Run("Test-CrdbCmek public-aws").Succeeds().Output;
        Assert.Contains(bare, c => c.Text("ErrorId") == "CmekNotEnabled" && c.Text("Status") == "Warning");
        Assert.Contains(bare, c => c.Text("ErrorId") == "AdvancedSecurityMissing" && c.Text("Status") == "Fail");
        session
            .Run("$manifest = Get-CrdbCluster dev-aws | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest")
            .Succeeds();
        var ready = session.Run("$manifest | Test-CrdbCmek").Succeeds().Output;
        Assert.Contains(ready, c => c.Text("Check") == "KeyUsable");
        Assert.Equal(["CmekNotEnabled"], ready.Where(c => c.Text("Status") != "Pass").Select(c => c.Text("ErrorId")));
    }

    [Fact]
    public void A_failed_operation_is_told_in_the_API_s_own_words()
    {
        using var session = ModuleSession.WithSandbox();
        session
            .Run(
                "$null = Get-CrdbCluster flaky-aws | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest | "
                    + "Enable-CrdbCmek -Wait"
            )
            .FailsWith("CmekOperationFailed");
        var failed = session
            .Run("Test-CrdbCmek flaky-aws | Where-Object ErrorId -eq CmekOperationFailed")
            .Succeeds()
            .Single();
        Assert.Contains("timed out", failed.Text("Detail"), StringComparison.Ordinal);
    }
}
