using System.Management.Automation;
using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>What a person at a prompt feels: formatting, completion, Ctrl+C, and what is never shown.</summary>
public sealed class ConsoleTests
{
    private const string Setup =
        "Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion | New-CrdbCmekManifest";

    [Theory]
    [InlineData("Connect-CrdbCloud -Endpoint $sandbox.CloudEndpoint -ApiKey $secure", "Sandbox Organization")]
    [InlineData("Get-CrdbOrganization", "Sandbox Organization")]
    [InlineData("Get-CrdbCluster prod-*", "eu-west-1, eu-central-1")]
    [InlineData("(Get-CrdbCluster prod-eu).Regions", "eu-central-1")]
    [InlineData("Get-CrdbCluster prod-eu | New-CrdbCmekRole", "arn:aws:iam::200000000001:role/crdb-cmek-")]
    [InlineData("Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion", "mrk-")]
    [InlineData(Setup, "eu-west-1, eu-central-1")]
    [InlineData(Setup + " | Test-CrdbCmekManifest", "KeyUsable")]
    [InlineData(Setup + " | Enable-CrdbCmek -Wait", "prod-eu: ENABLED (Created)")]
    [InlineData("Get-CrdbCmek prod-eu-old", "past      DISABLED")]
    [InlineData("(Get-CrdbCmek prod-eu-old).Regions.Keys", "ENABLED")]
    [InlineData("$sandbox", "CloudEndpoint")]
    public void Every_view_fits_80_columns_and_shows_what_matters(string command, string expected)
    {
        using var session = ModuleSession.WithSandbox();
        session.Run("$secure = [System.Net.NetworkCredential]::new('', $sandbox.ApiKey).SecurePassword").Succeeds();
        var screen = session.Display(command);
        Assert.Contains(expected, screen, StringComparison.Ordinal);
        Assert.All(screen.Split('\n'), line => Assert.True(line.Length <= 80, $"{line.Length} columns: {line}"));
        Assert.DoesNotContain(
            "…",
            string.Concat(screen.Split('\n').Where(l => l.Contains("key/", StringComparison.Ordinal))),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("Get-CrdbCmek prod-", "prod-eu", "prod-us", "prod-eu-old")]
    [InlineData("New-CrdbCmekKey prod-us -Region us-e", "us-east-1", "us-east-2")]
    [InlineData("Wait-CrdbCmek dev-aws -Status ", "ENABLED", "DISABLED", "REVOKED")]
    public void Tab_offers_what_the_session_has_seen(string line, params string[] expected)
    {
        using var session = ModuleSession.WithSandbox(record: true);
        session.Run("$null = Get-CrdbCluster; $seen = $sandbox.Exchanges.Count").Succeeds();
        using var shell = PowerShell.Create();
        shell.Runspace = session.Runspace;
        var offered = CommandCompletion
            .CompleteInput(line, line.Length, null, shell)
            .CompletionMatches.Select(m => m.CompletionText);
        Assert.Equal(expected.Order(StringComparer.Ordinal), offered.Order(StringComparer.Ordinal));
        Assert.Equal(true, session.Run("$sandbox.Exchanges.Count -eq $seen").Single().BaseObject);
    }

    [Theory]
    [InlineData("(Get-CrdbCmek prod-eu-old).Regions[0].Keys[1]", "CmekKeyInfo")]
    [InlineData("(Get-CrdbCluster prod-eu).Regions[1]", "CrdbRegion")]
    [InlineData("(New-CrdbCmekRole prod-eu | New-CrdbCmekKey | New-CrdbCmekManifest).RegionSpecs[1]", "CmekRegionSpec")]
    [InlineData("(Invoke-CrdbCmekRotation prod-eu-old -NewKey -Wait).PastKeys[1]", "CmekPastKey")]
    [InlineData("(Revoke-CrdbCmek prod-eu-old -WhatIf).Changes[0]", "CmekAccessChange")]
    [InlineData("$sandbox.Exchanges[0]", "SandboxExchange")]
    public void A_list_has_elements_that_an_index_picks(string expression, string type)
    {
        using var session = ModuleSession.WithSandbox(record: true);
        Assert.Equal(type, session.Run(expression).Succeeds().Single().BaseObject.GetType().Name);
    }

    [Fact]
    public void ErrorAction_Stop_reaches_into_running_work()
    {
        using var session = ModuleSession.WithSandbox();
        var result = session
            .Run(
                "$done = @(); try { 'dev-aws', 'no-such-cluster', 'prod-eu' | Get-CrdbCmek -ErrorAction Stop | "
                    + "ForEach-Object { $done += $_.ClusterName } } catch { $_.FullyQualifiedErrorId }; $done"
            )
            .Succeeds();
        Assert.Equal(
            ["ClusterNotFound,CockroachCmek.Commands.GetCrdbCmekCommand", "dev-aws"],
            result.Output.Select(o => o.ToString())
        );
    }

    [Fact]
    public void No_stream_ever_shows_a_secret()
    {
        using var session = ModuleSession.WithSandbox();
        string Value(string property) => session.Run("$sandbox." + property).Single().ToString();
        var secrets = new[] { Value("ApiKey"), Value("AwsSecretAccessKey") };
        var result = session.Run(
            """
            $VerbosePreference = 'Continue'; $DebugPreference = 'Continue'
            $s = Connect-CrdbCloud -Endpoint $sandbox.CloudEndpoint -ApiKey ([System.Net.NetworkCredential]::new('', $sandbox.ApiKey).SecurePassword); "$s"; $s
            $null = Start-CrdbSandbox
            Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest | Enable-CrdbCmek -Wait
            Get-CrdbCluster no-such-cluster
            $Error | ForEach-Object { $_.Exception.ToString() }
            """
        );
        var everything =
            string.Join(
                "\n",
                result
                    .Output.Select(o => $"{o} {string.Join(" ", o.Properties.Select(p => p.Value))}")
                    .Concat(result.Verbose)
                    .Concat(result.Warnings)
                    .Concat(result.AllErrors.Select(e => e.ToString() + e.ErrorDetails + e.Exception))
            ) + session.Screen;
        Assert.NotEmpty(result.Verbose);
        foreach (var secret in secrets)
            Assert.DoesNotContain(secret, everything, StringComparison.Ordinal);
    }

    [Fact]
    public void Verbose_tells_one_line_for_each_call()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        var result = session
            .Run("$seen = $sandbox.Exchanges.Count; $null = Get-CrdbCluster dev-aws | New-CrdbCmekRole -Verbose")
            .Succeeds();
        var calls = result.Verbose.Where(v => v.StartsWith("AWS ", StringComparison.Ordinal)).ToList();
        Assert.Equal(
            ["AWS IAM GetRole", "AWS IAM CreateRole"],
            calls.Select(c => string.Join(' ', c.Split(' ').Take(3)))
        );
        Assert.All(calls, c => Assert.Matches(@"\d+ ms", c));
    }

    [Theory]
    [InlineData("90", "00:01:30")]
    [InlineData("00:02:00", "00:02:00")]
    [InlineData("([TimeSpan]::FromMinutes(3))", "00:03:00")]
    public void A_duration_may_be_seconds_or_a_time_span(string typed, string meant)
    {
        using var session = ModuleSession.WithSandbox(timeScale: 2_000);
        session
            .Run(
                "$null = Get-CrdbCluster dev-aws | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest | "
                    + "Enable-CrdbCmek"
            )
            .Succeeds();
        Assert.Contains(
            meant,
            session.Run($"Wait-CrdbCmek dev-aws -Timeout {typed}").FailsWith("WaitTimedOut").ErrorDetails.Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("0")]
    [InlineData("soon")]
    [InlineData("-5")]
    public void What_is_no_duration_is_refused(string typed)
    {
        using var session = ModuleSession.WithSandbox();
        Assert.Equal(
            "ParameterArgumentTransformationError",
            Assert.Single(session.Run($"Wait-CrdbCmek dev-aws -Timeout {typed}").ErrorIds)
        );
    }
}
