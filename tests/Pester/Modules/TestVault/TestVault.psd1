@{
    ModuleVersion = '0.0.1'
    GUID = '6f0b5b4e-0f8e-4b64-8d22-2b7c3f0f9e52'
    Author = 'CockroachCmek authors'
    Description = 'A vault of SecretManagement that holds the API key of a sandbox.'
    NestedModules = 'TestVault.Extension'
    FunctionsToExport = @()
    CmdletsToExport = @()
    AliasesToExport = @()
    VariablesToExport = @()
    PrivateData = @{ PSData = @{ Tags = 'SecretManagement' } }
}
