<#
.SYNOPSIS
In an emergency: takes away access to the keys of one cluster, and stops the cluster.
.DESCRIPTION
Nobody can confirm in a job, so the cluster's own name has to be given twice. Wildcards are refused. The record of all changes is output as JSON.
Keep it: Restore-CrdbCmekAccess -Path undoes exactly what is in it. If a job was evicted, start it again with the same
parameters to complete it. Only Cockroach Labs support can bring a revoked cluster back.
#>
[CmdletBinding()]
param(
    # Name of the cluster.
    [Parameter(Mandatory = $true)]
    [string] $ClusterName,

    # The same name again.
    [Parameter(Mandatory = $true)]
    [string] $ConfirmClusterName,

    # How access is taken away. Default can be undone without loss.
    [ValidateSet('Default', 'Deny', 'RemoveGrant', 'RemoveTrust', 'DisableKey', 'DenyRole', 'DisableIdentity')]
    [string] $Method = 'Default',

    # Stop after the KMS: CockroachDB Cloud is not notified, and running nodes continue. When CockroachDB Cloud cannot be
    # reached, the keys are found in your clouds by the cluster's name.
    [bool] $KmsOnly = $false,

    # Takes the keys from this manifest and sends nothing to CockroachDB Cloud, which may be down. Implies -KmsOnly.
    [string] $ManifestPath,

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
if ($ClusterName -cne $ConfirmClusterName) {
    throw "'$ClusterName' and '$ConfirmClusterName' are not the same, so nothing was done."
}
if ([WildcardPattern]::ContainsWildcardCharacters($ClusterName)) {
    throw "'$ClusterName' contains wildcard characters, so nothing was done. Give the name of one cluster."
}
if (-not (Get-Module CockroachCmek)) { Import-Module CockroachCmek }

$Connection = $Connection.Clone()
$folder = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), "break-glass-$ClusterName")
$null = [System.IO.Directory]::CreateDirectory($folder)
$started = [DateTime]::UtcNow
$revocation = $null
$before = @{}
$connected = $false
try {
    # All secrets are encrypted variables of the Automation account. For Azure, the account's managed identity is used.
    foreach ($name in $EnvironmentVariable) {
        $before[$name] = [Environment]::GetEnvironmentVariable($name)
        [Environment]::SetEnvironmentVariable($name, (Get-AutomationVariable -Name $name))
    }
    if ($ManifestPath) {
        $Connection.KmsOnly = $true
    } else {
        $apiKey = Get-AutomationVariable -Name $ApiKeyVariable
        $Connection.ApiKey = [System.Net.NetworkCredential]::new('', $apiKey).SecurePassword
    }
    if ($Endpoint) { $Connection.Endpoint = $Endpoint }
    try {
        $session = Connect-CrdbCloud @Connection
    } catch {
        if (-not $KmsOnly -or $ManifestPath) { throw }
        Write-Warning "$_ Nothing is sent to CockroachDB Cloud. The keys of '$ClusterName' are looked for in your clouds."
        $Connection.Remove('ApiKey')
        $Connection.KmsOnly = $true
        $session = Connect-CrdbCloud @Connection
    }
    $connected = $true

    if ($ManifestPath) {
        $keys = Import-CrdbCmekManifest $ManifestPath -Cluster $ClusterName
        $KmsOnly = $true
    } elseif ($session.IsKmsOnly) {
        $keys = $ClusterName
    } else {
        $keys = @(Get-CrdbCluster $ClusterName)
        if ($keys.Count -ne 1 -or $keys[0].Name -cne $ConfirmClusterName) {
            throw "'$ClusterName' is not the name of exactly one cluster, so nothing was done."
        }
    }
    $revocation = $keys | Revoke-CrdbCmek -Method $Method -KmsOnly:$KmsOnly -Path $folder -Confirm:$false
    if ($revocation.Status) {
        "$($revocation.ClusterName): CMEK is $($revocation.Status)."
    } else {
        $done = @($revocation.Changes | Where-Object { "$($_.State)" -eq 'Done' }).Count
        $all = @($revocation.Changes).Count
        "$($revocation.ClusterName): $done of $all changes in the KMS are done. CockroachDB Cloud was not asked."
    }
} finally {
    # A job's disk is lost when the job ends, so the record is always output, also when the job fails midway. Records of
    # earlier runs that are still on the disk are not.
    foreach ($record in [System.IO.Directory]::GetFiles($folder, '*.revocation.json')) {
        $isOfThisRun = [System.IO.File]::GetLastWriteTimeUtc($record) -ge $started.AddSeconds(-2)
        if ($isOfThisRun -or ($revocation -and $record -eq $revocation.Path)) { [System.IO.File]::ReadAllText($record) }
    }
    if ($connected) { Disconnect-CrdbCloud }
    # The process may run other jobs, which must not find these credentials.
    foreach ($name in $before.Keys) {
        # $null would become an empty text.
        $value = if ($null -eq $before[$name]) { [NullString]::Value } else { $before[$name] }
        [Environment]::SetEnvironmentVariable($name, $value)
    }
}
