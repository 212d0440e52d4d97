using CockroachCmek.Rehearsal;
using CockroachCmek.Tests.Packaging;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>
/// All runbooks on an Azure cluster, as jobs of an Automation account whose managed identity is the only credential.
/// </summary>
[Trait("Lane", "Slow")]
public sealed class AutomationTests : IDisposable
{
    public void Dispose()
    {
        foreach (var record in Directory.GetFiles(Path.GetTempPath(), "azure-eu-*.revocation.json"))
            File.Delete(record);
    }

    [Fact]
    public void Every_runbook_passes_with_the_managed_identity_and_nothing_else()
    {
        var runbooks = Path.Combine(Path.GetDirectoryName(ModuleEngine.StagedManifest)!, "Examples", "Runbooks");
        // A process of its own: the SDK keeps the identity's tokens, and no other test may see these variables. A
        // question is a fault there.
        var lines = LoadContextTests.Run(
            $$"""
            $sandbox = Start-CrdbSandbox -TimeScale 6000 -Record
            $null = Get-CrdbCluster azure-eu | New-CrdbCmekRole | New-CrdbCmekKey -VaultName cmek-sandbox | New-CrdbCmekManifest | Enable-CrdbCmek -Wait
            Disconnect-CrdbCloud
            $env:AZURE_CLIENT_ID = $env:AZURE_CLIENT_SECRET = $env:AZURE_TENANT_ID = $null
            $env:IDENTITY_ENDPOINT = $sandbox.AzureIdentityEndpoint
            $env:IDENTITY_HEADER = $sandbox.AzureIdentityHeader
            function global:Get-AutomationVariable { param($Name) $sandbox.Environment[$Name] }
            $job = @{ ClusterName = 'azure-eu'; Endpoint = $sandbox.CloudEndpoint; Connection = @{ AzureCredential = 'ManagedIdentity' } }
            "audit $(@(& '{{runbooks}}/Test-NightlyAudit.ps1' @job -AllowUnknown $true | Where-Object { "$($_.Status)" -eq 'Fail' }).Count)"
            "young $((& '{{runbooks}}/Invoke-ScheduledRotation.ps1' @job -OlderThanDays 90).Outcome)"
            "region $((& '{{runbooks}}/Add-NewRegion.ps1' @job -Region centralindia).Regions -join ' ')"
            "glass $(@(& '{{runbooks}}/Invoke-BreakGlassRevocation.ps1' @job -ConfirmClusterName azure-eu)[0])"
            "msi $(@($sandbox.Exchanges | Where-Object Service -eq msi).Count -gt 0)"
            Stop-CrdbSandbox
            """
        );
        Assert.Contains("audit 0", lines);
        Assert.Contains("young Existing", lines);
        Assert.Contains("region westeurope northeurope centralindia", lines);
        Assert.Contains("glass azure-eu: CMEK is REVOKED.", lines);
        Assert.Contains("msi True", lines);
    }
}
