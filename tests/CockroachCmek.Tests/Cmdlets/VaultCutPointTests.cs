using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>Keys of HashiCorp Vault on Google Cloud and Azure (AWS: <see cref="VaultPipelineTests"/>): interrupted anywhere and run again, each write ends as a clean run does, in Vault and in the cloud.</summary>
public sealed class VaultCutPointTests : IDisposable
{
    private const string Azure =
        "$null = Get-CrdbCluster azure-eu | New-CrdbCmekRole -GrantConsent | New-CrdbCmekKey -Via HashiCorpVault -VaultName cmek-sandbox -VaultKeyType rsa-2048 | New-CrdbCmekManifest | Enable-CrdbCmek -Wait";

    private readonly string _folder = Directory.CreateTempSubdirectory("crdb-vault-cut-").FullName;

    private string KeyFile => Path.Combine(_folder, "agent.json");

    private string Google =>
        $"if ([System.IO.File]::Exists('{KeyFile}')) {{ [System.IO.File]::Delete('{KeyFile}') }}; $null = Get-CrdbCluster gcp-eu | New-CrdbCmekRole | New-CrdbCmekKey -Via HashiCorpVault -ServiceAccountKeyPath '{KeyFile}' -VaultServiceAccountFile '{KeyFile}' | New-CrdbCmekManifest | Enable-CrdbCmek -Wait";

    [Theory]
    [InlineData("CutBefore", "")]
    [InlineData("CutAfter", "")]
    [InlineData("CutAfter", "-NewKey")]
    public void A_rotation_on_Google_Cloud(string action, string newKey) =>
        new CutPoints(
            Google,
            $"$null = Get-CrdbCluster gcp-eu | Invoke-CrdbCmekRotation {newKey} -Via HashiCorpVault -Wait",
            OnGoogleCloud,
            timeScale: 4_000
        ).Verify(action, atLeast: 8);

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void The_pipeline_on_Azure(string action) =>
        new CutPoints("$null", Azure, OnAzure).Verify(action, atLeast: 20);

    [Theory]
    [InlineData("CutBefore", "")]
    [InlineData("CutAfter", "")]
    [InlineData("CutAfter", "-NewKey")]
    public void A_rotation_on_Azure(string action, string newKey) =>
        new CutPoints(
            Azure,
            $"$null = Get-CrdbCluster azure-eu | Invoke-CrdbCmekRotation {newKey} -Via HashiCorpVault -Wait",
            OnAzure
        ).Verify(action, atLeast: 8);

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void A_revocation_on_Azure(string action) =>
        new CutPoints(
            Azure,
            "$null = Get-CrdbCluster azure-eu | Revoke-CrdbCmek -KmsOnly -Confirm:$false",
            OnAzure
        ).Verify(action, atLeast: 5);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string OnGoogleCloud(ModuleSession session) =>
        $"{VaultGcpTests.State(session)}\n{Cmek(session, "gcp-eu")}";

    private static string OnAzure(ModuleSession session) =>
        $"{CutPoints.Numbered(string.Join("\n", SandboxVault.Keys(session)))}\n{AzureCutPointTests.State(session)}";

    private static string Cmek(ModuleSession session, string cluster) =>
        CutPoints.Numbered(
            string.Join(
                "\n",
                session
                    .Run(
                        $"$i = Get-CrdbCmek {cluster}; $i.Status; $i.Regions | ForEach-Object {{ $r = $_; $r.Keys | ForEach-Object {{ \"$($r.Region) $($_.Status) $($_.KeyUri)\" }} }}"
                    )
                    .Succeeds()
                    .Output.Select(o => o.ToString()!)
            )
        );
}
