<#
.SYNOPSIS
Builds, tests, rehearses, packages and measures the module.
.DESCRIPTION
Runs the dotnet commands of the README from PowerShell, and adds PSScriptAnalyzer and the packages for the PowerShell
Gallery and Azure Automation.
.EXAMPLE
./build.ps1
.EXAMPLE
./build.ps1 Test, Package -Configuration Release
#>
#Requires -Version 7.4
[CmdletBinding()]
param(
    # The tasks, in the order in which they run.
    [Parameter(Position = 0)]
    [ValidateSet('Build', 'Test', 'Rehearse', 'Package', 'Bench')]
    [string[]] $Task = @('Build', 'Test', 'Rehearse'),

    # Package needs Release, which has no debugging information.
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

# Returns a module, installed from the PowerShell Gallery if it is missing. Returns $null with a warning if that fails.
function Get-NeededModule {
    param([string] $Name, [version] $MinimumVersion)
    $installed = {
        Get-Module -ListAvailable -Name $Name | Where-Object Version -ge $MinimumVersion |
            Sort-Object Version -Descending | Select-Object -First 1
    }
    if ($found = & $installed) { return $found }
    try {
        $range = "[$MinimumVersion, )"
        Install-PSResource -Name $Name -Version $range -Scope CurrentUser -TrustRepository -ErrorAction Stop
        & $installed
    } catch {
        Write-Warning "$Name is skipped: it cannot be installed from the PowerShell Gallery ($($_.Exception.Message))."
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
            if ($found) {
                $found | Out-String | Write-Warning
                throw "PSScriptAnalyzer found $($found.Count) problems."
            }
        }
    }
    'Rehearse' {
        $project = Join-Path $root 'src/CockroachCmek.Rehearsal'
        Invoke-Native dotnet 'run', '--project', $project, '-c', $Configuration, '--', '--all'
    }
    'Package' {
        if ($Configuration -ne 'Release') { throw 'Only a Release build can be packaged: ./build.ps1 Package' }
        Invoke-Native dotnet 'build', (Join-Path $root 'CockroachCmek.sln'), '-c', $Configuration
        # The pwsh of the tool manifest, whatever runs this script: it has PSResourceGet 1.2.
        Push-Location $root
        try {
            $script = 'src/Packaging/New-Package.ps1', '-Module', $stage, '-Destination', 'out/package'
            Invoke-Native dotnet (@('tool', 'run', 'pwsh', '-NoProfile', '-File') + $script)
        } finally { Pop-Location }
    }
    'Bench' {
        Invoke-Native dotnet 'run', '-c', 'Release', '--project', (Join-Path $root 'tests/Benchmarks')
    }
}
