@{
    ModuleVersion     = '1.0.0'
    GUID              = 'c7f5d3f4-62f1-4c5e-9a49-0d7f3b1f8a11'
    Author            = 'CockroachCmek authors'
    Description       = 'A binary module that does nothing: the yardstick of the import benchmark.'
    PowerShellVersion = '7.4'
    RootModule        = 'EmptyModule.dll'
    CmdletsToExport   = @(
        'Get-Empty01',
        'Get-Empty02',
        'Get-Empty03',
        'Get-Empty04',
        'Get-Empty05',
        'Get-Empty06',
        'Get-Empty07',
        'Get-Empty08',
        'Get-Empty09',
        'Get-Empty10',
        'Get-Empty11',
        'Get-Empty12',
        'Get-Empty13',
        'Get-Empty14',
        'Get-Empty15',
        'Get-Empty16',
        'Get-Empty17'
    )
    FunctionsToExport = @()
    AliasesToExport   = @()
    VariablesToExport = @()
}
