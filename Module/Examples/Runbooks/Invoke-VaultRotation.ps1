<#
.SYNOPSIS
Rotates keys in HashiCorp Vault for clusters whose last rotation is older than a number of days. Made for a schedule.
.DESCRIPTION
Can be started again: a version that an earlier job created in Vault is used, and a cluster that was rotated within
-OlderThanDays is left alone. A cluster that fails does not stop the others. The job fails at the end and names it.
#>
[CmdletBinding()]
param(
    # Names of the clusters. Wildcards are allowed.
    [Parameter(Mandatory = $true)]
    [string[]] $ClusterName,

    # Address of Vault.
    [Parameter(Mandatory = $true)]
    [uri] $VaultAddress,

    # Namespace of Vault. On HCP Vault the topmost is admin.
    [string] $VaultNamespace,

    # Rotate only keys that have been in force for longer than this.
    [ValidateRange(1, 3650)]
    [int] $OlderThanDays = 90,

    # The largest number of clusters to rotate in this run. 0 means all.
    [ValidateRange(0, 100000)]
    [int] $MaxClusters = 0,

    # Name of the variable of the Automation account that holds the Vault token.
    [string] $VaultTokenVariable = 'VAULT_TOKEN',

    # Name of the variable of the Automation account that holds the API key of CockroachDB Cloud.
    [string] $ApiKeyVariable = 'COCKROACH_API_KEY',

    # Names of variables of the account that are copied to environment variables of the same name while this runbook
    # runs, for example AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. They grant the use of the keys in
    # the cloud. Not needed for Azure.
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
$failed = @()
$notFound = @()
$left = @()
$rotated = 0

# What failed and what to do about it: a job has no screen that shows the recommended action.
function Get-FailureText([string] $name, $record) {
    $advice = if ($record.ErrorDetails) { $record.ErrorDetails.RecommendedAction }
    # Errors of one cluster among many begin with its name where they would not name it.
    $message = $record.Exception.Message
    if (-not $message.StartsWith("${name}: ")) { $message = "${name}: $message" }
    "$message$(if ($advice) { " Next: $advice" })"
}

try {
    # All secrets are encrypted variables of the Automation account. For Azure, the account's managed identity is used.
    foreach ($name in $EnvironmentVariable) {
        $before[$name] = [Environment]::GetEnvironmentVariable($name)
        [Environment]::SetEnvironmentVariable($name, (Get-AutomationVariable -Name $name))
    }
    $apiKey = Get-AutomationVariable -Name $ApiKeyVariable
    $Connection.ApiKey = [System.Net.NetworkCredential]::new('', $apiKey).SecurePassword
    if ($Endpoint) { $Connection.Endpoint = $Endpoint }
    $vaultToken = Get-AutomationVariable -Name $VaultTokenVariable
    $Connection.VaultAddress = $VaultAddress
    $Connection.VaultToken = [System.Net.NetworkCredential]::new('', $vaultToken).SecurePassword
    if ($VaultNamespace) { $Connection.VaultNamespace = $VaultNamespace }
    $null = Connect-CrdbCloud @Connection
    $connected = $true

    # A name that is gone does not stop the others.
    $clusters = @(
        Get-CrdbCluster $ClusterName -ErrorAction SilentlyContinue -ErrorVariable notFound |
            Where-Object Plan -EQ ADVANCED
    )
    foreach ($record in $notFound) { $failed += Get-FailureText "$($record.TargetObject)" $record }
    if (-not $clusters -and -not $failed) { throw "No cluster that can have CMEK is named $($ClusterName -join ', ')." }
    foreach ($cluster in $clusters) {
        if ($MaxClusters -gt 0 -and $rotated -ge $MaxClusters) {
            $left += $cluster.Name
            continue
        }
        try {
            $result = $cluster | Invoke-CrdbCmekRotation -Via HashiCorpVault -IfOlderThan $OlderThanDays -Wait
            if ("$($result.Outcome)" -ne 'Existing') { $rotated++ }
            $result
        } catch {
            $failed += Get-FailureText $cluster.Name $_
        }
    }
} finally {
    if ($connected) { Disconnect-CrdbCloud }
    # The process may run other jobs, which must not find these credentials.
    foreach ($name in $before.Keys) {
        # $null would become an empty text.
        $value = if ($null -eq $before[$name]) { [NullString]::Value } else { $before[$name] }
        [Environment]::SetEnvironmentVariable($name, $value)
    }
}
if ($left) { $PSCmdlet.WriteWarning("Left for the next run, if they are due: $($left -join ', ')") }
if ($failed) { throw "Not rotated: $($failed -join '; ')" }
