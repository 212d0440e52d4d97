<#
.SYNOPSIS
Rotates the keys of clusters whose last rotation is older than a number of days. Made for a schedule.
.DESCRIPTION
Takes the clusters whose keys are oldest first. -MaxClusters spreads a fleet over several runs: with a daily schedule
and -MaxClusters 5, five clusters rotate each day until all are done.

Can be started again after an eviction: a version that an earlier job created is used, and a cluster that was rotated
within -OlderThanDays is left alone. A cluster that fails does not stop the others, unless they would fail alike: when
CockroachDB Cloud does not accept the API key or cannot be reached, no other cluster is tried; when a cloud's
credentials or service fail, no other cluster of that cloud is; when two clusters of a cloud in a row lack a permission,
the rest of that cloud is not tried either. The job fails at the end, and names what failed and what was not tried.

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

    # The largest number of clusters to rotate in this run. 0 means all.
    [ValidateRange(0, 100000)]
    [int] $MaxClusters = 0,

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

$failed = @()     # what failed, with the reason
$skipped = @()    # what was not tried, since it would fail alike
$ended = $null    # why nothing more is tried
$endedClouds = @{}
$lastDenied = @{}

# What failed and what to do about it: a job has no screen that shows the recommended action.
function Get-FailureText([string] $name, $record) {
    $advice = if ($record.ErrorDetails) { $record.ErrorDetails.RecommendedAction }
    # Errors of one cluster among many begin with its name where they would not name it.
    $message = $record.Exception.Message
    if (-not $message.StartsWith("${name}: ")) { $message = "${name}: $message" }
    "$message$(if ($advice) { " Next: $advice" })"
}

# The reason why other clusters would fail like this one: for all of them, or for those of its cloud.
function Get-SharedReason($record, [string] $cloud) {
    $id = ($record.FullyQualifiedErrorId -split ',')[0]
    if ($id -in 'ApiKeyRefused', 'SessionEnded', 'CloudUnreachable', 'CloudFailed') { return @{ All = $id } }
    switch ($record.CategoryInfo.Category) {
        'AuthenticationError' { return @{ Cloud = $id } }
        'ConnectionError' { return @{ Cloud = $id } }
        'ResourceUnavailable' { return @{ Cloud = $id } }
        'PermissionDenied' {
            # One key's policy may be to blame; two in a row are the credentials.
            if ($lastDenied[$cloud] -eq $id) { return @{ Cloud = $id } }
            $lastDenied[$cloud] = $id
            return @{}
        }
    }
    $lastDenied[$cloud] = $null
    @{}
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
    $null = Connect-CrdbCloud @Connection
    $connected = $true

    # The oldest key in force decides the order. A name that is gone does not stop the others.
    $queue = [System.Collections.Generic.SortedDictionary[string, object]]::new([StringComparer]::Ordinal)
    foreach ($name in $ClusterName) {
        if ($ended) {
            $skipped += $name
            continue
        }
        try {
            $isPattern = [System.Management.Automation.WildcardPattern]::ContainsWildcardCharacters($name)
            foreach ($cluster in Get-CrdbCluster $name | Where-Object Plan -EQ ADVANCED) {
                if ($ended) {
                    $skipped += $cluster.Name
                    continue
                }
                try {
                    $info = $cluster | Get-CrdbCmek
                } catch {
                    $failed += Get-FailureText $cluster.Name $_
                    $ended = (Get-SharedReason $_ $cluster.CloudProvider)['All']
                    continue
                }
                # A pattern means the clusters with CMEK; a name that was written out means that one.
                if ($isPattern -and $info.Status -in 'DISABLED', 'ENABLE_FAILED', 'REVOKED') { continue }
                $since = [long]::MaxValue
                foreach ($region in $info.Regions | Where-Object { $_.Keys.Count -gt 0 -and $_.Keys[0].CreatedAt }) {
                    $since = [Math]::Min($since, $region.Keys[0].CreatedAt.UtcTicks)
                }
                $queue['{0:D19} {1} {2}' -f $since, $cluster.Name, $cluster.Id] = $cluster
            }
        } catch {
            $failed += Get-FailureText $name $_
            $ended = (Get-SharedReason $_ '')['All']
        }
    }
    if ($queue.Count -eq 0 -and -not $failed) { throw "No cluster with CMEK is named $($ClusterName -join ', ')." }

    $rotated = 0
    $left = @()
    foreach ($cluster in $queue.Values) {
        $cloud = $cluster.CloudProvider
        if ($ended -or $endedClouds[$cloud]) {
            $skipped += $cluster.Name
            continue
        }
        if ($MaxClusters -gt 0 -and $rotated -ge $MaxClusters) {
            $left += $cluster.Name
            continue
        }
        try {
            $result = $cluster | Invoke-CrdbCmekRotation -IfOlderThan $OlderThanDays -Wait
            if ("$($result.Outcome)" -ne 'Existing') { $rotated++ }
            $lastDenied[$cloud] = $null
            $result
        } catch {
            $failed += Get-FailureText $cluster.Name $_
            $shared = Get-SharedReason $_ $cloud
            $ended = $shared['All']
            $endedClouds[$cloud] = $shared['Cloud']
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
if ($failed) {
    $why = (@($ended) + @($endedClouds.Values) | Where-Object { $_ }) -join ', '
    $rest = if ($skipped) { " Not tried, because they would fail alike ($why): $($skipped -join ', ')." }
    throw "Not rotated: $(($failed -join '; ').TrimEnd('.')).$rest"
}
