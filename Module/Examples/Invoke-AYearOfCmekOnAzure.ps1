# A year in the life of a cluster with CMEK on Azure, in a sandbox on this machine: enable, audit, rotate, grow, break the glass, mend it. No account is needed.
# Against your own cluster, the same lines work after Connect-CrdbCloud instead of Start-CrdbSandbox, with a vault of your own.
Import-Module CockroachCmek -ErrorAction SilentlyContinue

$sandbox = Start-CrdbSandbox
$vault = $sandbox.AzureVaultName

# January: the cluster's application comes into the tenant, and gets the narrowest role that is enough on the vault. CMEK is enabled when Key Vault has seen it.
$role = Get-CrdbCluster azure-eu | New-CrdbCmekRole
$role
$keys = $role | New-CrdbCmekKey -VaultName $vault -RoleName 'Key Vault Crypto Service Encryption User'
$null = $keys | New-CrdbCmekManifest | Enable-CrdbCmek -Wait

# What would somebody have to run who administers the vault, and does not have this module?
($keys[0] | Get-CrdbCmekKeyPolicy -RoleName 'Key Vault Crypto Service Encryption User').Commands

# Every night: is everything as it should be? Nothing is written.
Test-CrdbCmek azure-eu -MaxKeyAge 365.00:00:00 | Where-Object Status -ne Pass
if (-not (Test-CrdbCmek azure-eu -Quiet)) { throw 'The cluster is not healthy.' }

# April: a new version of the same key. On Azure that is another URI, which CockroachDB must be told.
$rotated = Invoke-CrdbCmekRotation azure-eu -Wait
$rotated
if ($rotated.Regions[0].Keys[0].KeyUri -eq $rotated.Regions[0].Keys[1].KeyUri) { throw 'A new version has a new URI.' }

# What looks unused and must be kept, and why.
$rotated.PastKeys

# September: the cluster grows. The new region uses the key of the others.
Add-CrdbCmekRegion uksouth -Cluster azure-eu -NodeCount 3 -Wait

# November: a breach. At a prompt it asks first.
$null = Revoke-CrdbCmek azure-eu -WhatIf
$revocation = Revoke-CrdbCmek azure-eu -Confirm:$false
$revocation
if ($revocation.Status -ne 'REVOKED') { throw "CMEK is $($revocation.Status)." }

# December: exactly what was taken is put back, the same assignment with the same id.
$revocation | Restore-CrdbCmekAccess

# Forget it all.
Stop-CrdbSandbox
