@{
    # No script, a manifest alone: the Loader comes first and answers for what the cmdlets need (docs/architecture.md).
    ModuleVersion          = '0.1.0'
    GUID                   = '6f1c3a52-9d0e-4b7a-8a43-3c7d1e5b2f90'
    Author                 = 'CockroachCmek authors'
    CompanyName            = 'CockroachCmek'
    Copyright              = '(c) CockroachCmek authors.'
    Description            = 'The whole life of customer-managed encryption keys (CMEK) for CockroachDB Cloud Advanced clusters, as one pipeline that cannot go wrong quietly.'
    PowerShellVersion      = '5.1'
    CompatiblePSEditions   = @('Core', 'Desktop')
    DotNetFrameworkVersion = '4.7.2'
    NestedModules          = if ($PSEdition -eq 'Desktop') { 'bin/net472/CockroachCmek.Loader.dll' } else { 'bin/net8.0/CockroachCmek.Loader.dll' }
    RootModule             = if ($PSEdition -eq 'Desktop') { 'bin/net472/CockroachCmek.dll' } else { 'bin/net8.0/CockroachCmek.dll' }
    CmdletsToExport        = @()
    FunctionsToExport      = @()
    AliasesToExport        = @()
    VariablesToExport      = @()
    PrivateData            = @{
        PSData = @{
            Tags       = @('CockroachDB', 'CMEK', 'KMS', 'Encryption', 'AWS', 'Security', 'PSEdition_Desktop', 'PSEdition_Core', 'Windows', 'Linux', 'MacOS')
        }
    }
}
