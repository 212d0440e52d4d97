using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.CutPoints;

/// <summary>Setup and day two on Azure.</summary>
public sealed class AzureCutPointTests(CutPointHarness harness) : CutPointTests(harness)
{
    private const string SetUp =
        "$null = Get-CrdbCluster azure-eu | New-CrdbCmekRole -GrantConsent | "
        + "New-CrdbCmekKey -KeyVaultName cmek-sandbox -KeySize 2048 -RotationPeriodInDays 200 | "
        + "New-CrdbCmekManifest | Enable-CrdbCmek -Wait";

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void The_pipeline(string action) => Cut(action, null, SetUp, atLeast: 20);

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void A_new_version(string action) =>
        Cut(action, SetUp, "$null = Get-CrdbCluster azure-eu | Invoke-CrdbCmekRotation -Wait", atLeast: 8);

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void A_new_key(string action) =>
        Cut(action, SetUp, "$null = Get-CrdbCluster azure-eu | Invoke-CrdbCmekRotation -NewKey -Wait", atLeast: 15);

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void A_new_region(string action) =>
        Cut(action, SetUp, "$null = Get-CrdbCluster azure-eu | Add-CrdbCmekRegion uksouth -Wait", atLeast: 12);

    [Theory]
    [InlineData("CutBefore", "RemoveGrant")]
    [InlineData("CutAfter", "RemoveGrant")]
    [InlineData("CutAfter", "DisableKey")]
    public void A_revocation(string action, string method) =>
        Cut(
            action,
            SetUp,
            $"$null = Get-CrdbCluster azure-eu | Revoke-CrdbCmek -Method {method} -KmsOnly -Confirm:$false",
            atLeast: 5
        );

    [Theory]
    [InlineData("CutBefore", "RemoveGrant")]
    [InlineData("CutAfter", "RemoveGrant")]
    [InlineData("CutAfter", "DisableKey")]
    public void A_restoration(string action, string method) =>
        Cut(
            action,
            $"{SetUp}; $prepared = Get-CrdbCluster azure-eu | Revoke-CrdbCmek -Method {method} -KmsOnly "
                + "-Confirm:$false",
            "$null = $prepared | Restore-CrdbCmekAccess",
            atLeast: 2
        );

    protected override string State(ModuleSession session)
    {
        using var azure = new SandboxAzure(session);
        return Numbered(string.Join("\n", Cmek(session, "azure-eu").Concat(azure.State())));
    }
}
