using System.Management.Automation;
using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>The pipeline on Azure, as a user types it.</summary>
public sealed class AzurePipelineTests
{
    private const string Pipeline =
        "Get-CrdbCluster azure-eu | New-CrdbCmekRole | New-CrdbCmekKey -VaultName cmek-sandbox | New-CrdbCmekManifest "
        + "| Enable-CrdbCmek -Wait";

    [Fact]
    public void The_lines_for_an_administrator_name_the_role_that_was_asked_for()
    {
        using var session = ModuleSession.WithSandbox();
        session
            .Run(
                "$key = Get-CrdbCluster azure-in | New-CrdbCmekRole | New-CrdbCmekKey -VaultName "
                    + "$sandbox.AzureVaultName"
            )
            .Succeeds();
        string Line(string more) =>
            session.Run($"($key | Get-CrdbCmekKeyPolicy {more}).Commands").Succeeds().Single().ToString()!;
        Assert.Contains("--role \"Key Vault Crypto Officer\"", Line(""), StringComparison.Ordinal);
        Assert.Contains(
            "--role \"Key Vault Crypto Service Encryption User\"",
            Line("-RoleName 'Key Vault Crypto Service Encryption User'"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void The_pipeline_takes_a_cluster_from_nothing_to_enabled()
    {
        using var session = ModuleSession.WithSandbox();
        var info = session.Run(Pipeline).Succeeds().Single();
        Assert.Equal(("ENABLED", "Created"), (info.Text("Status"), info.Text("Outcome")));
        Assert.Single(
            session
                .Run("(Get-CrdbCmek azure-eu).Regions.Keys.KeyUri")
                .Succeeds()
                .Output.Select(o => o.ToString())
                .Distinct()
        );
    }

    [Fact]
    public void A_second_run_writes_nothing_and_says_so()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        session.Run(Pipeline).Succeeds();
        var before = session.Run("$sandbox.Exchanges.Count").Single();
        Assert.Equal("Existing", session.Run(Pipeline).Succeeds().Single().Text("Outcome"));
        Assert.Empty(SandboxAzure.Writes(session, before));
    }

    [Fact]
    public void WhatIf_on_the_first_cmdlet_plans_the_whole_pipe_and_writes_nothing()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        var plan = session
            .Run(
                "Get-CrdbCluster azure-eu | New-CrdbCmekRole -WhatIf | New-CrdbCmekKey -VaultName cmek-sandbox | "
                    + "New-CrdbCmekManifest | Enable-CrdbCmek -Wait"
            )
            .Succeeds()
            .Single();
        Assert.Equal(true, plan.Get("IsPlanned"));
        Assert.Empty(SandboxAzure.Writes(session, 0));
        var said = session.Screen.Split('\n').Where(l => l.StartsWith("What if:", StringComparison.Ordinal)).ToList();
        Assert.Collection(
            said,
            line => Assert.Contains("as an enterprise application", line, StringComparison.Ordinal),
            line => Assert.Contains("Create RSA 3072 key", line, StringComparison.Ordinal),
            line => Assert.Contains("Assign Key Vault Crypto Officer", line, StringComparison.Ordinal),
            line => Assert.Contains("Enable CMEK", line, StringComparison.Ordinal)
        );
    }

    [Fact]
    public void A_mixed_fleet_flows_through_one_pipeline()
    {
        using var session = ModuleSession.WithSandbox();
        var result = session
            .Run(
                $"$null = {ModuleSession.Connect} -AzureKeyVaultName cmek-sandbox; "
                    + "'azure-in', 'dev-aws', 'gcp-us' | Get-CrdbCluster | New-CrdbCmekRole | New-CrdbCmekKey "
                    + "| New-CrdbCmekManifest | Enable-CrdbCmek -Wait"
            )
            .Succeeds();
        Assert.Equal(
            ["azure-in ENABLED", "dev-aws ENABLED", "gcp-us ENABLED"],
            result.Output.Select(o => $"{o.Text("ClusterName")} {o.Text("Status")}")
        );
    }

    [Theory]
    [InlineData(
        "New-CrdbCmekKey azure-eu -AuthPrincipal $sandbox.AzureTenantId -VaultName cmek-sandbox",
        "ConsentMissing"
    )]
    [InlineData("New-CrdbCmekRole azure-eu | New-CrdbCmekKey", "KeyVaultNameMissing")]
    [InlineData("New-CrdbCmekRole azure-eu | New-CrdbCmekKey -VaultName cmek-nowhere", "KeyVaultNotFound")]
    [InlineData("New-CrdbCmekRole azure-eu | New-CrdbCmekKey -VaultName cmek-foreign", "KeyVaultInOtherTenant")]
    [InlineData("New-CrdbCmekRole azure-eu | New-CrdbCmekKey -VaultName cmek-walled", "KeyVaultFirewalled")]
    [InlineData(
        "New-CrdbCmekRole azure-eu | New-CrdbCmekKey -VaultUri https://cmek-sandbox.example.com",
        "KeyVaultUriMalformed"
    )]
    [InlineData(
        "New-CrdbCmekRole azure-eu | New-CrdbCmekKey -VaultName cmek-sandbox -ProtectionLevel Hsm",
        "HsmNotAvailable"
    )]
    [InlineData(
        "New-CrdbCmekRole azure-eu | New-CrdbCmekKey -VaultName cmek-sandbox -Name under_score",
        "NameMalformed"
    )]
    [InlineData(
        "New-CrdbCmekRole azure-eu | New-CrdbCmekKey -VaultName cmek-sandbox -RoleName Reader",
        "RoleTooNarrow,RoleUnknown"
    )]
    [InlineData(
        "New-CrdbCmekRole azure-eu | New-CrdbCmekKey -KeyUri https://cmek-sandbox.vault.azure.net/keys/none",
        "KeyNotFound"
    )]
    [InlineData(
        "New-CrdbCmekRole azure-eu | New-CrdbCmekKey -KeyUri arn:aws:kms:us-east-1:123456789012:key/x",
        "KeyUriMalformed"
    )]
    [InlineData(
        "New-CrdbCmekKey azure-eu -AuthPrincipal arn:aws:iam::123456789012:role/x -VaultName cmek-sandbox",
        "TenantMalformed"
    )]
    [InlineData("New-CrdbCmekRole azure-eu -TenantId 11111111-2222-3333-4444-555555555555", "TenantDiffers")]
    public void Each_bad_input_has_its_own_error_and_the_next_command(string script, string errorIds)
    {
        using var session = ModuleSession.WithSandbox(record: true);
        var error = Assert.Single(session.Run(script).AllErrors);
        Assert.Contains(error.FullyQualifiedErrorId.Split(',')[0], errorIds.Split(','));
        Assert.False(string.IsNullOrEmpty(error.ErrorDetails?.RecommendedAction));
        Assert.DoesNotContain(SandboxAzure.Writes(session, 0), w =>
            w.Contains("/keys/", StringComparison.Ordinal) || w.Contains("/roleAssignments/", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void A_manifest_is_checked_live_and_told_what_is_wider_than_needed()
    {
        using var session = ModuleSession.WithSandbox();
        session
            .Run(
                "$manifest = Get-CrdbCluster azure-eu | New-CrdbCmekRole | New-CrdbCmekKey -VaultName cmek-sandbox | "
                    + "New-CrdbCmekManifest"
            )
            .Succeeds();
        var checks = session.Run("$manifest | Test-CrdbCmekManifest").Succeeds().Output;
        Assert.DoesNotContain(checks, c => c.Text("Status") is "Fail" or "Unknown");
        Assert.Contains(checks, c => c.Text("ErrorId") == "KeyPolicyWide");
        Assert.Equal(true, session.Run("$manifest | Test-CrdbCmekManifest -Quiet").Single().BaseObject);
    }

    [Fact]
    public void The_life_of_a_key_goes_on_with_the_same_cmdlets_as_elsewhere()
    {
        using var session = ModuleSession.WithSandbox(timeScale: 20_000);
        session.Run(Pipeline).Succeeds();
        var before = session.Run("(Get-CrdbCmek azure-eu).Regions[0].Keys[0].KeyUri").Single().ToString();
        Assert.Equal(
            "ENABLED",
            session.Run("Invoke-CrdbCmekRotation azure-eu -Wait").Succeeds().Single().Text("Status")
        );
        var rotated = session.Run("(Get-CrdbCmek azure-eu).Regions[0].Keys[0].KeyUri").Single().ToString()!;
        Assert.NotEqual(before, rotated);
        session.Run("Invoke-CrdbCmekRotation azure-eu -NewKey -Wait").Succeeds();
        Assert.EndsWith(
            "-r2",
            session.Run("(Get-CrdbCmek azure-eu).Regions[0].Keys[0].KeyUri.Split('/')[4]").Single().ToString(),
            StringComparison.Ordinal
        );
        Assert.Equal("Existing", session.Run(Pipeline).Succeeds().Single().Text("Outcome"));
        Assert.Equal(true, session.Run("Test-CrdbCmek azure-eu -Quiet").Succeeds().Single().BaseObject);
    }

    [Fact]
    public void Access_is_revoked_with_KmsOnly_and_restored_exactly()
    {
        using var session = ModuleSession.WithSandbox();
        session.Run(Pipeline).Succeeds();
        session.Run("$record = Revoke-CrdbCmek azure-eu -KmsOnly -Confirm:$false").Succeeds();
        Assert.Equal(
            "RoleAssignment Done",
            session.Run("$record.Changes | ForEach-Object { \"$($_.Kind) $($_.State)\" }").Single().ToString()
        );
        Assert.Contains(
            "KeyNotGranted",
            session
                .Run("Test-CrdbCmek azure-eu | Where-Object Status -eq Fail | ForEach-Object ErrorId")
                .Succeeds()
                .Output.Select(o => o.ToString())
        );
        session.Run("Restore-CrdbCmekAccess azure-eu -Confirm:$false").Succeeds();
        Assert.DoesNotContain(session.Run("Test-CrdbCmek azure-eu").Succeeds().Output, c => c.Text("Status") == "Fail");
    }

    [Theory]
    [InlineData("RemoveGrant")]
    [InlineData("DisableKey")]
    public void A_whole_revocation_ends_REVOKED(string method)
    {
        using var session = ModuleSession.WithSandbox();
        session.Run(Pipeline).Succeeds();
        Assert.Equal(
            "REVOKED",
            session.Run($"Revoke-CrdbCmek azure-eu -Method {method} -Confirm:$false").Succeeds().Single().Text("Status")
        );
        session
            .Run("Revoke-CrdbCmek azure-eu -Method RemoveTrust -Confirm:$false")
            .FailsWith("RevocationMethodNotSupported");
    }

    [Fact]
    public void A_region_joins_with_the_key_in_force()
    {
        using var session = ModuleSession.WithSandbox(timeScale: 20_000);
        session
            .Run(
                "Get-CrdbCluster azure-eu | New-CrdbCmekRole | New-CrdbCmekKey -VaultName cmek-sandbox | "
                    + "New-CrdbCmekManifest | Enable-CrdbCmek -Wait"
            )
            .Succeeds();
        session.Run("Add-CrdbCmekRegion -Cluster azure-eu uksouth -NodeCount 3 -Wait").Succeeds();
        var keys = session
            .Run(
                "(Get-CrdbCmek azure-eu).Regions | ForEach-Object { \"$($_.Region) $($_.Status) $($_.Keys[0].KeyUri)\" "
                    + "}"
            )
            .Succeeds()
            .Output.Select(o => o.ToString()!)
            .ToList();
        Assert.Equal(3, keys.Count);
        Assert.Single(keys.Select(k => k.Split(' ')[2]).Distinct());
        Assert.All(keys, k => Assert.Contains(" ENABLED ", k, StringComparison.Ordinal));
    }
}
