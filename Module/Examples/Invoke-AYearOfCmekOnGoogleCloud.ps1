# A year of CMEK on Google Cloud, in a sandbox on this machine: enable, audit, rotate, grow, revoke, restore.
# No account is needed. For your own cluster, use Connect-CrdbCloud instead of Start-CrdbSandbox.
Import-Module CockroachCmek -ErrorAction SilentlyContinue

$sandbox = Start-CrdbSandbox

# January: CMEK is enabled, with a key in each region's own location. A new grant takes minutes to become effective, and
# the cmdlet waits for it.
$null = Get-CrdbCluster gcp-eu | New-CrdbCmekRole | New-CrdbCmekKey -OutVariable keys |
    New-CrdbCmekManifest | Enable-CrdbCmek -Wait
$keys

# Every night: is anything wrong, the organization policy included? The check only reads.
Test-CrdbCmek gcp-eu -MaxKeyAge 365.00:00:00 | Where-Object Status -ne Pass
if (-not (Test-CrdbCmek gcp-eu -Quiet)) { throw 'The cluster is not healthy.' }

# April: each key gets a new primary version, and the cluster re-wraps with it.
$rotated = Invoke-CrdbCmekRotation gcp-eu -Wait
$rotated

# June: auditors ask for other keys. Key names in Cloud KMS cannot be used again, so the new ones are numbered.
$moved = Invoke-CrdbCmekRotation gcp-eu -NewKey -Wait
$moved.Regions.Keys | Where-Object Status -eq ENABLED

# These keys look unused. They must be kept, and the reason is shown.
$moved.PastKeys
if (@($moved.PastKeys).Count -ne 4) { throw 'Four past keys and versions must be listed.' }

# September: the cluster grows. The new region gets a key in its own location.
Add-CrdbCmekRegion europe-north1 -Cluster gcp-eu -NodeCount 3 -Wait
Get-CrdbCmek gcp-eu

# November: a breach. What would be done?
$null = Revoke-CrdbCmek gcp-eu -Method RemoveGrant -WhatIf

# Do it. At a prompt, the cmdlet asks first. On Google Cloud, it takes minutes until access has ended everywhere, and a
# warning says so.
$revocation = Revoke-CrdbCmek gcp-eu -Method RemoveGrant -Confirm:$false
$revocation
if ($revocation.Status -ne 'REVOKED') { throw "CMEK is $($revocation.Status)." }

# December: the breach is over. Exactly the removed bindings are restored. The cluster itself needs support.
$revocation | Restore-CrdbCmekAccess
Test-CrdbCmek gcp-eu | Where-Object Status -eq Fail

# A restored binding takes minutes to become effective, too. Then Cockroach Labs support brings the cluster back. Here
# the sandbox plays that part.
$sandbox.Advance([timespan]::FromMinutes(2))
$sandbox.RecoverCluster('gcp-eu')
if (-not (Test-CrdbCmek gcp-eu -Quiet)) { throw 'The cluster is not healthy.' }

# Stop the clouds.
Stop-CrdbSandbox
