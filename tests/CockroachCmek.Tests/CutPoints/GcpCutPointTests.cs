using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.CutPoints;

/// <summary>Setup and day two on Google Cloud.</summary>
public sealed class GcpCutPointTests(CutPointHarness harness) : CutPointTests(harness)
{
    private const string SetUp =
        "$null = Get-CrdbCluster gcp-eu | New-CrdbCmekRole | New-CrdbCmekKey -RotationPeriodInDays 90 | "
        + "New-CrdbCmekManifest | Enable-CrdbCmek -Wait";

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void The_pipeline(string action) => Cut(action, null, SetUp, atLeast: 20);

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void A_new_version(string action) =>
        Cut(action, SetUp, "$null = Get-CrdbCluster gcp-eu | Invoke-CrdbCmekRotation -Wait", atLeast: 10);

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void A_new_key(string action) =>
        Cut(action, SetUp, "$null = Get-CrdbCluster gcp-eu | Invoke-CrdbCmekRotation -NewKey -Wait", atLeast: 15);

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void A_new_region(string action) =>
        Cut(action, SetUp, "$null = Get-CrdbCluster gcp-eu | Add-CrdbCmekRegion europe-north1 -Wait", atLeast: 12);

    [Theory]
    [InlineData("CutBefore", "RemoveGrant")]
    [InlineData("CutAfter", "RemoveGrant")]
    [InlineData("CutBefore", "RemoveTrust")]
    [InlineData("CutAfter", "DisableIdentity")]
    [InlineData("CutAfter", "DisableKey")]
    public void A_revocation(string action, string method) =>
        Cut(
            action,
            SetUp,
            $"$null = Get-CrdbCluster gcp-eu | Revoke-CrdbCmek -Method {method} -KmsOnly -Confirm:$false",
            atLeast: 6
        );

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void A_revocation_whose_grants_are_gone(string action) =>
        // Changes of IAM take minutes. Once they are in effect, CockroachDB Cloud receives its request.
        Cut(
            action,
            $"{SetUp}; $null = Get-CrdbCluster gcp-eu | Revoke-CrdbCmek -KmsOnly -Confirm:$false; "
                + "$sandbox.Advance('00:10:00')",
            "$null = Get-CrdbCluster gcp-eu | Revoke-CrdbCmek -Confirm:$false",
            atLeast: 8
        );

    [Theory]
    [InlineData("CutBefore", "RemoveGrant")]
    [InlineData("CutAfter", "RemoveTrust")]
    [InlineData("CutAfter", "DisableKey")]
    public void A_restoration(string action, string method) =>
        Cut(
            action,
            $"{SetUp}; $prepared = Get-CrdbCluster gcp-eu | Revoke-CrdbCmek -Method {method} -KmsOnly -Confirm:$false",
            "$null = $prepared | Restore-CrdbCmekAccess",
            atLeast: 4
        );

    protected override string State(ModuleSession session)
    {
        var locations = session.Run("(Get-CrdbCluster gcp-eu).Regions.Name").Succeeds().Output;
        return Numbered(
            string.Join(
                "\n",
                Cmek(session, "gcp-eu").Concat(SandboxGcp.State(session, locations.Select(l => l.ToString()!)))
            )
        );
    }
}
