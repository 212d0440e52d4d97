@{
    ModuleVersion = '0.0.1'
    GUID = '0b8e8b0d-9f0c-4b57-a2a5-3e9d3f7c8a63'
    RootModule = 'TestVault.Extension.psm1'
    FunctionsToExport = 'Get-Secret', 'Get-SecretInfo', 'Remove-Secret', 'Set-Secret', 'Test-SecretVault'
    CmdletsToExport = @()
    AliasesToExport = @()
    VariablesToExport = @()
}
