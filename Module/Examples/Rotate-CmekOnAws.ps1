# Rotates the key of a cluster that uses CMEK already, in a sandbox on this machine. No account is needed.
# Against your own cluster, the same lines work after Connect-CrdbCloud instead of Start-CrdbSandbox.
Import-Module CockroachCmek -ErrorAction SilentlyContinue

$null = Start-CrdbSandbox

# The key in force, and the one before it, which data and backups of its time still need.
Get-CrdbCmek prod-eu-old

# What would be done? Nothing is written yet.
$null = Invoke-CrdbCmekRotation prod-eu-old -WhatIf

# A new version of the same key, taken up by every region.
$rotated = Invoke-CrdbCmekRotation prod-eu-old -Wait
$rotated
if ($rotated.Status -ne 'ENABLED' -or $rotated.Regions[0].Keys.Count -ne 3) { throw 'The new version was not taken up.' }

# Forget it all.
Stop-CrdbSandbox
