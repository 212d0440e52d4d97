using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.CutPoints;

/// <summary>Keys of HashiCorp Vault on AWS.</summary>
public sealed class VaultOnAwsCutPointTests(CutPointHarness harness) : CutPointTests(harness)
{
    private const string SetUp =
        "$null = Get-CrdbCluster prod-us | New-CrdbCmekRole | New-CrdbCmekKey -Via HashiCorpVault | "
        + "New-CrdbCmekManifest | Enable-CrdbCmek -Wait";

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void Keys(string action) =>
        Cut(
            action,
            "$prepared = Get-CrdbCluster prod-us | New-CrdbCmekRole",
            "$null = $prepared | New-CrdbCmekKey -Region us-east-2, us-west-2 -Via HashiCorpVault",
            atLeast: 20
        );

    [Theory]
    [InlineData("CutBefore", "")]
    [InlineData("CutAfter", "")]
    [InlineData("CutBefore", "-NewKey")]
    [InlineData("CutAfter", "-NewKey")]
    public void A_rotation(string action, string newKey) =>
        Cut(
            action,
            SetUp,
            $"$null = Get-CrdbCluster prod-us | "
                + $"Invoke-CrdbCmekRotation {newKey} -Region us-east-2 -Via HashiCorpVault -Wait",
            atLeast: 10
        );

    protected override string State(ModuleSession session)
    {
        var keys = session
            .Run(
                "foreach ($r in (Get-CrdbCmek prod-us).Regions) { foreach ($k in $r.Keys) { \"$($r.Region) "
                    + "$($k.Status)\" } }"
            )
            .Succeeds()
            .Output.Select(o => o.ToString()!);
        var policies = new[] { "us-east-2", "us-west-2" }.SelectMany(region => SandboxAws.Policies(session, region));
        var digits = session.Run("(Get-CrdbCluster prod-us).Id").Single().ToString()![^12..];
        return string.Join(
                "\n",
                SandboxVault.State(session).Concat(keys).Concat(policies).Order(StringComparer.Ordinal)
            )
            .Replace(digits, "<cluster>", StringComparison.Ordinal);
    }
}
