using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>An emergency with the cluster's name alone, while CockroachDB Cloud is down.</summary>
[Collection(OneAtATime.Name)]
public sealed class KmsOnlyTests
{
    private const string Down =
        "$sandbox.AddFault([CockroachCmek.SandboxFault]@{ Service = 'cloud'; Action = 'Status'; Status = 503; "
        + "Count = 1000 })";

    [Fact]
    public void By_its_name_a_cluster_is_drilled_revoked_and_restored_without_CockroachDB_Cloud()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        session
            .Run(
                "$null = Get-CrdbCluster dev-aws | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest | "
                    + "Enable-CrdbCmek -Wait"
            )
            .Succeeds();
        Assert.True(
            (bool)session.Run("Test-CrdbCmekRevocation dev-aws -KmsOnly -Quiet").Succeeds().Single().BaseObject
        );
        // The sandbox made this key without the module's tags: the drill says that a name would not find it.
        var hidden = session.Run("Test-CrdbCmekRevocation prod-eu-old -KmsOnly").Succeeds().Single();
        Assert.Equal("Fail", hidden.Text("Status"));
        Assert.Contains(
            "Import-Clixml ./cmek.xml | Revoke-CrdbCmek -KmsOnly",
            hidden.Text("Remedy"),
            StringComparison.Ordinal
        );
        // As Clixml keeps it; the engine of these tests has no Export-Clixml.
        session
            .Run("$kept = [Management.Automation.PSSerializer]::Serialize((Get-CrdbCmek prod-eu-old), 5)")
            .Succeeds();

        session.Run(Down).Succeeds();
        var refused = session.Run("'dev-aws' | Revoke-CrdbCmek -Confirm:$false");
        Assert.Equal("ClusterNotRead", Assert.Single(refused.ErrorIds));
        var advice = Assert.Single(refused.Errors).ErrorDetails.RecommendedAction;
        Assert.StartsWith("Revoke-CrdbCmek dev-aws -KmsOnly ", advice, StringComparison.Ordinal);
        var revocation = session.Run("'dev-aws' | Revoke-CrdbCmek -KmsOnly -Confirm:$false").Succeeds().Single();
        Assert.Equal(("dev-aws", "Updated"), (revocation.Text("ClusterName"), revocation.Text("Outcome")));

        // A sandbox shows its clouds to those who know its API key.
        using (new EnvironmentVariable("COCKROACH_API_KEY", session.Sandbox.Text("ApiKey")))
            session
                .Run(
                    "$sandbox.ClearFaults(); $null = Connect-CrdbCloud -KmsOnly -Endpoint $sandbox.CloudEndpoint; "
                        + "$seen = $sandbox.Exchanges.Count"
                )
                .Succeeds();
        var restored = session.Run("Restore-CrdbCmekAccess dev-aws").Succeeds().Single();
        Assert.Equal("Updated", restored.Text("Outcome"));
        // What the drill advised to keep.
        var kept = session
            .Run("[Management.Automation.PSSerializer]::Deserialize($kept) | Revoke-CrdbCmek -KmsOnly -Confirm:$false")
            .Succeeds()
            .Single();
        Assert.Equal(("prod-eu-old", "Updated"), (kept.Text("ClusterName"), kept.Text("Outcome")));
        var ghost = session.Run("'ghost' | Revoke-CrdbCmek -KmsOnly -Confirm:$false");
        Assert.Equal("ClusterKeysNotFound", Assert.Single(ghost.ErrorIds));
        Assert.Empty(
            session.Run("$sandbox.Exchanges | Where-Object Index -gt $seen | Where-Object Service -eq cloud").Output
        );
    }
}
