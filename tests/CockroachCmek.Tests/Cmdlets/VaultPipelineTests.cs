using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>
/// Keys that are born in the sandbox's HashiCorp Vault, from the first key to the health check after a rotation: its
/// CockroachDB wraps with what Vault distributed.
/// </summary>
public sealed class VaultPipelineTests
{
    private const string Setup =
        "$null = Get-CrdbCluster prod-us | New-CrdbCmekRole | New-CrdbCmekKey -Via HashiCorpVault | "
        + "New-CrdbCmekManifest | Enable-CrdbCmek -Wait";

    [Fact]
    public void The_pipeline_enables_CMEK_and_a_second_run_writes_nothing()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        var info = session.Run(Setup.Replace("$null = ", "", StringComparison.Ordinal)).Succeeds().Single();
        Assert.Equal(("ENABLED", "Created"), (info.Text("Status"), info.Text("Outcome")));
        session.Run("$seen = $sandbox.Exchanges.Count").Succeeds();
        Assert.Equal(
            "Existing",
            session.Run(Setup.Replace("$null = ", "", StringComparison.Ordinal)).Succeeds().Single().Text("Outcome")
        );
        Assert.Empty(
            session
                .Run(
                    "$sandbox.Exchanges | Where-Object Index -gt $seen | Where-Object Service -eq vault | Where-Object "
                        + "Method -ne GET"
                )
                .Output
        );
        Assert.Empty(
            session
                .Run(
                    "$sandbox.Exchanges | Where-Object Index -gt $seen | Where-Object Operation -match "
                        + "'kms:(Create|Put|Import)'"
                )
                .Output
        );
    }

    [Fact]
    public void WhatIf_names_the_engine_and_every_key_and_makes_none()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        var keys = session
            .Run("Get-CrdbCluster prod-us | New-CrdbCmekRole | New-CrdbCmekKey -Via HashiCorpVault -WhatIf")
            .Succeeds()
            .Output;
        Assert.All(keys, k => Assert.Equal(true, k.Get("IsPlanned")));
        var said = session.Screen.Split('\n').Where(l => l.StartsWith("What if:", StringComparison.Ordinal)).ToList();
        Assert.Equal(keys.Count + 1, said.Count);
        Assert.Contains("Enable the Key Management secrets engine at keymgmt", said[0], StringComparison.Ordinal);
        Assert.All(said.Skip(1), l => Assert.Contains("aes256-gcm96", l, StringComparison.Ordinal));
        Assert.Empty(
            session
                .Run(
                    "$sandbox.Exchanges | Where-Object Service -eq vault | Where-Object Method -ne GET | Where-Object "
                        + "Target -notmatch capabilities-self"
                )
                .Output
        );
    }

    [Fact]
    public void A_rotation_makes_new_KMS_keys_that_every_region_takes_up_and_health_passes_on_both_sides()
    {
        using var session = ModuleSession.WithSandbox();
        session.Run(Setup).Succeeds();
        var before = Uris(session);
        Assert.Equal(
            "ENABLED",
            session
                .Run("Get-CrdbCluster prod-us | Invoke-CrdbCmekRotation -Via HashiCorpVault -Wait")
                .Succeeds()
                .Single()
                .Text("Status")
        );
        Assert.Empty(before.Intersect(Uris(session)));
        var checks = session.Run("Get-CrdbCluster prod-us | Test-CrdbCmek -Via HashiCorpVault").Succeeds().Output;
        Assert.Empty(
            checks
                .Where(c => c.Text("Status") is "Fail" or "Unknown")
                .Select(c => $"{c.Text("Check")}: {c.Text("Detail")}")
        );
        Assert.Equal(before.Count, checks.Count(c => c.Text("Check") == "VaultVersionDistributed"));
        Assert.DoesNotContain(checks, c => c.Text("ErrorId") == "VersionNotTakenUp");
    }

    [Fact]
    public void A_new_key_takes_the_old_ones_place_and_the_next_run_of_the_pipeline_finds_it()
    {
        using var session = ModuleSession.WithSandbox();
        session.Run(Setup).Succeeds();
        var before = Uris(session);
        session
            .Run("$null = Get-CrdbCluster prod-us | Invoke-CrdbCmekRotation -NewKey -Via HashiCorpVault -Wait")
            .Succeeds();
        var after = Uris(session);
        Assert.Empty(before.Intersect(after));
        Assert.Equal(
            after,
            session
                .Run("Get-CrdbCluster prod-us | New-CrdbCmekRole | New-CrdbCmekKey -Via HashiCorpVault")
                .Succeeds()
                .Output.OrderBy(k => k.Text("Region"), StringComparer.Ordinal)
                .Select(k => k.Text("KeyUri"))
        );
    }

    [Fact]
    public void A_region_that_joins_gets_a_Vault_key_of_its_own()
    {
        using var session = ModuleSession.WithSandbox();
        session.Run(Setup).Succeeds();
        session
            .Run("$null = Get-CrdbCluster prod-us | Add-CrdbCmekRegion eu-west-1 -Via HashiCorpVault -Wait")
            .Succeeds();
        Assert.Equal(
            "Existing",
            session
                .Run(
                    "Get-CrdbCluster prod-us | New-CrdbCmekRole | New-CrdbCmekKey -Region eu-west-1 -Via HashiCorpVault"
                )
                .Succeeds()
                .Single()
                .Text("Outcome")
        );
    }

    [Fact]
    public void Access_to_keys_of_Vault_is_revoked_and_restored_in_the_cloud()
    {
        using var session = ModuleSession.WithSandbox();
        session.Run(Setup).Succeeds();
        Assert.Equal(
            "REVOKED",
            session
                .Run("$revocation = Get-CrdbCluster prod-us | Revoke-CrdbCmek -Confirm:$false; $revocation")
                .Succeeds()
                .Single()
                .Text("Status")
        );
        session.Run("$null = $revocation | Restore-CrdbCmekAccess").Succeeds();
        Assert.Empty(
            session
                .Run(
                    "(Get-CrdbCluster prod-us).Regions.Name | ForEach-Object { New-CrdbCmekKey prod-us -Region $_ "
                        + "-AuthPrincipal (Get-CrdbCmek prod-us).Regions[0].Keys[0].AuthPrincipal -Via HashiCorpVault "
                        + "} | Where-Object Outcome -ne Existing"
                )
                .Succeeds()
                .Output
        );
    }

    [Fact]
    public void Parameters_for_Vault_without_Via_are_refused_and_so_is_a_Vault_that_cannot_be_reached()
    {
        using var session = ModuleSession.WithSandbox();
        session.Run("$token = [System.Net.NetworkCredential]::new('', 'planted-token').SecurePassword").Succeeds();
        session
            .Run("Get-CrdbCluster prod-us | New-CrdbCmekRole | New-CrdbCmekKey -VaultKeyType aes256-gcm96")
            .FailsWith("VaultNotAskedFor");
        const string Make =
            "Get-CrdbCluster prod-us | New-CrdbCmekRole | New-CrdbCmekKey -Via HashiCorpVault -Session $other";
        string Other(string address) => $"$other = {ModuleSession.Connect} {address} -VaultToken $token; ";
        session.Run(Other("-VaultAddress http://vault.example:8200") + Make).FailsWith("InsecureEndpoint");
        session.Run(Other("-VaultAddress http://127.0.0.1:9") + Make).FailsWith("ConnectionRefused");
        var refused = session.Run(Other("") + Make + " -Verbose");
        refused.FailsWith("VaultTokenRefused");
        Assert.DoesNotContain(
            "planted-token",
            $"{string.Join("\n", refused.Verbose)} {string.Join("\n", refused.AllErrors.Select(e => e.Exception.ToString()))}",
            StringComparison.Ordinal
        );
    }

    private static List<string> Uris(ModuleSession session) =>
        [
            .. session
                .Run("(Get-CrdbCmek prod-us).Regions | ForEach-Object { @($_.Keys)[0].KeyUri }")
                .Succeeds()
                .Output.Select(u => u.ToString()!),
        ];
}
