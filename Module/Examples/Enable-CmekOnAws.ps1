# Enables CMEK on an AWS cluster, in a sandbox on this machine. No account is needed.
# For your own cluster, use Connect-CrdbCloud instead of Start-CrdbSandbox.
Import-Module CockroachCmek -ErrorAction SilentlyContinue

# Start clouds to rehearse on. They listen on this machine only, and their time runs 600 times faster.
Start-CrdbSandbox

# Look around.
Get-CrdbOrganization
Get-CrdbCluster

# First a dry run: it writes nothing, and the planned objects flow down the whole pipeline.
$plan = Get-CrdbCluster prod-eu | New-CrdbCmekRole -WhatIf | New-CrdbCmekKey -MultiRegion |
    New-CrdbCmekManifest | Enable-CrdbCmek
if (-not $plan.IsPlanned) { throw 'A dry run must stay a plan.' }

# Then the real run: a cross-account role, a key with a replica in each region, the manifest, and the wait.
$enabled = Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion |
    New-CrdbCmekManifest | Enable-CrdbCmek -Wait
$enabled
if ($enabled.Status -ne 'ENABLED') { throw "CMEK is $($enabled.Status)." }

# Run it again: everything exists, so nothing is written.
$keys = Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion
$keys
if ($keys.Outcome -ne 'Existing') { throw 'A second run must reuse what the first created.' }

# Show the state.
Get-CrdbCluster prod-eu | Get-CrdbCmek

# See a refusal: a key for only one of two regions. Nothing is sent to the cluster.
try {
    $keys[0] | New-CrdbCmekManifest -ErrorAction Stop
    throw 'An incomplete manifest must be refused.'
} catch [CockroachCmek.CmekException] {
    "Refused: $_"
}

# Print the policy that a key needs, for the people who administer keys.
Get-CrdbCluster prod-us | New-CrdbCmekRole | Get-CrdbCmekKeyPolicy

# Stop the clouds.
Stop-CrdbSandbox
