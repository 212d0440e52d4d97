using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>An object that a cmdlet returned for -Session takes that session along the pipeline.</summary>
public sealed class ObjectSessionTests
{
    [Fact]
    public void An_object_keeps_the_session_that_it_was_read_with()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        session
            .Run(
                """
                $first = Get-CrdbSession
                $other = Start-CrdbSandbox -Record -TimeScale 6000
                $second = Get-CrdbSession
                $kept = Get-CrdbCluster prod-eu -Session $first
                $unasked = $other.Exchanges.Count
                $null = $kept | Get-CrdbCmek
                $null = $kept | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion | New-CrdbCmekManifest |
                    Enable-CrdbCmek -Wait
                $null = New-CrdbCmekRole prod-us -Session $first | New-CrdbCmekKey
                """
            )
            .Succeeds();
        Assert.Equal(true, session.Run("$other.Exchanges.Count -eq $unasked").Single().BaseObject);

        // -Session wins, and an object of the runspace's session follows the runspace: each sandbox has its own ids.
        session.Run("$kept | Get-CrdbCmek -Session $second").FailsWith("ClusterNotFound");
        Assert.Equal("ENABLED", session.Run("($kept | Get-CrdbCmek).Status").Single().ToString());
        session
            .Run(
                "$free = Get-CrdbCluster prod-eu; $null = Connect-CrdbCloud -Endpoint $sandbox.CloudEndpoint -ApiKey "
                    + "([System.Net.NetworkCredential]::new('', $sandbox.ApiKey).SecurePassword)"
            )
            .Succeeds();
        session.Run("$free | Get-CrdbCmek").FailsWith("ClusterNotFound");

        // It never falls back to another session.
        session.Run("$kept | Get-CrdbCmek -OutVariable null; Disconnect-CrdbCloud $first").Succeeds();
        session.Run("$kept | Get-CrdbCmek").FailsWith("SessionEnded");
        session.Run("Stop-CrdbSandbox $other").Succeeds();
    }
}
