# A year in the life of a cluster with CMEK on AWS, in a sandbox on this machine: enable, audit, rotate, grow, break the glass, mend it. No account is needed.
# Against your own cluster, the same lines work after Connect-CrdbCloud instead of Start-CrdbSandbox.
Import-Module CockroachCmek -ErrorAction SilentlyContinue

$sandbox = Start-CrdbSandbox

# January: CMEK is enabled.
$null = Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion | New-CrdbCmekManifest | Enable-CrdbCmek -Wait

# Every night: is everything as it should be? Nothing is written.
Test-CrdbCmek prod-eu -MaxKeyAge 365.00:00:00 | Where-Object Status -ne Pass
if (-not (Test-CrdbCmek prod-eu -Quiet)) { throw 'The cluster is not healthy.' }

# April: a new version of the same key, rotated once at its primary and taken up by every region.
$rotated = Invoke-CrdbCmekRotation prod-eu -Wait
$rotated

# June: auditors want another key. It has the old one's shape, and takes its name once it is in force.
$moved = Invoke-CrdbCmekRotation prod-eu -NewKey -Wait
$moved

# What looks unused and must be kept, and why.
$moved.PastKeys
if (@($moved.PastKeys).Count -ne 4) { throw 'Four keys and versions of before must be named.' }

# September: the cluster grows. The key gets a replica in the new region.
Add-CrdbCmekRegion eu-north-1 -Cluster prod-eu -NodeCount 3 -Wait
Get-CrdbCmek prod-eu

# November: a breach. What would be done?
$null = Revoke-CrdbCmek prod-eu -WhatIf

# It is done. At a prompt it asks first.
$revocation = Revoke-CrdbCmek prod-eu -Confirm:$false
$revocation
if ($revocation.Status -ne 'REVOKED') { throw "CMEK is $($revocation.Status)." }

# December: the breach is over. Exactly what was taken is put back; the cluster itself is Cockroach Labs' to bring back.
$revocation | Restore-CrdbCmekAccess
Test-CrdbCmek prod-eu | Where-Object Status -eq Fail

# Support does its part (here the sandbox plays it), and the year ends well.
$sandbox.RecoverCluster('prod-eu')
if (-not (Test-CrdbCmek prod-eu -Quiet)) { throw 'The cluster is not healthy.' }

# Forget it all.
Stop-CrdbSandbox
