<#
.SYNOPSIS
Builds, tests, rehearses, packages and measures the module.
.DESCRIPTION
The same as the dotnet commands of the README, for people in PowerShell 7.4 or newer, plus what needs a real pwsh: Pester,
PSScriptAnalyzer, and the zip for the Gallery and Azure Automation.
.EXAMPLE
./build.ps1
.EXAMPLE
./build.ps1 Test, Package -Configuration Release
#>
#Requires -Version 7.4
[CmdletBinding()]
param(
    # What to do, in this order.
    [Parameter(Position = 0)]
    [ValidateSet('Build', 'Test', 'Rehearse', 'Package', 'Bench')]
    [string[]] $Task = @('Build', 'Test', 'Rehearse'),

    # Release leaves debugging information out and is what is packaged.
    [ValidateSet('Debug', 'Release')]
    [string] $Configuration = 'Release'
)

Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'
$root = $PSScriptRoot
$stage = Join-Path $root 'out/CockroachCmek'

function Invoke-Native {
    param([string] $Command, [string[]] $Arguments)
    & $Command @Arguments
    if ($LASTEXITCODE -ne 0) { throw "'$Command $($Arguments -join ' ')' ended with exit code $LASTEXITCODE." }
}

# A module that a task needs: the one that is installed, or the one that the Gallery has. $null, with the reason, where neither can be had.
function Get-NeededModule {
    param([string] $Name, [version] $MinimumVersion)
    $found = Get-Module -ListAvailable -Name $Name | Where-Object Version -ge $MinimumVersion | Sort-Object Version -Descending | Select-Object -First 1
    if ($found) { return $found }
    try {
        Install-PSResource -Name $Name -Version "[$MinimumVersion, )" -Scope CurrentUser -TrustRepository -ErrorAction Stop
        return Get-Module -ListAvailable -Name $Name | Where-Object Version -ge $MinimumVersion | Select-Object -First 1
    } catch {
        Write-Warning "$Name $MinimumVersion is not installed and cannot be had from the PowerShell Gallery ($($_.Exception.Message)): what needs it is left out."
    }
}

switch ($Task) {
    'Build' {
        Invoke-Native dotnet 'build', (Join-Path $root 'CockroachCmek.sln'), '-c', $Configuration
    }
    'Test' {
        Invoke-Native dotnet 'test', (Join-Path $root 'CockroachCmek.sln'), '-c', $Configuration
        if ($analyzer = Get-NeededModule PSScriptAnalyzer 1.22) {
            Import-Module $analyzer
            $found = @(Invoke-ScriptAnalyzer -Path (Join-Path $stage 'CockroachCmek.psd1') -Severity Error, Warning) +
                @(Invoke-ScriptAnalyzer -Path (Join-Path $root 'Module/Examples') -Recurse -Severity Error, Warning)
            if ($found) { $found | Out-String | Write-Warning; throw "PSScriptAnalyzer has $($found.Count) objections." }
        }
        if ($pester = Get-NeededModule Pester 5.5) {
            Import-Module $pester
            $result = Invoke-Pester -Path (Join-Path $root 'tests/Pester') -PassThru
            if ($result.FailedCount -gt 0) { throw "$($result.FailedCount) Pester tests failed." }
        }
    }
    'Rehearse' {
        Invoke-Native dotnet 'run', '--project', (Join-Path $root 'src/CockroachCmek.Rehearsal'), '-c', $Configuration
    }
    'Package' {
        if ($Configuration -ne 'Release') { throw 'What is packaged is a Release build: ./build.ps1 Package' }
        Invoke-Native dotnet 'build', (Join-Path $root 'CockroachCmek.sln'), '-c', $Configuration
        $null = Test-ModuleManifest (Join-Path $stage 'CockroachCmek.psd1')
        # The name of zip, folder and manifest must be the same: Azure Automation asks for that.
        $zip = Join-Path $root 'out/CockroachCmek.zip'
        [System.IO.File]::Delete($zip)
        [System.IO.Compression.ZipFile]::CreateFromDirectory($stage, $zip, 'Optimal', $true)
        Get-Item $zip
    }
    'Bench' {
        Invoke-Native dotnet 'run', '-c', 'Release', '--project', (Join-Path $root 'tests/Benchmarks')
    }
}
