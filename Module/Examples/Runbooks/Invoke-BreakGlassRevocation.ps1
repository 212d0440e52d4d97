<#
.SYNOPSIS
Break glass: takes the keys of one cluster away and stops it.
.DESCRIPTION
Nobody can confirm in a job, so the cluster's name is given twice. The record of what was changed is output as JSON: keep it, Restore-CrdbCmekAccess -Path puts back exactly
that. A job that was evicted is started again with the same parameters, and completes what is missing. Only Cockroach Labs support can bring a revoked cluster back.
#>
[CmdletBinding()]
param(
    # Name of the cluster.
    [Parameter(Mandatory = $true)]
    [string] $ClusterName,

    # The name once more.
    [Parameter(Mandatory = $true)]
    [string] $ConfirmClusterName,

    # How access is taken away; Default can be undone without loss.
    [ValidateSet('Default', 'Deny', 'RemoveGrant', 'RemoveTrust', 'DisableKey')]
    [string] $Method = 'Default',

    # Stop after the KMS: CockroachDB is not told, and running nodes go on.
    [bool] $KmsOnly = $false,

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
if ($ClusterName -cne $ConfirmClusterName) { throw "'$ClusterName' and '$ConfirmClusterName' are not the same: nothing was done." }
Import-Module CockroachCmek -ErrorAction SilentlyContinue

# Encrypted variables of the account. Azure clusters need no further secret: the account's managed identity is used. For AWS and Google Cloud, which have no identity
# here, the names of variables that hold their credentials are given, and go into this job's environment.
foreach ($name in $EnvironmentVariable) { [Environment]::SetEnvironmentVariable($name, (Get-AutomationVariable -Name $name)) }
$connection = @{ ApiKey = [System.Net.NetworkCredential]::new('', (Get-AutomationVariable -Name $ApiKeyVariable)).SecurePassword }
if ($Endpoint) { $connection.Endpoint = $Endpoint }
$null = Connect-CrdbCloud @connection

$cluster = Get-CrdbCluster $ClusterName
$record = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), "$($cluster.Name)-$($cluster.Id).revocation.json")
try {
    $revocation = $cluster | Revoke-CrdbCmek -Method $Method -KmsOnly:$KmsOnly -Path $record -Confirm:$false
    "$($revocation.ClusterName): CMEK is $($revocation.Status)."
} finally {
    # The disk of a job ends with it: the record goes into the job's output, whatever happened.
    if ([System.IO.File]::Exists($record)) { [System.IO.File]::ReadAllText($record) }
    Disconnect-CrdbCloud
}
