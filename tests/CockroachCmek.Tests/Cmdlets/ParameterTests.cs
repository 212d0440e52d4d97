using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>Parameters that moved to Connect-CrdbCloud, and parameters of another cloud.</summary>
[Collection(OneAtATime.Name)]
public sealed class ParameterTests
{
    [Theory]
    [InlineData("Get-CrdbCmek prod-eu -ProfileName p", "ProfileName", "Connect-CrdbCloud -AwsProfile")]
    [InlineData("New-CrdbCmekRole prod-eu -ProfileName p", "ProfileName", "Connect-CrdbCloud -AwsProfile")]
    [InlineData("Test-CrdbCmek prod-eu -VaultAddress https://v:8200", "VaultAddress", "-VaultAddress <address>")]
    [InlineData("Revoke-CrdbCmek prod-eu -VaultNamespace n", "VaultNamespace", "Connect-CrdbCloud -VaultNamespace")]
    public void A_parameter_that_moved_is_refused_with_its_replacement(string command, string name, string replacement)
    {
        using var session = ModuleSession.WithSandbox(record: true);
        var seen = session.Run("$sandbox.Exchanges.Count").Single().BaseObject;
        var error = session.Run(command).FailsWith("ParameterMoved");
        Assert.Contains($"-{name} ", error.ErrorDetails.Message, StringComparison.Ordinal);
        Assert.Contains(replacement, error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        Assert.Equal(seen, session.Run("$sandbox.Exchanges.Count").Single().BaseObject);
    }

    [Theory]
    [InlineData("New-CrdbCmekRole prod-us -TenantId 00000000-0000-0000-0000-000000000001", "-TenantId", "Azure")]
    [InlineData("New-CrdbCmekRole gcp-us -Path /cmek/", "-Path", "AWS")]
    [InlineData("New-CrdbCmekRole prod-us | New-CrdbCmekKey -Location europe", "-Location", "Google Cloud")]
    [InlineData("New-CrdbCmekRole prod-us | New-CrdbCmekKey -PrincipalId id", "-PrincipalId", "Azure")]
    [InlineData("New-CrdbCmekRole gcp-us | New-CrdbCmekKey -MultiRegion", "-MultiRegion", "AWS")]
    [InlineData(
        "New-CrdbCmekRole prod-us | Get-CrdbCmekKeyPolicy -RoleName 'Key Vault Crypto Officer'",
        "-RoleName",
        "Azure"
    )]
    public void A_parameter_of_another_cloud_is_refused_by_name(string command, string parameter, string owner)
    {
        using var session = ModuleSession.WithSandbox();
        var message = session.Run(command).FailsWith("ParameterNotSupported").ErrorDetails.Message;
        Assert.Contains(parameter, message, StringComparison.Ordinal);
        Assert.Contains(owner, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-KeyVaultName foo -KeyRing bar", "The parameters for AWS are -MultiRegion, -Administrator,")]
    [InlineData("-AuthPrincipal \" arn:aws:iam::111122223333:role/x`n\" -Region us-east-1 -WhatIf", null)]
    public void A_refusal_names_the_parameters_that_fit_and_pasted_spaces_are_removed(string given, string? fitting)
    {
        using var session = ModuleSession.WithSandbox();
        if (fitting is null)
            Assert.Equal(
                "arn:aws:iam::111122223333:role/x",
                session.Run($"(New-CrdbCmekKey prod-us {given}).AuthPrincipal").Succeeds().Single().ToString()
            );
        else
            Assert.Contains(
                fitting,
                session
                    .Run($"New-CrdbCmekRole prod-us | New-CrdbCmekKey {given}")
                    .FailsWith("ParameterNotSupported")
                    .ErrorDetails.Message,
                StringComparison.Ordinal
            );
    }

    [Theory]
    [InlineData("prod-us")]
    [InlineData("gcp-us")]
    public void The_PrincipalId_of_a_role_of_another_cloud_is_not_refused(string cluster)
    {
        using var session = ModuleSession.WithSandbox();
        session.Run($"New-CrdbCmekRole {cluster} | New-CrdbCmekKey").Succeeds();
    }

    /// <summary>
    /// People mean days when they write how old a key may be, and seconds when they write how long to wait.
    /// </summary>
    [Theory]
    [InlineData("Invoke-CrdbCmekRotation", "IfOlderThan", "90", "90.00:00:00")]
    [InlineData("Invoke-CrdbCmekRotation", "IfOlderThan", "'90'", "90.00:00:00")]
    [InlineData("Invoke-CrdbCmekRotation", "IfOlderThan", "'90.00:00:00'", "90.00:00:00")]
    [InlineData("Invoke-CrdbCmekRotation", "IfOlderThan", "'12h'", "12:00:00")]
    [InlineData("Test-CrdbCmek", "MaxKeyAge", "365", "365.00:00:00")]
    [InlineData("Test-CrdbCmek", "MaxKeyAge", "'365d'", "365.00:00:00")]
    [InlineData("Enable-CrdbCmek", "Timeout", "90", "00:01:30")]
    [InlineData("Enable-CrdbCmek", "Timeout", "'2h'", "02:00:00")]
    public void A_number_is_days_for_an_age_and_seconds_for_a_wait(
        string cmdlet,
        string parameter,
        string value,
        string duration
    )
    {
        using var session = new ModuleSession();
        Assert.Equal(duration, session.Run(Transform(cmdlet, parameter, value)).Succeeds().Single().ToString());
    }

    [Theory]
    [InlineData("IfOlderThan", "'soon'", "days (90, or 90d)")]
    [InlineData("IfOlderThan", "1e12", "days (90, or 90d)")]
    [InlineData("Timeout", "'90x'", "seconds (90)")]
    [InlineData("Timeout", "0", "longer than zero")]
    public void What_is_no_duration_is_refused_with_the_forms_that_are(string parameter, string value, string text)
    {
        using var session = new ModuleSession();
        var refusal = session
            .Run($"try {{ {Transform("Invoke-CrdbCmekRotation", parameter, value)} }} catch {{ $_.Exception.Message }}")
            .Single();
        Assert.Contains(text, refusal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_duration_says_what_its_plain_number_means()
    {
        using var session = new ModuleSession();
        Assert.Empty(
            session
                .Run(
                    "Get-Command -Module CockroachCmek -CommandType Cmdlet | ForEach-Object { $c = $_.Name; "
                        + "$_.Parameters.Values | Where-Object { $_.ParameterType -in [timespan], "
                        + "[System.Nullable[timespan]] -and -not ($_.Attributes | Where-Object { $_ -is "
                        + "[System.Management.Automation.ArgumentTransformationAttribute] }) } | "
                        + "ForEach-Object { \"$c -$($_.Name)\" } }"
                )
                .Succeeds()
                .Output.Select(o => o.ToString())
        );
    }

    /// <summary>Converts a value as the engine does when it binds a parameter.</summary>
    private static string Transform(string cmdlet, string parameter, string value) =>
        $"((Get-Command {cmdlet}).Parameters['{parameter}'].Attributes | Where-Object {{ $_ -is "
        + "[System.Management.Automation.ArgumentTransformationAttribute] }).Transform($ExecutionContext, "
        + $"{value}).ToString()";
}
