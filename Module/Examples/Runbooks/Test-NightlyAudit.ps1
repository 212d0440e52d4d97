<#
.SYNOPSIS
Checks the CMEK of clusters, and fails the job when a check fails.
.DESCRIPTION
Outputs every check that did not pass. A check that failed, or that could not be made, fails the job, so the account's
alert on failed jobs is enough. Nothing is written.
#>
[CmdletBinding()]
param(
    # Names of the clusters. Wildcards are allowed.
    [string[]] $ClusterName = '*',

    # The longest time that a region may use one version of its key.
    [ValidateRange(1, 3650)]
    [int] $MaxKeyAgeDays = 365,

    # Accept checks that could not be made, for example because a permission is missing.
    [bool] $AllowUnknown = $false,

    # Name of the variable of the Automation account that holds the API key of CockroachDB Cloud.
    [string] $ApiKeyVariable = 'COCKROACH_API_KEY',

    # Names of variables of the account that are copied to environment variables of the same name while this runbook
    # runs, for example AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Not needed for Azure.
    [string[]] $EnvironmentVariable = @(),

    # More parameters of Connect-CrdbCloud, for example @{ AwsProfile = 'kms-admin' }.
    [hashtable] $Connection = @{},

    # Another address of the API, for rehearsals.
    [uri] $Endpoint
)

Set-StrictMode -Version 2
# In Azure Automation, a non-terminating error does not end a job, and progress output is not supported.
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
if (-not (Get-Module CockroachCmek)) { Import-Module CockroachCmek }

$Connection = $Connection.Clone()
$before = @{}
$connected = $false
try {
    # All secrets are encrypted variables of the Automation account. For Azure, the account's managed identity is used.
    foreach ($name in $EnvironmentVariable) {
        $before[$name] = [Environment]::GetEnvironmentVariable($name)
        [Environment]::SetEnvironmentVariable($name, (Get-AutomationVariable -Name $name))
    }
    $apiKey = Get-AutomationVariable -Name $ApiKeyVariable
    $Connection.ApiKey = [System.Net.NetworkCredential]::new('', $apiKey).SecurePassword
    if ($Endpoint) { $Connection.Endpoint = $Endpoint }
    $null = Connect-CrdbCloud @Connection
    $connected = $true

    $problems = @(
        Get-CrdbCluster $ClusterName |
            Where-Object Plan -EQ ADVANCED |
            Test-CrdbCmek -MaxKeyAge ([timespan]::FromDays($MaxKeyAgeDays)) |
            Where-Object Status -NE Pass
    )
} finally {
    if ($connected) { Disconnect-CrdbCloud }
    # The process may run other jobs, which must not find these credentials.
    foreach ($name in $before.Keys) {
        # $null would become an empty text.
        $value = if ($null -eq $before[$name]) { [NullString]::Value } else { $before[$name] }
        [Environment]::SetEnvironmentVariable($name, $value)
    }
}
$problems

$fatal = @(
    $problems | Where-Object {
        "$($_.Status)" -eq 'Fail' -or ("$($_.Status)" -eq 'Unknown' -and -not $AllowUnknown)
    }
)
if ($fatal) {
    $names = $fatal | ForEach-Object {
        $problem = if ("$($_.Status)" -eq 'Fail') { $_.ErrorId } else { $_.Check }
        "$($_.ClusterName) $problem $($_.Region)".Trim()
    }
    throw "$($fatal.Count) checks did not pass: $($names -join '; ')"
}
