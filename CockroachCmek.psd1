@{
    # No script, a manifest alone: the Loader comes first and answers for what the cmdlets need (docs/architecture.md).
    ModuleVersion          = '0.3.0'
    GUID                   = '6f1c3a52-9d0e-4b7a-8a43-3c7d1e5b2f90'
    Author                 = 'CockroachCmek authors'
    CompanyName            = 'CockroachCmek'
    Copyright              = '(c) CockroachCmek authors.'
    Description            = 'The whole life of customer-managed encryption keys (CMEK) for CockroachDB Cloud Advanced clusters, as one pipeline that cannot go wrong quietly.'
    # PowerShell 7.0 to 7.3 are refused by the Loader, with a sentence (docs/decisions.md).
    PowerShellVersion      = '5.1'
    CompatiblePSEditions   = @('Core', 'Desktop')
    DotNetFrameworkVersion = '4.7.2'
    # The folders are named after the editions: a string with a variable in it is read faster than an "if".
    NestedModules          = "bin/$PSEdition/CockroachCmek.Loader.dll"
    RootModule             = "bin/$PSEdition/CockroachCmek.dll"
    TypesToProcess         = @('CockroachCmek.Types.ps1xml')
    FormatsToProcess       = @('CockroachCmek.Format.ps1xml')
    CmdletsToExport        = @(
        'Add-CrdbCmekRegion',
        'Connect-CrdbCloud',
        'Disconnect-CrdbCloud',
        'Enable-CrdbCmek',
        'Export-CrdbCmekManifest',
        'Export-CrdbCmekReport',
        'Get-CrdbCluster',
        'Get-CrdbCmek',
        'Get-CrdbCmekAccess',
        'Get-CrdbCmekUsage',
        'Get-CrdbCmekHistory',
        'Get-CrdbCmekKey',
        'Get-CrdbCmekKeyPolicy',
        'Get-CrdbCmekRole',
        'Get-CrdbOrganization',
        'Get-CrdbSandbox',
        'Get-CrdbSession',
        'Import-CrdbCmekManifest',
        'Invoke-CrdbCmekRotation',
        'New-CrdbCmekKey',
        'New-CrdbCmekManifest',
        'New-CrdbCmekRole',
        'Restore-CrdbCmekAccess',
        'Revoke-CrdbCmek',
        'Start-CrdbSandbox',
        'Stop-CrdbSandbox',
        'Test-CrdbCmek',
        'Test-CrdbCmekManifest',
        'Test-CrdbCmekRevocation',
        'Wait-CrdbCmek'
    )
    FunctionsToExport      = @()
    AliasesToExport        = @()
    VariablesToExport      = @()
    PrivateData            = @{
        PSData = @{
            Tags       = @('CockroachDB', 'CMEK', 'KMS', 'Encryption', 'AWS', 'GCP', 'Azure', 'KeyVault', 'HashiCorpVault', 'Security', 'PSEdition_Desktop', 'PSEdition_Core', 'Windows', 'Linux', 'MacOS')
        }
    }
}
