@{
    ModuleVersion = '0.0.1'
    GUID = 'b1c2ab80-2f0e-4b0b-9d0f-6a2f4c1d7a11'
    Author = 'CockroachCmek authors'
    Description = 'Stands in for SecretManagement in tests, where the real module is not installed.'
    RootModule = 'Microsoft.PowerShell.SecretManagement.psm1'
    FunctionsToExport = @(
        'Register-SecretVault', 'Unregister-SecretVault', 'Get-SecretVault', 'Get-Secret', 'Get-SecretInfo'
    )
    CmdletsToExport = @()
    AliasesToExport = @()
    VariablesToExport = @()
}
