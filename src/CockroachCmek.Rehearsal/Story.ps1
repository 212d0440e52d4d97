# The life of a key, on clouds that run on this machine. For your own clusters, Connect-CrdbCloud comes first.
Get-CrdbCluster prod-*

# 1. Enable CMEK: a role, a key in each region, the manifest, and the wait. A dry run comes first.
Get-CrdbCluster prod-eu | New-CrdbCmekRole -WhatIf | New-CrdbCmekKey | New-CrdbCmekManifest | Enable-CrdbCmek
Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest | Enable-CrdbCmek -Wait

# 2. Every night: is anything wrong? What should be known?
Test-CrdbCmek prod-eu -Quiet
Test-CrdbCmek prod-eu | Where-Object Status -ne Pass

# 3. Once a year: a new version of each key. The cluster re-wraps with it.
Invoke-CrdbCmekRotation prod-eu -Wait

# 4. A breach: take the keys away. At a prompt, the cmdlet asks first.
$revocation = Revoke-CrdbCmek prod-eu -Confirm:$false
$revocation

# 5. The breach is over: exactly what was taken away is restored.
$revocation | Restore-CrdbCmekAccess
