using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

public sealed class RotationTests
{
    private const string Enable =
        "$null = Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion | New-CrdbCmekManifest | "
        + "Enable-CrdbCmek -Wait";
    private const string Rotate = "Get-CrdbCluster prod-eu | Invoke-CrdbCmekRotation -Wait";

    [Fact]
    public void A_multi_region_key_is_rotated_once_and_taken_up_in_every_region()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        session.Run(Enable).Succeeds();
        var info = session.Run(Rotate).Succeeds().Single();
        Assert.Equal(("ENABLED", "Updated"), (info.Text("Status"), info.Text("Outcome")));
        Assert.Equal(
            ["ENABLED", "DISABLED", "ENABLED", "DISABLED"],
            session.Run("(Get-CrdbCmek prod-eu).Regions.Keys.Status").Output.Select(o => o.ToString())
        );
        Assert.Single(session.Run("$sandbox.Exchanges | Where-Object Operation -eq kms:RotateKeyOnDemand").Output);
        // A finished rotation is finished: the next one is another.
        session.Run(Rotate).Succeeds();
        Assert.Equal(
            2,
            session.Run("$sandbox.Exchanges | Where-Object Operation -eq kms:RotateKeyOnDemand").Output.Count
        );
    }

    [Fact]
    public void Only_the_regions_that_were_named_are_sent()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        session
            .Run(
                "$null = Get-CrdbCluster prod-us | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest | "
                    + "Enable-CrdbCmek -Wait; $null = Invoke-CrdbCmekRotation prod-us -Region us-east-2 -Wait"
            )
            .Succeeds();
        var body = session
            .Run("$sandbox.Exchanges | Where-Object Method -eq PUT | ForEach-Object RequestBody")
            .Single()
            .ToString();
        Assert.Contains("us-east-2", body, StringComparison.Ordinal);
        Assert.DoesNotContain("us-west-2", body, StringComparison.Ordinal);
        session.Run("Invoke-CrdbCmekRotation prod-us -Region eu-west-1").FailsWith("RegionUnknown");
    }

    [Fact]
    public void WhatIf_names_every_change_in_order_and_makes_none()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        session
            .Run(
                "$null = Get-CrdbCluster prod-us | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest | "
                    + "Enable-CrdbCmek -Wait; $seen = $sandbox.Exchanges.Count"
            )
            .Succeeds();
        Assert.Equal(true, session.Run("Invoke-CrdbCmekRotation prod-us -WhatIf").Succeeds().Single().Get("IsPlanned"));
        var said = session
            .Screen.Split('\n')
            .Where(l => l.StartsWith("What if:", StringComparison.Ordinal))
            .Select(l =>
                l.Contains("Rotate the KMS key", StringComparison.Ordinal) ? "rotate"
                : l.Contains("Re-wrap", StringComparison.Ordinal) ? "re-wrap"
                : l
            );
        Assert.Equal(["rotate", "rotate", "rotate", "re-wrap"], said);
        Assert.Empty(
            session
                .Run("$sandbox.Exchanges | Where-Object Index -gt $seen | Where-Object Operation -match 'Rotate|PUT'")
                .Output
        );
    }

    [Fact]
    public void A_cluster_without_CMEK_has_nothing_to_rotate()
    {
        using var session = ModuleSession.WithSandbox();
        session.Run("Invoke-CrdbCmekRotation dev-aws").FailsWith("CmekNotEnabled");
        session.Run("Invoke-CrdbCmekRotation azure-in").FailsWith("CmekNotEnabled");
    }

    [Fact]
    public void New_keys_have_the_old_ones_shape_and_take_their_names_once_they_are_in_force()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        session
            .Run(
                "$null = Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion "
                    + "-RotationPeriodInDays 180 -Tag @{ team = 'db' } | New-CrdbCmekManifest | Enable-CrdbCmek -Wait; "
                    + "$old = (Get-CrdbCmek prod-eu).Regions.Keys.KeyUri"
            )
            .Succeeds();
        // Without -Wait the names stay with the keys in force until somebody sees to it that the new ones are.
        var begun = session.Run("Invoke-CrdbCmekRotation prod-eu -NewKey").Succeeds();
        Assert.Equal("ROTATING", begun.Single().Text("Status"));
        Assert.Contains(begun.Warnings, w => w.Contains("-Wait", StringComparison.Ordinal));
        var info = session.Run("$info = Invoke-CrdbCmekRotation prod-eu -NewKey -Wait; $info").Succeeds().Single();
        Assert.Equal("ENABLED", info.Text("Status"));
        Assert.Equal(
            2,
            session
                .Run("$info.PastKeys | Where-Object { -not $_.IsSameKey } | Where-Object { $old -contains $_.KeyUri }")
                .Output.Count
        );
        Assert.Single(
            session
                .Run(
                    "$sandbox.Exchanges | Where-Object Operation -eq kms:CreateKey | Where-Object RequestBody -match "
                        + "replaces"
                )
                .Output
        );
        var found = session
            .Run("$found = Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion; $found")
            .Succeeds()
            .Output;
        Assert.All(found, k => Assert.Equal("Existing", k.Text("Outcome")));
        Assert.Empty(session.Run("$found | Where-Object { $old -contains $_.KeyUri }").Output);
        foreach (var key in found)
        {
            var (region, id) = (key.Text("Location"), key.Text("KeyUri"));
            Assert.Contains(
                "\"db\"",
                SandboxAws.Kms(session, region, "ListResourceTags", $$"""{"KeyId":"{{id}}"}"""),
                StringComparison.Ordinal
            );
            Assert.DoesNotContain(
                "replaces",
                SandboxAws.Kms(session, region, "ListResourceTags", $$"""{"KeyId":"{{id}}"}"""),
                StringComparison.Ordinal
            );
        }

        Assert.Contains(
            "180",
            SandboxAws.Kms(
                session,
                "eu-west-1",
                "GetKeyRotationStatus",
                $$"""{"KeyId":"{{found.Single(k => k.Text("Location") == "eu-west-1").Text("KeyUri")}}"}"""
            ),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_manifest_moves_only_the_regions_that_differ()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        session
            .Run(
                """
                $keys = Get-CrdbCluster prod-us | New-CrdbCmekRole | New-CrdbCmekKey
                $null = $keys | New-CrdbCmekManifest | Enable-CrdbCmek -Wait
                $other = $keys[0].AuthPrincipal | ForEach-Object { New-CrdbCmekKey prod-us -AuthPrincipal $_ -Region us-east-2 -Name other }
                $manifest = $keys[0], $other, $keys[2] | New-CrdbCmekManifest
                """
            )
            .Succeeds();
        session.Run("$manifest | Invoke-CrdbCmekRotation -NewKey").FailsWith("NewKeyWithManifest");
        Assert.Equal(
            "Updated",
            session.Run("$manifest | Invoke-CrdbCmekRotation -Wait").Succeeds().Single().Text("Outcome")
        );
        var body = session
            .Run("$sandbox.Exchanges | Where-Object Method -eq PUT | ForEach-Object RequestBody")
            .Single()
            .ToString();
        Assert.Contains("us-east-2", body, StringComparison.Ordinal);
        Assert.DoesNotContain("us-west-2", body, StringComparison.Ordinal);
        Assert.Equal(
            "Existing",
            session.Run("$manifest | Invoke-CrdbCmekRotation -Wait").Succeeds().Single().Text("Outcome")
        );
    }

    [Fact]
    public void What_was_rotated_lately_is_left_alone_where_that_is_asked_for()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        Assert.Equal(
            "Existing",
            session.Run("Invoke-CrdbCmekRotation prod-eu-old -IfOlderThan 365").Succeeds().Single().Text("Outcome")
        );
        Assert.Empty(session.Run("$sandbox.Exchanges | Where-Object Operation -eq kms:RotateKeyOnDemand").Output);
        Assert.Equal(
            "Updated",
            session
                .Run("Invoke-CrdbCmekRotation prod-eu-old -IfOlderThan 90.00:00:00 -Wait")
                .Succeeds()
                .Single()
                .Text("Outcome")
        );
    }

    [Fact]
    public void Ages_follow_the_clock_of_the_sandbox_in_every_session()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        const string isDue = "(Invoke-CrdbCmekRotation prod-eu-old -IfOlderThan 365.00:00:00 -Wait).Outcome";
        const string age = "(Test-CrdbCmek prod-eu-old -MaxKeyAge 365.00:00:00 | Where-Object Check -eq KeyAge).Status";
        Assert.Equal("Pass", session.Run(age).Succeeds().Single().ToString());
        Assert.Equal("Existing", session.Run(isDue).Succeeds().Single().ToString());

        session.Run("$sandbox.Advance('400.00:00:00')").Succeeds();
        Assert.Equal("Fail", session.Run(age).Succeeds().Single().ToString());
        session.Run($"$null = {ModuleSession.Connect}").Succeeds();
        Assert.Equal("Fail", session.Run(age).Succeeds().Single().ToString());
        Assert.Equal("Updated", session.Run(isDue).Succeeds().Single().ToString());
        Assert.Equal("Existing", session.Run(isDue).Succeeds().Single().ToString());
        Assert.Equal("Pass", session.Run(age).Succeeds().Single().ToString());
    }
}
