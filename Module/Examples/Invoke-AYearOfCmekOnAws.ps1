# A year of CMEK on AWS, in a sandbox on this machine: enable, audit, rotate, grow, revoke, restore.
# No account is needed. For your own cluster, use Connect-CrdbCloud instead of Start-CrdbSandbox.
Import-Module CockroachCmek -ErrorAction SilentlyContinue

$sandbox = Start-CrdbSandbox

# January: CMEK is enabled.
$null = Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion |
    New-CrdbCmekManifest | Enable-CrdbCmek -Wait

# Every night: is anything wrong? The check only reads.
Test-CrdbCmek prod-eu -MaxKeyAge 365.00:00:00 | Where-Object Status -ne Pass
if (-not (Test-CrdbCmek prod-eu -Quiet)) { throw 'The cluster is not healthy.' }

# April: a new version of the same key. It is created once, at the primary, and every region re-wraps with it.
$rotated = Invoke-CrdbCmekRotation prod-eu -Wait
$rotated

# June: auditors ask for another key. It has the properties of the old one, and gets its alias once it is in force.
$moved = Invoke-CrdbCmekRotation prod-eu -NewKey -Wait
$moved

# These keys look unused. They must be kept, and the reason is shown.
$moved.PastKeys
if (@($moved.PastKeys).Count -ne 4) { throw 'Four past keys and versions must be listed.' }

# September: the cluster grows. The key gets a replica in the new region.
Add-CrdbCmekRegion eu-north-1 -Cluster prod-eu -NodeCount 3 -Wait
Get-CrdbCmek prod-eu

# November: a breach. What would be done?
$null = Revoke-CrdbCmek prod-eu -WhatIf

# Do it. At a prompt, the cmdlet asks first.
$revocation = Revoke-CrdbCmek prod-eu -Confirm:$false
$revocation
if ($revocation.Status -ne 'REVOKED') { throw "CMEK is $($revocation.Status)." }

# December: the breach is over. Exactly what was taken away is restored. The cluster itself needs support.
$revocation | Restore-CrdbCmekAccess
Test-CrdbCmek prod-eu | Where-Object Status -eq Fail

# Cockroach Labs support brings the cluster back. Here the sandbox plays that part.
$sandbox.RecoverCluster('prod-eu')
if (-not (Test-CrdbCmek prod-eu -Quiet)) { throw 'The cluster is not healthy.' }

# Stop the clouds.
Stop-CrdbSandbox
