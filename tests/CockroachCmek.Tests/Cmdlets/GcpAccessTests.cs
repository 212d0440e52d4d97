using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>Access to keys on Google Cloud through the cmdlets, in the sandbox's prepared messes.</summary>
[Collection(OneAtATime.Name)]
public sealed class GcpAccessTests
{
    [Theory]
    [InlineData("ProjectRole", "KeyGranted", "Pass", "")]
    [InlineData("ProjectRole", "KeyPolicyNarrow", "Warning", "KeyPolicyWide")]
    [InlineData("GroupAccess", "KeyGranted", "Unknown", "KeyGrantUnknown")]
    [InlineData("AllAuthenticatedUsers", "KeyPolicyNarrow", "Fail", "KeyOpen")]
    [InlineData("AccessLevel", "KeyGranted", "Unknown", "KeyGrantConditional")]
    [InlineData("DenyPolicy", "KeyGranted", "Fail", "KeyUseDenied")]
    [InlineData("DeletedMember", "KeyGranted", "Fail", "KeyNotGranted")]
    [InlineData("DeletedMember", "KeyPolicyCurrent", "Warning", "KeyPolicyStale")]
    [InlineData("Perimeter", "KeyUsable", "Unknown", "PerimeterDenies")]
    public void The_audit_reports_a_mess_as_what_it_is(string scenario, string check, string status, string errorId)
    {
        using var session = new ModuleSession();

        var result = session.Run(
            $"""
            $null = Start-CrdbSandbox -Scenario {scenario}
            Get-CrdbCluster gcp-us | Test-CrdbCmek | Where-Object Check -eq {check} |
                ForEach-Object {"{"} "$($_.Status) $($_.ErrorId)".Trim() {"}"}
            """
        );

        Assert.Equal($"{status} {errorId}".Trim(), (string)Assert.Single(result.Succeeds().Output).BaseObject);
        session.Run("Stop-CrdbSandbox").Succeeds();
    }

    [Fact]
    public void A_revocation_that_would_leave_access_is_refused_before_anything_is_written()
    {
        using var session = new ModuleSession();
        session.Run("$null = Start-CrdbSandbox -Scenario ProjectRole").Succeeds();

        var error = Assert.Single(
            session.Run("Get-CrdbCluster gcp-us | Revoke-CrdbCmek -Method RemoveGrant -Confirm:$false").AllErrors
        );

        Assert.StartsWith("GrantNotRemovable,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(
            "gcloud projects remove-iam-policy-binding",
            error.ErrorDetails.RecommendedAction,
            StringComparison.Ordinal
        );
        session.Run("Stop-CrdbSandbox").Succeeds();
    }

    [Fact]
    public void A_narrowed_grant_is_not_widened()
    {
        using var session = new ModuleSession();
        session.Run("$null = Start-CrdbSandbox -Scenario AccessLevel").Succeeds();

        var error = Assert.Single(
            session
                .Run(
                    """
                    $key = (Get-CrdbCluster gcp-us | Get-CrdbCmek).Regions[0].Keys[0]
                    $options = @{ AuthPrincipal = $key.AuthPrincipal; KeyUri = $key.KeyUri; Grant = $true }
                    Get-CrdbCluster gcp-us | New-CrdbCmekKey @options
                    """
                )
                .AllErrors
        );

        Assert.StartsWith("KeyGrantNarrowed,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        session.Run("Stop-CrdbSandbox").Succeeds();
    }

    [Fact]
    public void The_access_review_names_who_is_not_expected()
    {
        using var session = new ModuleSession();

        var lines = session.Run(
            """
            $null = Start-CrdbSandbox -Scenario AllAuthenticatedUsers
            Get-CrdbCluster gcp-us | Get-CrdbCmekAccess | Where-Object IsExpected -eq $false |
                ForEach-Object { "$($_.Principal) $($_.Rights) $($_.Verdict)" }
            """
        );

        Assert.Contains("allAuthenticatedUsers Use Granted", lines.Succeeds().Output.Select(o => (string)o.BaseObject));
        session.Run("Stop-CrdbSandbox").Succeeds();
    }
}
