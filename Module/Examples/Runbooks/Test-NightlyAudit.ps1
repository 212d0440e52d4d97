<#
.SYNOPSIS
Checks the CMEK of clusters, and fails the job when a check fails.
.DESCRIPTION
Outputs every check that did not pass. A check that failed, or that could not be made, fails the job, so the account's
alert on failed jobs is enough. A cluster that cannot be read does not stop the others: the job fails at the end, and
names it. A job that finds no cluster with CMEK fails too, and so does one that was given the name of a cluster without
CMEK. Nothing is changed in a cloud. With -ReportFolder, a report for auditors is written as well.
Findings that a file of suppressions accepts, or that a baseline had, are in the output, but do not fail the job.
#>
[CmdletBinding()]
param(
    # Names of the clusters. Wildcards are allowed.
    [string[]] $ClusterName = '*',

    # The longest time that a region may use one version of its key.
    [ValidateRange(1, 3650)]
    [int] $MaxKeyAgeDays = 365,

    # Accept checks that could not be made, for example because a permission is missing.
    [bool] $AllowUnknown = $false,

    # A JSON or YAML file of accepted findings, with a reason and a last day for each. On a Hybrid Runbook Worker.
    [string] $SuppressionPath,

    # The findings of an earlier run as ConvertTo-Json writes them: only what is new fails the job.
    [string] $BaselinePath,

    # A folder that exists: the report is written there as an HTML page and as JSON, with the date in their names, whatever
    # the checks say. Default: no report.
    [string] $ReportFolder = '',

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
$failed = @()    # what could not be checked, with the reason
$notFound = $notRead = $notReported = @()
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

    # A name that is gone, or a cluster that cannot be read, does not stop the others.
    $found = @(Get-CrdbCluster $ClusterName -ErrorAction SilentlyContinue -ErrorVariable notFound)
    $clusters = @($found | Where-Object Plan -EQ ADVANCED)
    $known = @{}
    if ($SuppressionPath) { $known.SuppressionPath = $SuppressionPath }
    if ($BaselinePath) { $known.BaselinePath = $BaselinePath }
    $problems = @(
        $clusters |
            Test-CrdbCmek @known -MaxKeyAge ([timespan]::FromDays($MaxKeyAgeDays)) -ErrorAction SilentlyContinue `
                -ErrorVariable notRead |
            Where-Object Status -NE Pass
    )
    if ($ReportFolder -and $clusters) {
        $name = "cmek-$([DateTime]::UtcNow.ToString('yyyy-MM-dd-HHmm', [cultureinfo]::InvariantCulture))"
        $report = @{
            LiteralPath   = Join-Path $ReportFolder $name
            Format        = 'Html', 'Json'
            MaxKeyAge     = [timespan]::FromDays($MaxKeyAgeDays)
            Force         = $true
            # The report names what could not be read; the checks above have said so already.
            ErrorAction   = 'SilentlyContinue'
            ErrorVariable = 'notReported'
        }
        $files = @($clusters | Export-CrdbCmekReport @report)
        if ($files.Count -lt 2) { $failed += "The report was not written: $($notReported -join '; ')" }
    }
    foreach ($record in @($notFound) + @($notRead)) {
        # A job has no screen that shows the recommended action.
        $advice = if ($record.ErrorDetails) { $record.ErrorDetails.RecommendedAction }
        $failed += "$($record.Exception.Message)$(if ($advice) { " Next: $advice" })"
    }
    # A pattern means the clusters that can have CMEK; a name that was written out means that one.
    foreach ($cluster in $found | Where-Object { $_.Plan -ne 'ADVANCED' -and $ClusterName -contains $_.Name }) {
        $failed += "$($cluster.Name): the plan $($cluster.Plan) has no CMEK"
    }
    if (-not $clusters -and -not $failed) { throw "No cluster that can have CMEK is named $($ClusterName -join ', ')." }
} finally {
    if ($connected) { Disconnect-CrdbCloud }
    # The process may run other jobs, which must not find these credentials.
    foreach ($name in $before.Keys) {
        # $null would become an empty text.
        $value = if ($null -eq $before[$name]) { [NullString]::Value } else { $before[$name] }
        [Environment]::SetEnvironmentVariable($name, $value)
    }
}
$problems

# Among many, a cluster on which CMEK was never enabled is a warning.
$without = @($problems | Where-Object ErrorId -EQ CmekNotEnabled)
$isNoneEnabled = $clusters.Count -gt 0 -and $without.Count -eq $clusters.Count
$fatal = @(
    $problems | Where-Object { -not $_.Suppressed -and $_.IsNew -ne $false } | Where-Object {
        "$($_.Status)" -eq 'Fail' -or
        ("$($_.Status)" -eq 'Unknown' -and -not $AllowUnknown) -or
        ($_.ErrorId -eq 'CmekNotEnabled' -and ($isNoneEnabled -or $ClusterName -contains $_.ClusterName))
    }
)
$reasons = @(
    if ($fatal) {
        $names = $fatal | ForEach-Object {
            $problem = if ("$($_.Status)" -ne 'Unknown') { $_.ErrorId } else { $_.Check }
            "$($_.ClusterName) $problem $($_.Region)".Trim()
        }
        "$($fatal.Count) checks did not pass: $($names -join '; ')"
    }
    if ($failed) { "Not checked: $($failed -join '; ')" }
)
if ($reasons) { throw $reasons -join '. ' }
