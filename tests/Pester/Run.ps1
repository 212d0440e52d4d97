<#
.SYNOPSIS
Runs the Pester tests of this folder on the staged module and writes the results to a JSON file.
.DESCRIPTION
dotnet test calls this script in the pwsh of the tool manifest and reports each It as one test.
#>
[CmdletBinding()]
param(
    # Pester's manifest, from the NuGet package.
    [Parameter(Mandatory)]
    [string] $Pester,

    # The file for the results.
    [Parameter(Mandatory)]
    [string] $Result
)

$ErrorActionPreference = 'Stop'
Import-Module $Pester
$configuration = New-PesterConfiguration
$configuration.Run.Path = $PSScriptRoot
$configuration.Run.PassThru = $true
$configuration.Output.Verbosity = 'None'
$run = Invoke-Pester -Configuration $configuration

function Format-Failure {
    param([System.Management.Automation.ErrorRecord[]] $ErrorRecord)
    $ErrorRecord | Where-Object { $_ } | ForEach-Object { "$($_.DisplayErrorMessage)`n$($_.DisplayStackTrace)" }
}

$results = foreach ($test in $run.Tests) {
    # A test has no error of its own when the BeforeAll of a block around it failed.
    $errors = @($test.ErrorRecord)
    for ($block = $test.Block; $block -and -not $errors; $block = $block.Parent) { $errors = @($block.ErrorRecord) }
    [pscustomobject]@{
        Path = $test.Path -join ': '
        Name = $test.ExpandedName
        Result = $test.Result
        Message = (Format-Failure $errors) -join "`n"
    }
}
[pscustomobject]@{
    Tests = @($results)
    Errors = @($run.Containers | ForEach-Object { Format-Failure $_.ErrorRecord })
} | ConvertTo-Json -Depth 4 | Set-Content $Result
