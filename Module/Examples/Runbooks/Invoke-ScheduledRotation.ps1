<#
.SYNOPSIS
Rotates the keys of clusters that were not rotated for so many days. Made for a schedule; safe to start again.
.DESCRIPTION
A job that was evicted and started again goes on where it stopped: what was rotated in the KMS and not yet taken up is not rotated twice, and what was rotated
within -OlderThanDays is left alone. One cluster that fails does not keep the others from their rotation; the job fails at the end and names it.
#>
[CmdletBinding()]
param(
    # Names of the clusters; wildcards are taken.
    [Parameter(Mandatory = $true)]
    [string[]] $ClusterName,

    # Only keys that were taken up longer ago than this.
    [ValidateRange(1, 3650)]
    [int] $OlderThanDays = 90,

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

$failed = @()
foreach ($cluster in Get-CrdbCluster $ClusterName | Where-Object Plan -EQ ADVANCED) {
    try {
        # The output is small and says what happened: status, regions, keys, and what must be kept.
        $cluster | Invoke-CrdbCmekRotation -IfOlderThan ([timespan]::FromDays($OlderThanDays)) -Wait
    } catch {
        $failed += "$($cluster.Name): $($_.Exception.Message)"
    }
}

Disconnect-CrdbCloud
if ($failed) { throw "Not rotated: $($failed -join '; ')" }
