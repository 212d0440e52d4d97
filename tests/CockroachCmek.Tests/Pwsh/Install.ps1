<#
.SYNOPSIS
Installs the published package from a repository as a user does, updates it beside a loaded one, and removes it.
.DESCRIPTION
InstallTests runs this with a HOME of its own, because PSResourceGet installs below it. The script ends at the first step
that fails.
#>
[CmdletBinding()]
param(
    # The folder with the packages of two versions, which becomes the repository.
    [Parameter(Mandatory)]
    [string] $Packages,

    [Parameter(Mandatory)]
    [string] $OldVersion,

    [Parameter(Mandatory)]
    [string] $NewVersion
)

Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'

# Runs a script in a new pwsh, which finds the module by its name alone.
function Invoke-NewProcess {
    param([string] $Script)
    dotnet exec (Join-Path $PSHOME 'pwsh.dll') -NoProfile -NonInteractive -Command "`$ErrorActionPreference = 'Stop'; $Script"
    if ($LASTEXITCODE -ne 0) { throw "pwsh ended with exit code $LASTEXITCODE." }
}

Register-PSResourceRepository -Name Local -Uri $Packages -Trusted
Install-PSResource CockroachCmek -Version $OldVersion -Repository Local

# The update happens while this process has the older version loaded, which goes on.
Invoke-NewProcess @'
$null = Start-CrdbSandbox
Update-PSResource CockroachCmek -Repository Local
"beside: $((Get-CrdbCmek prod-eu).Status) with $((Get-Module CockroachCmek).Version)"
'@
Invoke-NewProcess @'
$null = Start-CrdbSandbox
$info = Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest | Enable-CrdbCmek -Wait
"updated: $($info.Status) with $((Get-Module CockroachCmek).Version)"
'@

$folder = (Get-Module CockroachCmek -ListAvailable | Where-Object Version -eq $NewVersion).ModuleBase
"notices: $(Test-Path (Join-Path $folder 'THIRD-PARTY-NOTICES.txt'))"
"release notes: $((Get-InstalledPSResource CockroachCmek -Version $NewVersion).ReleaseNotes.Length -gt 0)"

Uninstall-PSResource CockroachCmek -Version *
"left: $(@(Get-Module CockroachCmek -ListAvailable).Count)"
