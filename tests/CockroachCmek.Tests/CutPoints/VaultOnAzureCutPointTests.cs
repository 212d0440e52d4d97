using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.CutPoints;

/// <summary>Keys of HashiCorp Vault on Azure.</summary>
public sealed class VaultOnAzureCutPointTests(CutPointHarness harness) : CutPointTests(harness)
{
    private const string SetUp =
        "$null = Get-CrdbCluster azure-eu | New-CrdbCmekRole -GrantConsent | "
        + "New-CrdbCmekKey -Via HashiCorpVault -KeyVaultName cmek-sandbox -VaultKeyType rsa-2048 | "
        + "New-CrdbCmekManifest | Enable-CrdbCmek -Wait";

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void The_pipeline(string action) => Cut(action, null, SetUp, atLeast: 20);

    [Theory]
    [InlineData("CutBefore", "")]
    [InlineData("CutAfter", "")]
    [InlineData("CutAfter", "-NewKey")]
    public void A_rotation(string action, string newKey) =>
        Cut(
            action,
            SetUp,
            $"$null = Get-CrdbCluster azure-eu | Invoke-CrdbCmekRotation {newKey} -Via HashiCorpVault -Wait",
            atLeast: 8
        );

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void A_revocation(string action) =>
        Cut(action, SetUp, "$null = Get-CrdbCluster azure-eu | Revoke-CrdbCmek -KmsOnly -Confirm:$false", atLeast: 5);

    protected override string State(ModuleSession session)
    {
        using var azure = new SandboxAzure(session);
        return Numbered(
            string.Join("\n", SandboxVault.State(session).Concat(Cmek(session, "azure-eu")).Concat(azure.State()))
        );
    }
}
