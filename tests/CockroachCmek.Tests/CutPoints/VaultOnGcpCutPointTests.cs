using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.CutPoints;

/// <summary>Keys of HashiCorp Vault on Google Cloud. Vault reads the service account's key from a file.</summary>
public sealed class VaultOnGcpCutPointTests(CutPointHarness harness) : CutPointTests(harness)
{
    private readonly string _newFile = Path.Combine(harness.Folder, "new.json");
    private readonly string _file = Path.Combine(harness.Folder, "agent.json");

    private string SetUp =>
        $"{Connect(_file)}; $null = Get-CrdbCluster gcp-eu | New-CrdbCmekRole | {NewKey(_file)} | "
        + "New-CrdbCmekManifest | Enable-CrdbCmek -Wait";

    // At a higher scale, the minutes that the module waits for a grant are over after a few requests.
    protected override double TimeScale => 2_000;

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void Keys(string action) =>
        Cut(
            action,
            $"{Connect(_newFile)}; $prepared = Get-CrdbCluster gcp-eu | New-CrdbCmekRole",
            $"$null = $prepared | {NewKey(_newFile)}",
            atLeast: 25
        );

    [Theory]
    [InlineData("CutBefore", "")]
    [InlineData("CutAfter", "")]
    [InlineData("CutAfter", "-NewKey")]
    public void A_rotation(string action, string newKey) =>
        Cut(
            action,
            SetUp,
            $"$null = Get-CrdbCluster gcp-eu | Invoke-CrdbCmekRotation {newKey} -Via HashiCorpVault -Wait",
            atLeast: 8
        );

    protected override void Reset() => File.Delete(_newFile);

    protected override string State(ModuleSession session) =>
        Numbered(
            string.Join(
                "\n",
                SandboxVault.State(session).Concat(SandboxGcp.VaultState(session)).Concat(Cmek(session, "gcp-eu"))
            )
        );

    /// <summary>Vault's server is this machine: it reads the file that the module writes.</summary>
    private static string Connect(string file) => $"$null = {ModuleSession.Connect} -VaultServiceAccountFile '{file}'";

    private static string NewKey(string file) => $"New-CrdbCmekKey -Via HashiCorpVault -ServiceAccountKeyPath '{file}'";
}
