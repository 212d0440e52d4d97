<#
.SYNOPSIS
Rotates the keys of clusters whose last rotation is older than a number of days. Made for a schedule.
.DESCRIPTION
Can be started again after an eviction: a version that an earlier job created is used, and a cluster that was rotated
within -OlderThanDays is left alone. A cluster that fails does not stop the others. The job fails at the end and names
it.

The origin of every key is kept. Keys of HashiCorp Vault are rotated there: give -EnvironmentVariable VAULT_ADDR,
VAULT_TOKEN. Imported keys rotate to new material that was imported for them. Keys whose new material only their owner
can create, for example those in a key store, are not rotated; the job names them with what to do.
#>
[CmdletBinding()]
param(
    # Names of the clusters. Wildcards are allowed.
    [Parameter(Mandatory = $true)]
    [string[]] $ClusterName,

    # Rotate only keys that have been in force for longer than this.
    [ValidateRange(1, 3650)]
    [int] $OlderThanDays = 90,

    # Name of the variable of the Automation account that holds the API key of CockroachDB Cloud.
    [string] $ApiKeyVariable = 'COCKROACH_API_KEY',

    # Names of variables of the account that are copied to environment variables of the same name, for example
    # AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Not needed for Azure.
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

# All secrets are encrypted variables of the Automation account. For Azure, the account's managed identity is used.
foreach ($name in $EnvironmentVariable) {
    [Environment]::SetEnvironmentVariable($name, (Get-AutomationVariable -Name $name))
}
$apiKey = Get-AutomationVariable -Name $ApiKeyVariable
$Connection = $Connection.Clone()
$Connection.ApiKey = [System.Net.NetworkCredential]::new('', $apiKey).SecurePassword
if ($Endpoint) { $Connection.Endpoint = $Endpoint }
$null = Connect-CrdbCloud @Connection

$failed = @()
foreach ($cluster in Get-CrdbCluster $ClusterName | Where-Object Plan -EQ ADVANCED) {
    try {
        $cluster | Invoke-CrdbCmekRotation -IfOlderThan ([timespan]::FromDays($OlderThanDays)) -Wait
    } catch {
        $failed += "$($cluster.Name): $($_.Exception.Message)"
    }
}

Disconnect-CrdbCloud
if ($failed) { throw "Not rotated: $($failed -join '; ')" }
