# Enables CMEK on a cluster on AWS, from nothing to ENABLED, in a sandbox on this machine. No account is needed.
# Against your own cluster, the same lines work after Connect-CrdbCloud instead of Start-CrdbSandbox.
Import-Module CockroachCmek -ErrorAction SilentlyContinue

# Clouds to rehearse on: they listen on this machine only, and time runs 600 times faster than life.
Start-CrdbSandbox

# What is there?
Get-CrdbOrganization
Get-CrdbCluster

# First a dry run: it writes nothing, yet the planned objects flow down the whole pipe.
$plan = Get-CrdbCluster prod-eu | New-CrdbCmekRole -WhatIf | New-CrdbCmekKey -MultiRegion | New-CrdbCmekManifest | Enable-CrdbCmek
if (-not $plan.IsPlanned) { throw 'A dry run must stay a plan.' }

# The whole of it: a role that CockroachDB Cloud may take on, a key with a replica in each region, the manifest, and the wait.
$enabled = Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion | New-CrdbCmekManifest | Enable-CrdbCmek -Wait
$enabled
if ($enabled.Status -ne 'ENABLED') { throw "CMEK is $($enabled.Status)." }

# Once more: everything is there already, so nothing is written.
$keys = Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion
$keys
if ($keys.Outcome -ne 'Existing') { throw 'A second run must find what the first has made.' }

# How does it stand?
Get-CrdbCluster prod-eu | Get-CrdbCmek

# A refusal worth seeing: keys for one of two regions only. Nothing is sent to the cluster.
try {
    $keys[0] | New-CrdbCmekManifest -ErrorAction Stop
    throw 'An incomplete manifest must be refused.'
} catch [CockroachCmek.CmekException] {
    "Refused: $_"
}

# The policy that a key needs, for the people who hold the keys.
Get-CrdbCluster prod-us | New-CrdbCmekRole | Get-CrdbCmekKeyPolicy

# Forget it all.
Stop-CrdbSandbox
