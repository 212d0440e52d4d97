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
    [InlineData("prod-us")]
    [InlineData("gcp-us")]
    public void The_PrincipalId_of_a_role_of_another_cloud_is_not_refused(string cluster)
    {
        using var session = ModuleSession.WithSandbox();
        session.Run($"New-CrdbCmekRole {cluster} | New-CrdbCmekKey").Succeeds();
    }
}
