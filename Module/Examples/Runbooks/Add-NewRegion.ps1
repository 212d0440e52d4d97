<#
.SYNOPSIS
Adds a region with its key to a cluster that uses CMEK, and waits until it is ready.
.DESCRIPTION
Can be started again: a region, key or replica that an earlier job created is reused, and nothing is added twice.
#>
[CmdletBinding()]
param(
    # Name of the cluster.
    [Parameter(Mandatory = $true)]
    [string] $ClusterName,

    # The cloud provider's code of the region.
    [Parameter(Mandatory = $true)]
    [string] $Region,

    # Number of nodes in the region, at least three.
    [ValidateRange(3, 1000)]
    [int] $NodeCount = 3,

    # Machine type of the nodes in the region, where the regions of the cluster have different ones.
    [string] $MachineType,

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

    $clusters = @(Get-CrdbCluster $ClusterName)
    if ($clusters.Count -ne 1) {
        throw "'$ClusterName' is not the name of exactly one cluster, so nothing was done."
    }
    $machine = @{}
    if ($MachineType) { $machine.MachineType = $MachineType }
    $clusters | Add-CrdbCmekRegion $Region -NodeCount $NodeCount @machine -Wait
} finally {
    if ($connected) { Disconnect-CrdbCloud }
    # The process may run other jobs, which must not find these credentials.
    foreach ($name in $before.Keys) {
        # $null would become an empty text.
        $value = if ($null -eq $before[$name]) { [NullString]::Value } else { $before[$name] }
        [Environment]::SetEnvironmentVariable($name, $value)
    }
}
