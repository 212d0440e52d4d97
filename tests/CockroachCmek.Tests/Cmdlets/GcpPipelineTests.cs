using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

public sealed class GcpPipelineTests
{
    private const string Writes =
        "^POST .*(keyRings|cryptoKeys|serviceAccounts|cryptoKeyVersions|:setIamPolicy|:updatePrimaryVersion)$|^PATCH "
        + "|^(POST|PUT) /api";

    [Theory]
    [InlineData("gcp-eu", "", 2)]
    [InlineData("gcp-eu", "-Location europe -ProtectionLevel Hsm", 2)]
    [InlineData("gcp-eu", "-Location global -KeyRing databases -RotationPeriodInDays 90 -Tag @{ team = 'db' }", 2)]
    [InlineData("gcp-us", "", 1)]
    public void The_pipeline_takes_a_cluster_from_nothing_to_enabled(string cluster, string options, int regions)
    {
        using var session = ModuleSession.WithSandbox();
        var info = session
            .Run(
                $"Get-CrdbCluster {cluster} | New-CrdbCmekRole | New-CrdbCmekKey {options} | New-CrdbCmekManifest | "
                    + "Enable-CrdbCmek -Wait"
            )
            .Succeeds()
            .Single();
        Assert.Equal("ENABLED", info.Text("Status"));
        Assert.Equal("Created", info.Text("Outcome"));
        var states = session
            .Run($"(Get-CrdbCmek {cluster}).Regions | ForEach-Object {{ $_.Status; $_.Keys.Status }}")
            .Succeeds()
            .Output.Select(s => s.ToString());
        Assert.Equal(Enumerable.Repeat("ENABLED", regions * 2), states);
    }

    [Fact]
    public void Each_region_has_a_key_in_its_own_location_and_one_location_makes_one_key()
    {
        using var session = ModuleSession.WithSandbox();
        Assert.Equal(
            ["europe-west1", "europe-west4"],
            session
                .Run("$role = New-CrdbCmekRole gcp-eu; $role | New-CrdbCmekKey")
                .Succeeds()
                .Output.Select(k => k.Text("Location"))
        );
        var shared = session.Run("$role | New-CrdbCmekKey -Location europe").Succeeds().Output;
        Assert.Equal(["europe-west1", "europe-west4"], shared.Select(k => k.Text("Region")));
        Assert.Matches(
            "^projects/sandbox-customer/locations/europe/keyRings/crdb-cmek/cryptoKeys/crdb-cmek-[0-9a-f]{12}$",
            Assert.Single(shared.Select(k => k.Text("KeyUri")).Distinct())
        );
    }

