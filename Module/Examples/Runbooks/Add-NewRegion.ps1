<#
.SYNOPSIS
Adds a region to a cluster that uses CMEK, with a key for it, and waits until it is there.
.DESCRIPTION
Safe to start again: a region, a key or a replica that a job before this one has made is found, and nothing is added twice.
#>
[CmdletBinding()]
param(
    # Name of the cluster.
    [Parameter(Mandatory = $true)]
    [string] $ClusterName,

    # The cloud provider's code of the region.
    [Parameter(Mandatory = $true)]
    [string] $Region,

    # Nodes in it, at least three.
    [ValidateRange(3, 1000)]
    [int] $NodeCount = 3,

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

try {
    Get-CrdbCluster $ClusterName -ErrorAction Stop | Add-CrdbCmekRegion $Region -NodeCount $NodeCount -Wait
} finally {
    Disconnect-CrdbCloud
}
