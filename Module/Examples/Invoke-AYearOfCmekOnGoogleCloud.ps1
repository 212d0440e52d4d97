# A year in the life of a cluster with CMEK on Google Cloud, in a sandbox on this machine: enable, audit, rotate, grow, break the glass, mend it. No account is needed.
# Against your own cluster, the same lines work after Connect-CrdbCloud instead of Start-CrdbSandbox.
Import-Module CockroachCmek -ErrorAction SilentlyContinue

$sandbox = Start-CrdbSandbox

# January: CMEK is enabled, with a key in each region's own location. A fresh grant takes minutes until it counts: that is waited for.
$null = Get-CrdbCluster gcp-eu | New-CrdbCmekRole | New-CrdbCmekKey -OutVariable keys | New-CrdbCmekManifest | Enable-CrdbCmek -Wait
$keys

# Every night: is everything as it should be, the organization's policy included? Nothing is written.
Test-CrdbCmek gcp-eu -MaxKeyAge 365.00:00:00 | Where-Object Status -ne Pass
if (-not (Test-CrdbCmek gcp-eu -Quiet)) { throw 'The cluster is not healthy.' }

# April: a new version of each key becomes its primary one, and the cluster takes it up.
$rotated = Invoke-CrdbCmekRotation gcp-eu -Wait
$rotated

# June: auditors want other keys. Names cannot change hands in Cloud KMS, so the new ones are numbered.
$moved = Invoke-CrdbCmekRotation gcp-eu -NewKey -Wait
$moved.Regions.Keys | Where-Object Status -eq ENABLED

# What looks unused and must be kept, and why.
$moved.PastKeys
if (@($moved.PastKeys).Count -ne 4) { throw 'Four keys and versions of before must be named.' }

# September: the cluster grows. The new region gets a key in its own location.
Add-CrdbCmekRegion europe-north1 -Cluster gcp-eu -NodeCount 3 -Wait
Get-CrdbCmek gcp-eu

# November: a breach. What would be done?
$null = Revoke-CrdbCmek gcp-eu -Method RemoveGrant -WhatIf

# It is done. At a prompt it asks first. Google Cloud takes minutes until the access has ended everywhere, and that is said.
$revocation = Revoke-CrdbCmek gcp-eu -Method RemoveGrant -Confirm:$false
$revocation
if ($revocation.Status -ne 'REVOKED') { throw "CMEK is $($revocation.Status)." }

# December: the breach is over. Exactly the bindings that were taken are put back; the cluster itself is Cockroach Labs' to bring back.
$revocation | Restore-CrdbCmekAccess
Test-CrdbCmek gcp-eu | Where-Object Status -eq Fail

# What was put back takes minutes too until it counts: two of them, as the sandbox's time runs. Then support does its part (here the sandbox plays it), and the year ends well.
[System.Threading.Thread]::Sleep([timespan]::FromMinutes(2).TotalMilliseconds / $sandbox.TimeScale)
$sandbox.RecoverCluster('gcp-eu')
if (-not (Test-CrdbCmek gcp-eu -Quiet)) { throw 'The cluster is not healthy.' }

# Forget it all.
Stop-CrdbSandbox
