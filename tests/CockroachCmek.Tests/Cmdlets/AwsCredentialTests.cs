using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>Credentials for AWS: what they lack is named, and where they come from.</summary>
public sealed class AwsCredentialTests
{
    [Fact]
    public void What_may_not_be_read_is_unknown_and_does_not_pass()
    {
        using var session = ModuleSession.WithSandbox();
        session
            .Run("$manifest = Get-CrdbCluster dev-aws | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest")
            .Succeeds();
        AwsUser.With(session, "iam:GetRole");
        var checks = session
            .Run("$manifest | Test-CrdbCmekManifest -Session $weak")
            .Succeeds()
            .Output.ToDictionary(c => c.Text("Check"), c => c.Text("Status"));
        Assert.Equal("Unknown", checks["KeyUsable"]);
        Assert.Equal("Pass", checks["RoleTrust"]);
        Assert.Equal(
            false,
            session.Run("$manifest | Test-CrdbCmekManifest -Session $weak -Quiet").Succeeds().Single().BaseObject
        );
    }

    [Fact]
    public void Missing_permissions_are_named_and_nothing_is_half_made()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        session.Run("$role = New-CrdbCmekRole prod-eu").Succeeds();
        AwsUser.With(session, "iam:GetRole", "kms:DescribeKey", "kms:ListKeys", "sts:GetCallerIdentity");
        var error = session.Run("New-CrdbCmekRole dev-aws -Session $weak").FailsWith("AwsPermissionDenied");
        Assert.Contains("iam:CreateRole", error.ErrorDetails.Message, StringComparison.Ordinal);
        Assert.Contains(
            "kms:CreateKey",
            session.Run("$role | New-CrdbCmekKey -Session $weak").FailsWith("AwsPermissionDenied").ErrorDetails.Message,
            StringComparison.Ordinal
        );
        Assert.Empty(
            session
                .Run(
                    "$sandbox.Exchanges | Where-Object Operation -match 'CreateRole|CreateKey' | Where-Object Status "
                        + "-eq 200 | Where-Object RequestBody -match dev-aws"
                )
                .Output
        );
    }

    [Fact]
    public void A_profile_that_is_not_there_is_named()
    {
        using var session = ModuleSession.WithSandbox();
        var error = session
            .Run(
                "New-CrdbCmekRole dev-aws -Session (Connect-CrdbCloud -Endpoint $sandbox.CloudEndpoint -ApiKey "
                    + "([System.Net.NetworkCredential]::new('', $sandbox.ApiKey).SecurePassword) -AwsProfile "
                    + "no-such-profile)"
            )
            .FailsWith("AwsCredentialsMissing");
        Assert.Contains("no-such-profile", error.ErrorDetails.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Credentials_that_AWS_does_not_know_are_an_error_for_each_cluster_and_end_nobody_else_s_work()
    {
        using var session = ModuleSession.WithSandbox();
        AwsUser.WithWrongSecret(session, "iam:*");
        var result = session.Run("'dev-aws', 'prod-eu', 'gcp-us' | New-CrdbCmekRole -Session $weak");
        Assert.Null(result.Terminating);
        Assert.Equal(["AwsCredentialsRefused", "AwsCredentialsRefused"], result.ErrorIds);
        Assert.Equal("gcp-us", Assert.Single(result.Output).Text("ClusterName"));
    }

    [Fact]
    public void Keys_land_in_their_own_region_through_AWS_ENDPOINT_URL_too()
    {
        using var session = ModuleSession.WithSandbox();
        session.Run("$role = New-CrdbCmekRole prod-us").Succeeds();
        AwsUser.With(session, "kms:*", "sts:*", "iam:*");
        var keys = session.Run("$role | New-CrdbCmekKey -Session $weak").Succeeds().Output;
        Assert.Equal(["us-east-1", "us-east-2", "us-west-2"], keys.Select(k => k.Text("Location")));
    }
}
