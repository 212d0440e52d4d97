<#
.SYNOPSIS
Checks the CMEK of clusters, and fails the job when any check fails.
.DESCRIPTION
Everything that is not as it should be is output. A check that fails, or that could not be made, fails the job, so that the account's alert on failed jobs
is all that is needed. Nothing is written.
#>
[CmdletBinding()]
param(
    # Names of the clusters; wildcards are taken.
    [string[]] $ClusterName = '*',

    # The longest time that a region may go on with one version of its key.
    [ValidateRange(1, 3650)]
    [int] $MaxKeyAgeDays = 365,

    # Accept checks that could not be made, for example for lack of a permission.
    [bool] $AllowUnknown = $false,

    # Variable of the Automation account that holds the API key of CockroachDB Cloud.
    [string] $ApiKeyVariable = 'COCKROACH_API_KEY',

    # Variables of the account that go into the environment under their own names, for example AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
    [string[]] $EnvironmentVariable = @(),

    # Another address of the API, for rehearsals.
    [uri] $Endpoint
)

Set-StrictMode -Version 2
# In Azure Automation an error that is not fatal does not end a job, and progress is not valid in a runbook.
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
Import-Module CockroachCmek -ErrorAction SilentlyContinue

# Encrypted variables of the account. Azure clusters need no further secret: the account's managed identity is used. For AWS and Google Cloud, which have no identity
# here, the names of variables that hold their credentials are given, and go into this job's environment.
foreach ($name in $EnvironmentVariable) { [Environment]::SetEnvironmentVariable($name, (Get-AutomationVariable -Name $name)) }
$connection = @{ ApiKey = [System.Net.NetworkCredential]::new('', (Get-AutomationVariable -Name $ApiKeyVariable)).SecurePassword }
if ($Endpoint) { $connection.Endpoint = $Endpoint }
$null = Connect-CrdbCloud @connection

$objections = @(Get-CrdbCluster $ClusterName | Where-Object Plan -EQ ADVANCED | Test-CrdbCmek -MaxKeyAge ([timespan]::FromDays($MaxKeyAgeDays)) | Where-Object Status -NE Pass)
Disconnect-CrdbCloud
$objections
$fatal = @($objections | Where-Object { "$($_.Status)" -eq 'Fail' -or ("$($_.Status)" -eq 'Unknown' -and -not $AllowUnknown) })
if ($fatal) { throw "$($fatal.Count) checks did not pass: $(@($fatal | ForEach-Object { "$($_.ClusterName) $($_.Check) $($_.Region)".Trim() }) -join '; ')" }
