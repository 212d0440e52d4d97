using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>Saving, loading and advancing the sandbox that Start-CrdbSandbox returns.</summary>
[Collection(OneAtATime.Name)]
public sealed class SandboxStateTests
{
    private const string Enable =
        "$null = Get-CrdbCluster dev-aws | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest | Enable-CrdbCmek";

    [Fact]
    public void A_sandbox_returns_to_a_saved_state_and_its_session_stays_connected()
    {
        using var session = ModuleSession.WithSandbox();
        session.Run("$before = $sandbox.Save()").Succeeds();
        session.Run(Enable).Succeeds();
        Assert.Equal("ENABLING", Status(session));

        session.Run("$sandbox.Load($before)").Succeeds();
        Assert.Equal("DISABLED", Status(session));
    }

    [Fact]
    public void A_sandbox_that_loads_the_state_of_another_has_its_clusters_and_credentials()
    {
        using var session = ModuleSession.WithSandbox();
        session.Run(Enable).Succeeds();
        session.Run("$first = $sandbox; $state = $sandbox.Save()").Succeeds();
        session.Run("$sandbox = Start-CrdbSandbox -TimeScale 6000 -NoConnect; $sandbox.Load($state)").Succeeds();
        session
            .Run(
                "$key = [System.Net.NetworkCredential]::new('', $sandbox.ApiKey).SecurePassword; "
                    + "$null = Connect-CrdbCloud -Endpoint $sandbox.CloudEndpoint -ApiKey $key"
            )
            .Succeeds();

        Assert.NotEqual("DISABLED", Status(session));
        var properties = session.Run(
            "foreach ($name in 'ApiKey', 'ViewerApiKey', 'OrganizationId', 'AwsAccessKeyId', 'AwsSecretAccessKey', "
                + "'GcpAccessToken', 'AzureTenantId', 'AzureSubscriptionId', 'AzureClientId', 'AzureClientSecret', "
                + "'AzureIdentityHeader', 'VaultToken') { $sandbox.$name -ceq $first.$name }; "
                + "$sandbox.Environment.VAULT_TOKEN -ceq $first.VaultToken"
        );
        Assert.All(properties.Succeeds().Output, equal => Assert.Equal(true, equal.BaseObject));
        Assert.Equal(13, properties.Output.Count);
    }

    [Fact]
    public void Advancing_the_clock_finishes_an_operation_without_waiting()
    {
        using var session = ModuleSession.WithSandbox(timeScale: 60);
        session.Run(Enable).Succeeds();
        Assert.Equal("ENABLING", Status(session));

        session.Run("$sandbox.Advance('00:20:00')").Succeeds();
        Assert.Equal("ENABLED", Status(session));
    }

    [Theory]
    [InlineData("$sandbox.Load('something else')", "not a saved state")]
    [InlineData("$sandbox.Advance('-00:00:01')", "only be advanced")]
    public void Wrong_input_is_refused_with_the_reason(string script, string reason)
    {
        using var session = ModuleSession.WithSandbox();
        var error = Assert.Single(session.Run(script).AllErrors);
        Assert.Contains(reason, error.Exception.Message, StringComparison.Ordinal);
    }

    private static string Status(ModuleSession session) =>
        session.Run("(Get-CrdbCmek dev-aws).Status").Succeeds().Single().ToString()!;
}
