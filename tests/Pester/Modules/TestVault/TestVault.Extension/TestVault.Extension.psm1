# The same API key in every form that a vault can hold, and secrets that cannot be one.
function Get-Secret {
    param([string] $Name, [string] $VaultName, [hashtable] $AdditionalParameters)
    $key = $AdditionalParameters.ApiKey
    switch ($Name) {
        'Text' { $key }
        'PastedText' { "$key`r`n" }
        'SecureString' { ConvertTo-SecureString $key -AsPlainText -Force }
        'Credential' { [pscredential]::new('service-account', (ConvertTo-SecureString $key -AsPlainText -Force)) }
        'Table' { @{ Key = $key } }
        'Bytes' { , [System.Text.Encoding]::UTF8.GetBytes($key) }
        'Nothing' { [securestring]::new() }
        'Locked' { throw 'A valid password is required to access the vault.' }
    }
}

function Get-SecretInfo {
    param([string] $Filter, [string] $VaultName, [hashtable] $AdditionalParameters)
    foreach ($name in 'Text', 'PastedText', 'SecureString', 'Credential', 'Table', 'Bytes', 'Nothing', 'Locked') {
        if ($name -like $Filter) { [pscustomobject]@{ Name = $name; VaultName = $VaultName } }
    }
}

function Set-Secret {
    param([string] $Name, [object] $Secret, [string] $VaultName, [hashtable] $AdditionalParameters)
    $false
}

function Remove-Secret { param([string] $Name, [string] $VaultName, [hashtable] $AdditionalParameters) $false }

function Test-SecretVault { param([string] $VaultName, [hashtable] $AdditionalParameters) $true }
