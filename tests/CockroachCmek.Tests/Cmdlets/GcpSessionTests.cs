using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>Whose Google Cloud a session uses, and what the cmdlets say of wrong input there.</summary>
public sealed class GcpSessionTests
{
    private const string Connect =
        "$other = Connect-CrdbCloud -Endpoint $sandbox.CloudEndpoint -ApiKey ([System.Net.NetworkCredential]::new('', "
        + "$sandbox.ApiKey).SecurePassword)";

    [Fact]
    public void A_token_that_is_given_is_used_on_a_sandbox_too()
    {
        using var session = ModuleSession.WithSandbox();
        session
            .Run($"{Connect} -GcpAccessToken ([System.Net.NetworkCredential]::new('', 'tok-for-tests').SecurePassword)")
            .Succeeds();
        session.Run("New-CrdbCmekRole gcp-us -Session $other").FailsWith("GcpCredentialsRefused");
    }

    [Fact]
    public void A_file_without_credentials_is_named_and_a_token_is_never_shown()
    {
        using var session = ModuleSession.WithSandbox();
        var error = session
            .Run($"{Connect} -GcpCredentialFile ./no-such-file.json; New-CrdbCmekRole gcp-us -Session $other")
            .FailsWith("GcpCredentialsMissing");
        Assert.Contains("no-such-file.json", error.ErrorDetails.Message, StringComparison.Ordinal);
        session
            .Run(
                $"{Connect} -GcpAccessToken ([System.Net.NetworkCredential]::new('', 'tok-for-tests').SecurePassword) "
                    + "-GcpProject p"
            )
            .Succeeds();
        Assert.DoesNotContain("tok-for-tests", session.Display("$other | Format-List *"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_organization_is_not_needed_on_Google_Cloud()
    {
        using var session = ModuleSession.WithSandbox();
        session
            .Run(
                "$viewer = Connect-CrdbCloud -Endpoint $sandbox.CloudEndpoint -GcpProject p -GcpAccessToken "
                    + "([System.Net.NetworkCredential]::new('', 'tok-for-tests').SecurePassword) -ApiKey "
                    + "([System.Net.NetworkCredential]::new('', $sandbox.ViewerApiKey).SecurePassword)"
            )
            .Succeeds();
        Assert.DoesNotContain(
            "OrganizationUnknown",
            session.Run("New-CrdbCmekRole gcp-us -Session $viewer -WhatIf -Name '1bad'").ErrorIds
        );
        session.Run("New-CrdbCmekRole gcp-us -Session $viewer -Name '1bad'").FailsWith("NameMalformed");
    }

    [Theory]
    [InlineData("New-CrdbCmekRole gcp-us | New-CrdbCmekKey -Location mars-central1", "LocationUnknown")]
    [InlineData("New-CrdbCmekRole gcp-us | New-CrdbCmekKey -Project no-kms-project", "GcpApiDisabled")]
    [InlineData("New-CrdbCmekRole gcp-us -Project my-other-project", "GcpPermissionDenied")]
    [InlineData(
        "New-CrdbCmekRole gcp-us | New-CrdbCmekKey -KeyUri "
            + "projects/sandbox-customer/locations/us/keyRings/r/cryptoKeys/none",
        "KeyNotFound"
    )]
    [InlineData(
        "New-CrdbCmekRole gcp-us | New-CrdbCmekKey -KeyUri arn:aws:kms:us-east-1:000000000000:key/none",
        "KeyNameMalformed"
    )]
    [InlineData(
        "Get-CrdbCluster gcp-us | New-CrdbCmekKey -AuthPrincipal crdb-cmek@elsewhere.iam.gserviceaccount.com",
        "ServiceAccountElsewhere"
    )]
    public void Wrong_input_has_its_own_error_and_the_next_command(string command, string errorId)
    {
        using var session = ModuleSession.WithSandbox(record: true);
        session.Run(command).FailsWith(errorId);
        Assert.Empty(
            session
                .Run(
                    "$sandbox.Exchanges | Where-Object Status -eq 200 | Where-Object Operation -match '^POST "
                        + ".*/(keyRings|cryptoKeys)$'"
                )
                .Output
        );
    }
}
