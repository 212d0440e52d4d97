using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.CutPoints;

/// <summary>Setup and day two on AWS.</summary>
public sealed class AwsCutPointTests(CutPointHarness harness) : CutPointTests(harness)
{
    private const string Pipeline =
        "Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion | New-CrdbCmekManifest | "
        + "Enable-CrdbCmek -Wait";
    private const string SetUp = $"$null = {Pipeline}";

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void The_pipeline(string action) => Cut(action, null, SetUp, atLeast: 20);

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void A_new_version(string action) =>
        Cut(action, SetUp, "$null = Get-CrdbCluster prod-eu | Invoke-CrdbCmekRotation -Wait", atLeast: 8);

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void A_new_key(string action) =>
        Cut(action, SetUp, "$null = Get-CrdbCluster prod-eu | Invoke-CrdbCmekRotation -NewKey -Wait", atLeast: 25);

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void A_new_region(string action) =>
        Cut(action, SetUp, "$null = Get-CrdbCluster prod-eu | Add-CrdbCmekRegion eu-north-1 -Wait", atLeast: 15);

    [Theory]
    [InlineData("CutBefore", "Deny")]
    [InlineData("CutAfter", "Deny")]
    [InlineData("CutBefore", "RemoveGrant")]
    [InlineData("CutAfter", "DisableKey")]
    public void A_revocation(string action, string method) =>
        Cut(
            action,
            SetUp,
            $"$null = Get-CrdbCluster prod-eu | Revoke-CrdbCmek -Method {method} -Confirm:$false",
            atLeast: 12
        );

    [Theory]
    [InlineData("CutBefore", "Deny")]
    [InlineData("CutAfter", "RemoveGrant")]
    [InlineData("CutAfter", "DisableKey")]
    public void A_restoration(string action, string method) =>
        Cut(
            action,
            $"{SetUp}; $prepared = Get-CrdbCluster prod-eu | Revoke-CrdbCmek -Method {method} -KmsOnly -Confirm:$false",
            "$null = $prepared | Restore-CrdbCmekAccess",
            atLeast: 5
        );

    protected override string State(ModuleSession session)
    {
        var lines = Cmek(session, "prod-eu").ToList();
        lines.AddRange(
            session
                .Run("(Get-CrdbCluster prod-eu).Regions | ForEach-Object { \"$($_.Name) $($_.NodeCount)\" }")
                .Succeeds()
                .Output.Select(o => o.ToString()!)
        );
        foreach (var region in new[] { "eu-west-1", "eu-central-1", "eu-north-1" })
            lines.AddRange(SandboxAws.State(session, region, string.Join("\n", lines)));
        return Numbered(string.Join("\n", lines));
    }
}
