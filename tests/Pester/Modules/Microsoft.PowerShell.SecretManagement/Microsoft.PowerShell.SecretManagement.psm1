# The part of SecretManagement 1.1 that a caller sees. It takes a vault extension as the real module does: a module with
# a nested module NAME.Extension that has five functions. They run in a runspace of their own.
$vaults = [ordered]@{}
$shell = $null

function Register-SecretVault {
    [CmdletBinding()]
    param([string] $Name, [string] $ModuleName, [hashtable] $VaultParameters = @{})
    $leaf = Split-Path $ModuleName -Leaf
    $extension = Join-Path $ModuleName "$leaf.Extension" "$leaf.Extension.psd1"
    $exported = (Test-ModuleManifest $extension -ErrorAction Stop).ExportedFunctions.Keys
    foreach ($function in 'Get-Secret', 'Get-SecretInfo', 'Remove-Secret', 'Set-Secret', 'Test-SecretVault') {
        if ($function -notin $exported) { throw "The extension of '$ModuleName' has no $function." }
    }
    $vaults[$Name] = @{ Extension = $extension; Module = "$leaf.Extension"; Parameters = $VaultParameters }
}

function Unregister-SecretVault {
    [CmdletBinding()]
    param([string] $Name)
    $vaults.Remove($Name)
    if ($script:shell) { $script:shell.Dispose() }
    $script:shell = $null
}

function Get-SecretVault { foreach ($name in $vaults.Keys) { [pscustomobject]@{ Name = $name } } }

function Invoke-Extension {
    param([string] $Vault, [string] $Function, [hashtable] $Arguments)
    $entry = $vaults[$Vault]
    if (-not $script:shell) { $script:shell = [powershell]::Create() }
    $script:shell.Commands.Clear()
    $script:shell.Streams.ClearStreams()
    $call = 'param($Path, $Command, $Arguments) Import-Module $Path; & $Command @Arguments'
    $null = $script:shell.AddScript($call, $true).
        AddArgument($entry.Extension).
        AddArgument("$($entry.Module)\$Function").
        AddArgument($Arguments + @{ VaultName = $Vault; AdditionalParameters = $entry.Parameters })
    $script:shell.Invoke()
    foreach ($problem in $script:shell.Streams.Error) { Write-Error -ErrorRecord $problem }
}

function Get-Secret {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory, Position = 0)] [string] $Name,
        [Parameter(Position = 1)] [string] $Vault,
        [switch] $AsPlainText
    )
    if ($Vault -and -not $vaults.Contains($Vault)) { throw "Vault $Vault does not exist in registry." }
    foreach ($registered in @($vaults.Keys).Where{ -not $Vault -or $_ -eq $Vault }) {
        $secret = Invoke-Extension $registered Get-Secret @{ Name = $Name }
        if ($null -eq $secret) { continue }
        # A text is returned as a SecureString unless it is asked for.
        if ($secret -is [string] -and -not $AsPlainText -and $secret) {
            return ConvertTo-SecureString $secret -AsPlainText -Force
        }
        return , $secret
    }
    Write-Error "The secret $Name was not found." -Category ObjectNotFound -ErrorId GetSecretNotFound
}

function Get-SecretInfo {
    [CmdletBinding()]
    param([string] $Name = '*', [string] $Vault)
    foreach ($registered in @($vaults.Keys).Where{ -not $Vault -or $_ -eq $Vault }) {
        Invoke-Extension $registered Get-SecretInfo @{ Filter = $Name }
    }
}
