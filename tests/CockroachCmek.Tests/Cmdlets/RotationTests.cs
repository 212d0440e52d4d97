using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

public sealed class RotationTests
{
    private const string Enable = "$null = Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion | New-CrdbCmekManifest | Enable-CrdbCmek -Wait";
    private const string Rotate = "Get-CrdbCluster prod-eu | Invoke-CrdbCmekRotation -Wait";

    [Fact]
    public void A_multi_region_key_is_rotated_once_and_taken_up_in_every_region()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        session.Run(Enable).Succeeds();
        var info = session.Run(Rotate).Succeeds().Single();
        Assert.Equal(("ENABLED", "Updated"), (info.Text("Status"), info.Text("Outcome")));
        Assert.Equal(["ENABLED", "DISABLED", "ENABLED", "DISABLED"], session.Run("(Get-CrdbCmek prod-eu).Regions.Keys.Status").Output.Select(o => o.ToString()));
        Assert.Single(session.Run("$sandbox.Exchanges | Where-Object Operation -eq kms:RotateKeyOnDemand").Output);
        // A finished rotation is finished: the next one is another.
        session.Run(Rotate).Succeeds();
        Assert.Equal(2, session.Run("$sandbox.Exchanges | Where-Object Operation -eq kms:RotateKeyOnDemand").Output.Count);
    }

    [Fact]
    public void Only_the_regions_that_were_named_are_sent()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        session.Run("$null = Get-CrdbCluster prod-us | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest | Enable-CrdbCmek -Wait; $null = Invoke-CrdbCmekRotation prod-us -Region us-east-2 -Wait").Succeeds();
        var body = session.Run("$sandbox.Exchanges | Where-Object Method -eq PUT | ForEach-Object RequestBody").Single().ToString();
        Assert.Contains("us-east-2", body, StringComparison.Ordinal);
        Assert.DoesNotContain("us-west-2", body, StringComparison.Ordinal);
        session.Run("Invoke-CrdbCmekRotation prod-us -Region eu-west-1").FailsWith("RegionUnknown");
    }

    [Fact]
    public void WhatIf_names_every_change_in_order_and_makes_none()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        session.Run("$null = Get-CrdbCluster prod-us | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest | Enable-CrdbCmek -Wait; $seen = $sandbox.Exchanges.Count").Succeeds();
        Assert.Equal(true, session.Run("Invoke-CrdbCmekRotation prod-us -WhatIf").Succeeds().Single().Get("IsPlanned"));
        var said = session.Screen.Split('\n').Where(l => l.StartsWith("What if:", StringComparison.Ordinal)).Select(l => l.Contains("Rotate the KMS key", StringComparison.Ordinal) ? "rotate" : l.Contains("Take up", StringComparison.Ordinal) ? "take up" : l);
        Assert.Equal(["rotate", "rotate", "rotate", "take up"], said);
        Assert.Empty(session.Run("$sandbox.Exchanges | Where-Object Index -gt $seen | Where-Object Operation -match 'Rotate|PUT'").Output);
    }

    [Fact]
    public void A_cluster_without_CMEK_has_nothing_to_rotate()
    {
        using var session = ModuleSession.WithSandbox();
        session.Run("Invoke-CrdbCmekRotation dev-aws").FailsWith("CmekNotEnabled");
        session.Run("Invoke-CrdbCmekRotation gcp-eu").FailsWith("CloudNotSupported");
    }

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void Every_request_of_a_rotation_may_be_cut_and_the_key_is_rotated_once(string action)
    {
        var clean = Run(null, out var requests);
        Assert.Contains("rotations 1", clean, StringComparison.Ordinal);
        for (var request = 0; request < requests; request++)
        {
            var cut = Run((request, action), out _);
            Assert.True(clean == cut, $"{action} of request {request}: {clean} became {cut}");
        }
    }

    private static string Run((int Request, string Action)? fault, out int requests)
    {
        using var session = ModuleSession.WithSandbox(timeScale: 20_000, record: true);
        session.Run(Enable + "; $seen = $sandbox.Exchanges.Count").Succeeds();
        if (fault is { } f) session.Run($"$sandbox.AddFault([CockroachCmek.SandboxFault]@{{ Action = '{f.Action}'; Skip = {f.Request} }})").Succeeds();
        var first = session.Run(Rotate);
        // Up to the PUT and the first looks after it; waiting goes on as long as time says.
        requests = session.Run("@($sandbox.Exchanges | Where-Object Method -eq PUT)[0].Index - $seen + 2").Output.Select(o => (int)o.BaseObject).FirstOrDefault();
        session.Run("$sandbox.ClearFaults()");
        if (first.AllErrors.Any()) session.Run(Rotate).Succeeds();
        var state = session.Run("$i = Get-CrdbCmek prod-eu; $i.Status; $i.Regions | ForEach-Object { \"$($_.Region) $($_.Keys.Count)\" }").Succeeds().Output.Select(o => o.ToString());
        var key = session.Run("$i.Regions.Where({ $_.Region -eq 'eu-west-1' }).Keys[0].KeyUri").Single().ToString()!;
        var rotations = System.Text.Json.JsonDocument.Parse(SandboxAws.Kms(session, "eu-west-1", "ListKeyRotations", $$"""{"KeyId":"{{key}}"}""")).RootElement.GetProperty("Rotations").GetArrayLength();
        return $"{string.Join(", ", state)}; rotations {rotations}";
    }
}