    [Fact]
    public void A_second_run_writes_nothing_and_says_so()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        const string Pipeline =
            "Get-CrdbCluster gcp-eu | New-CrdbCmekRole | New-CrdbCmekKey -RotationPeriodInDays 90 | "
            + "New-CrdbCmekManifest | Enable-CrdbCmek -Wait";
        session.Run(Pipeline).Succeeds();
        var before = session.Run("$sandbox.Exchanges.Count").Single();
        Assert.Equal("Existing", session.Run(Pipeline).Succeeds().Single().Text("Outcome"));
        Assert.Empty(
            session
                .Run(
                    $"$sandbox.Exchanges | Where-Object Index -gt {before} | Where-Object Operation -match '{Writes}' "
                        + "| ForEach-Object Operation"
                )
                .Output
        );
    }

    [Fact]
    public void WhatIf_on_the_first_cmdlet_plans_the_whole_pipe_and_writes_nothing()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        var plan = session
            .Run(
                "Get-CrdbCluster gcp-eu | New-CrdbCmekRole -WhatIf | New-CrdbCmekKey | New-CrdbCmekManifest | "
                    + "Enable-CrdbCmek -Wait"
            )
            .Succeeds()
            .Single();
        Assert.Equal(true, plan.Get("IsPlanned"));
        Assert.Empty(session.Run($"$sandbox.Exchanges | Where-Object Operation -match '{Writes}'").Output);
        var said = session.Screen.Split('\n').Where(l => l.StartsWith("What if:", StringComparison.Ordinal)).ToList();
        Assert.Collection(
            said,
            line => Assert.Contains("Create service account, and let crl-kms-user-", line, StringComparison.Ordinal),
            line => Assert.Contains("Create key ring crdb-cmek", line, StringComparison.Ordinal),
            line =>
                Assert.Contains(
                    "Create software key projects/sandbox-customer/locations/europe-west1",
                    line,
                    StringComparison.Ordinal
                ),
            line => Assert.Contains("Create key ring crdb-cmek", line, StringComparison.Ordinal),
            line =>
                Assert.Contains(
                    "Create software key projects/sandbox-customer/locations/europe-west4",
                    line,
                    StringComparison.Ordinal
                ),
            line => Assert.Contains("Enable CMEK", line, StringComparison.Ordinal)
        );
    }

    [Fact]
    public void A_fleet_of_two_clouds_flows_through_one_pipeline()
    {
        using var session = ModuleSession.WithSandbox();
        var result = session
            .Run(
                "'gcp-us', 'dev-aws', 'gcp-eu' | Get-CrdbCluster | New-CrdbCmekRole | New-CrdbCmekKey | "
                    + "New-CrdbCmekManifest | Enable-CrdbCmek -Wait"
            )
            .Succeeds();
        Assert.Equal(
            ["gcp-us ENABLED", "dev-aws ENABLED", "gcp-eu ENABLED"],
            result.Output.Select(o => $"{o.Text("ClusterName")} {o.Text("Status")}")
        );
    }

    [Fact]
    public void The_page_s_yaml_names_the_key_without_version_and_enables_the_cluster()
    {
        // A file does not say that its grants are fresh: time runs fast enough for them to have arrived.
        using var session = ModuleSession.WithSandbox(timeScale: 100_000);
        var file = Path.Combine(Directory.CreateTempSubdirectory("crdb-").FullName, "cmek_config.yml");
        session
            .Run(
                "Get-CrdbCluster gcp-us | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest | "
                    + "Export-CrdbCmekManifest $file",
                ("file", file)
            )
            .Succeeds();
        var text = File.ReadAllText(file);
        Assert.Contains("type: GCP_CLOUD_KMS", text, StringComparison.Ordinal);
        Assert.DoesNotContain("cryptoKeyVersions", text, StringComparison.Ordinal);
        Assert.Equal(
            "ENABLED",
            session
                .Run("Import-CrdbCmekManifest $file | Enable-CrdbCmek -Cluster gcp-us -Wait")
                .Succeeds()
                .Single()
                .Text("Status")
        );
        File.Delete(file);
    }

    [Fact]
    public void The_checks_of_a_right_manifest_pass_and_read_only()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        session
            .Run(
                "$manifest = Get-CrdbCluster gcp-eu | New-CrdbCmekRole | New-CrdbCmekKey -Location europe | "
                    + "New-CrdbCmekManifest; $seen = $sandbox.Exchanges.Count"
            )
            .Succeeds();
        Assert.Equal(
            ["Pass"],
            session
                .Run("$manifest | Test-CrdbCmekManifest | ForEach-Object Status")
                .Succeeds()
                .Output.Select(s => s.ToString())
                .Distinct()
        );
        Assert.Equal(true, session.Run("$manifest | Test-CrdbCmekManifest -Quiet").Succeeds().Single().BaseObject);
        Assert.Empty(
            session
                .Run($"$sandbox.Exchanges | Where-Object Index -gt $seen | Where-Object Operation -match '{Writes}'")
                .Output
        );
    }

    [Fact]
    public void A_rotation_makes_one_version_of_a_shared_key_and_every_region_takes_it_up()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        session
            .Run(
                "$null = Get-CrdbCluster gcp-eu | New-CrdbCmekRole | New-CrdbCmekKey -Location europe | "
                    + "New-CrdbCmekManifest | Enable-CrdbCmek -Wait"
            )
            .Succeeds();
        var info = session.Run("Invoke-CrdbCmekRotation gcp-eu -Wait").Succeeds().Single();
        Assert.Equal(("ENABLED", "Updated"), (info.Text("Status"), info.Text("Outcome")));
        Assert.Equal(
            ["ENABLED", "DISABLED", "ENABLED", "DISABLED"],
            session.Run("(Get-CrdbCmek gcp-eu).Regions.Keys.Status").Output.Select(o => o.ToString())
        );
        Assert.Single(
            session.Run("$sandbox.Exchanges | Where-Object Operation -match '^POST .*/cryptoKeyVersions$'").Output
        );
    }

    [Fact]
    public void The_bindings_for_an_administrator_are_those_that_work()
    {
        using var session = ModuleSession.WithSandbox();
        var planned = session
            .Run("Get-CrdbCluster gcp-us | New-CrdbCmekRole -WhatIf | Get-CrdbCmekKeyPolicy")
            .Succeeds()
            .Single();
        Assert.Contains(
            "roles/cloudkms.cryptoKeyEncrypterDecrypter",
            planned.Text("Statement"),
            StringComparison.Ordinal
        );
        Assert.Equal(
            4,
            ((IEnumerable<string>)planned.Get("Commands")!).Count(c =>
                c.StartsWith("gcloud ", StringComparison.Ordinal)
            )
        );
        session.Run("$key = Get-CrdbCluster gcp-us | New-CrdbCmekRole | New-CrdbCmekKey").Succeeds();
        var policy = session.Run("$key | Get-CrdbCmekKeyPolicy").Succeeds().Single();
        Assert.Contains("\"etag\"", policy.Text("Policy"), StringComparison.Ordinal);
        Assert.Contains(
            "add-iam-policy-binding",
            ((IEnumerable<string>)policy.Get("Commands")!).Last(),
            StringComparison.Ordinal
        );
    }
}
