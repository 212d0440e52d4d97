<#
.SYNOPSIS
Rotates keys that were born in HashiCorp Vault, through Vault, where they were not rotated for so many days. Made for a schedule; safe to start again.
.DESCRIPTION
A version that Vault has made and no cluster has taken up is taken up, not made again, and what was rotated within -OlderThanDays is left alone. One cluster that
fails does not keep the others from their rotation; the job fails at the end and names it.
#>
[CmdletBinding()]
param(
    # Names of the clusters; wildcards are taken.
    [Parameter(Mandatory = $true)]
    [string[]] $ClusterName,

    # Address of Vault.
    [Parameter(Mandatory = $true)]
    [uri] $VaultAddress,

    # Namespace of Vault; on HCP Vault the topmost is admin.
    [string] $VaultNamespace,

    # Only keys that were taken up longer ago than this.
    [ValidateRange(1, 3650)]
    [int] $OlderThanDays = 90,

    # Variable of the Automation account that holds the Vault token.
    [string] $VaultTokenVariable = 'VAULT_TOKEN',

    # Variable of the account that holds the API key of CockroachDB Cloud.
    [string] $ApiKeyVariable = 'COCKROACH_API_KEY',

    # Variables of the account that go into the environment under their own names, for example AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: use is granted in the cloud.
    [string[]] $EnvironmentVariable = @(),

    # Another address of the API, for rehearsals.
    [uri] $Endpoint
)

Set-StrictMode -Version 2
# In Azure Automation an error that is not fatal does not end a job, and progress is not valid in a runbook.
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
Import-Module CockroachCmek -ErrorAction SilentlyContinue

foreach ($name in $EnvironmentVariable) { [Environment]::SetEnvironmentVariable($name, (Get-AutomationVariable -Name $name)) }
$connection = @{ ApiKey = [System.Net.NetworkCredential]::new('', (Get-AutomationVariable -Name $ApiKeyVariable)).SecurePassword }
if ($Endpoint) { $connection.Endpoint = $Endpoint }
$null = Connect-CrdbCloud @connection

$vault = @{ Via = 'HashiCorpVault'; VaultAddress = $VaultAddress; VaultToken = [System.Net.NetworkCredential]::new('', (Get-AutomationVariable -Name $VaultTokenVariable)).SecurePassword }
if ($VaultNamespace) { $vault.VaultNamespace = $VaultNamespace }

$failed = @()
foreach ($cluster in Get-CrdbCluster $ClusterName | Where-Object Plan -EQ ADVANCED) {
    try {
        $cluster | Invoke-CrdbCmekRotation @vault -IfOlderThan ([timespan]::FromDays($OlderThanDays)) -Wait
    } catch {
        $failed += "$($cluster.Name): $($_.Exception.Message)"
    }
}

Disconnect-CrdbCloud
if ($failed) { throw "Not rotated: $($failed -join '; ')" }
