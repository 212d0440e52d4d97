using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>Which clouds a session uses, and how it is found again.</summary>
[Collection(OneAtATime.Name)]
public sealed class SandboxConnectionTests
{
    /// <summary>What a machine with real accounts has. None of it works anywhere, and no address answers.</summary>
    private static readonly Dictionary<string, string> Planted = new()
    {
        ["AWS_PROFILE"] = "planted-profile",
        ["AWS_ACCESS_KEY_ID"] = "planted",
        ["AWS_SECRET_ACCESS_KEY"] = "planted",
        ["AWS_SESSION_TOKEN"] = "planted",
        ["AWS_ENDPOINT_URL"] = "http://127.0.0.1:1/",
        ["GOOGLE_APPLICATION_CREDENTIALS"] = "/planted/credentials.json",
        ["GOOGLE_CLOUD_PROJECT"] = "planted-project",
        ["AZURE_TENANT_ID"] = "00000000-0000-0000-0000-000000000001",
        ["AZURE_CLIENT_ID"] = "00000000-0000-0000-0000-000000000002",
        ["AZURE_CLIENT_SECRET"] = "planted",
        ["VAULT_ADDR"] = "http://127.0.0.1:1/",
        ["VAULT_TOKEN"] = "planted",
    };

    [Theory]
    [InlineData("prod-us", "")]
    [InlineData("gcp-us", "")]
    [InlineData("azure-eu", "-KeyVaultName $sandbox.AzureKeyVaultName")]
    [InlineData("prod-us", "-Via HashiCorpVault")]
    public void A_connection_to_a_sandbox_endpoint_uses_the_sandbox_and_no_credentials_of_the_machine(
        string cluster,
        string options
    )
    {
        var environment = Planted.Select(p => new EnvironmentVariable(p.Key, p.Value)).ToList();
        try
        {
            using var session = new ModuleSession();
            session.Run("$sandbox = Start-CrdbSandbox -TimeScale 6000 -NoConnect").Succeeds();
            session.Run("Get-CrdbSession").FailsWith("NotConnected");
            Assert.Equal(true, session.Run(ModuleSession.Connect).Succeeds().Single().Get("IsSandbox"));
            session.Run($"New-CrdbCmekRole {cluster} | New-CrdbCmekKey {options}").Succeeds();
        }
        finally
        {
            environment.ForEach(e => e.Dispose());
        }
    }

    [Fact]
    public void Get_CrdbSession_returns_the_session_that_was_opened_last()
    {
        using var session = ModuleSession.WithSandbox();
        session.Run($"$opened = {ModuleSession.Connect}").Succeeds();
        Assert.Equal(true, session.Run("[object]::ReferenceEquals((Get-CrdbSession), $opened)").Single().BaseObject);
    }

    [Fact]
    public void Get_CrdbSandbox_returns_the_running_sandboxes_of_the_runspace_in_the_order_of_their_start()
    {
        using var session = new ModuleSession();
        using var other = new ModuleSession();
        Assert.Empty(session.Run("Get-CrdbSandbox").Succeeds().Output);
        session.Run("$first = Start-CrdbSandbox -NoConnect; $second = Start-CrdbSandbox -NoConnect").Succeeds();
        Assert.Equal(
            true,
            session
                .Run(
                    "$all = @(Get-CrdbSandbox); $all.Count -eq 2 -and [object]::ReferenceEquals($all[0], $first) -and "
                        + "[object]::ReferenceEquals($all[1], $second)"
                )
                .Single()
                .BaseObject
        );
        Assert.Empty(other.Run("Get-CrdbSandbox").Succeeds().Output);
        session.Run("Stop-CrdbSandbox $first").Succeeds();
        Assert.Equal(true, session.Run("[object]::ReferenceEquals((Get-CrdbSandbox), $second)").Single().BaseObject);
        session.Run("Get-CrdbSandbox | Stop-CrdbSandbox").Succeeds();
        Assert.Empty(session.Run("Get-CrdbSandbox").Succeeds().Output);
    }

    [Fact]
    public void A_session_works_in_another_runspace_and_does_not_become_its_current_one()
    {
        using var session = ModuleSession.WithSandbox();
        var handle = session.Run("Get-CrdbSession").Single().BaseObject;
        using var other = new ModuleSession();
        other.Run("Get-CrdbCmek prod-eu-old -Session $handle", ("handle", handle)).Succeeds();
        other.Run("Get-CrdbSession").FailsWith("NotConnected");
    }

    [Fact]
    public void Get_CrdbSession_fails_after_the_session_was_disconnected_here()
    {
        using var session = ModuleSession.WithSandbox();
        session.Run("Disconnect-CrdbCloud").Succeeds();
        session.Run("Get-CrdbSession").FailsWith("NotConnected");
    }
}
