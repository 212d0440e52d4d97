using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>
/// Azure's keys that are born in the sandbox's HashiCorp Vault, from the first key to the health check after a
/// rotation.
/// </summary>
public sealed class VaultAzureTests
{
    private const string Make =
        "Get-CrdbCluster azure-eu | New-CrdbCmekRole -GrantConsent | New-CrdbCmekKey -Via HashiCorpVault -VaultName "
        + "$sandbox.AzureVaultName";
    private const string Setup = $"{Make} | New-CrdbCmekManifest | Enable-CrdbCmek -Wait";

    [Fact]
    public void The_pipeline_enables_CMEK_in_a_vault_of_the_standard_tier_and_a_second_run_writes_nothing()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        Assert.Equal(("ENABLED", "Created"), Result(session.Run(Setup)));
        session.Run("$seen = $sandbox.Exchanges.Count").Succeeds();
        Assert.Equal(("ENABLED", "Existing"), Result(session.Run(Setup)));
        Assert.Empty(
            session
                .Run(
                    "$sandbox.Exchanges | Where-Object Index -gt $seen | Where-Object Service -eq vault | Where-Object "
                        + "Method -ne GET"
                )
                .Output
        );
        Assert.Empty(SandboxAzure.Writes(session, session.Run("$seen").Single()));
    }

    [Fact]
    public void Hardware_in_the_standard_tier_is_refused_before_anything_is_written()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        session.Run($"{Make} -ProtectionLevel Hsm").FailsWith("HsmNotAvailable");
        Assert.Empty(
            session.Run("$sandbox.Exchanges | Where-Object Service -eq vault | Where-Object Method -ne GET").Output
        );
    }

    [Fact]
    public void A_rotation_is_a_new_URI_that_every_region_takes_up_a_new_key_follows_and_health_passes_on_both_sides()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        session.Run($"$null = {Setup}").Succeeds();
        var before = Uri(session);
        session.Run("$seen = $sandbox.Exchanges.Count").Succeeds();
        Assert.Equal(
            "ENABLED",
            session
                .Run("Get-CrdbCluster azure-eu | Invoke-CrdbCmekRotation -Via HashiCorpVault -Wait")
                .Succeeds()
                .Single()
                .Text("Status")
        );
        var rotated = Uri(session);
        Assert.NotEqual(before, rotated);
        Assert.Equal(before[..before.LastIndexOf('/')], rotated[..rotated.LastIndexOf('/')]);
        Assert.Single(
            session
                .Run("$sandbox.Exchanges | Where-Object Index -gt $seen | Where-Object Operation -match '^PUT /api'")
                .Output
        );
        session
            .Run("$null = Get-CrdbCluster azure-eu | Invoke-CrdbCmekRotation -NewKey -Via HashiCorpVault -Wait")
            .Succeeds();
        Assert.NotEqual(rotated[..rotated.LastIndexOf('/')], Uri(session)[..Uri(session).LastIndexOf('/')]);
        var checks = session.Run("Get-CrdbCluster azure-eu | Test-CrdbCmek -Via HashiCorpVault").Succeeds().Output;
        Assert.Empty(
            checks
                .Where(c => c.Text("Status") is "Fail" or "Unknown")
                .Select(c => $"{c.Text("Check")}: {c.Text("Detail")}")
        );
        Assert.Contains(checks, c => c.Text("Check") == "VaultVersionDistributed");
    }

    [Fact]
    public void Access_is_revoked_and_restored_in_the_cloud()
    {
        using var session = ModuleSession.WithSandbox();
        session.Run($"$null = {Setup}").Succeeds();
        session.Run("$null = Revoke-CrdbCmek azure-eu -KmsOnly -Confirm:$false").Succeeds();
        Assert.Contains(session.Run("Test-CrdbCmek azure-eu -Via HashiCorpVault").Succeeds().Output, c =>
            c.Text("ErrorId") == "KeyNotGranted"
        );
        session.Run("$null = Restore-CrdbCmekAccess azure-eu -Confirm:$false").Succeeds();
        Assert.DoesNotContain(session.Run("Test-CrdbCmek azure-eu -Via HashiCorpVault").Succeeds().Output, c =>
            c.Text("Status") == "Fail"
        );
    }

    private static (string, string) Result(ScriptResult result) =>
        (result.Succeeds().Single().Text("Status"), result.Single().Text("Outcome"));

    private static string Uri(ModuleSession session) =>
        session.Run("@((Get-CrdbCmek azure-eu).Regions)[0].Keys[0].KeyUri").Succeeds().Single().ToString()!;
}
