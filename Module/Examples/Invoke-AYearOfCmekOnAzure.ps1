# A year of CMEK on Azure, in a sandbox on this machine: enable, audit, rotate, grow, revoke, restore.
# No account is needed. For your own cluster, use Connect-CrdbCloud instead of Start-CrdbSandbox, and your Key Vault.
Import-Module CockroachCmek -ErrorAction SilentlyContinue

$sandbox = Start-CrdbSandbox
$keyVault = $sandbox.AzureKeyVaultName
$narrowRole = 'Key Vault Crypto Service Encryption User'

# January: the cluster's application is added to the tenant and gets the narrowest sufficient role on the Key Vault.
# CMEK is enabled once Key Vault has seen the assignment.
$role = Get-CrdbCluster azure-eu | New-CrdbCmekRole
$role
$keys = $role | New-CrdbCmekKey -KeyVaultName $keyVault -RoleName $narrowRole
$null = $keys | New-CrdbCmekManifest | Enable-CrdbCmek -Wait

# What would a Key Vault administrator without this module have to run?
($keys[0] | Get-CrdbCmekKeyPolicy -RoleName $narrowRole).Commands

# Every night: is anything wrong? The check only reads.
Test-CrdbCmek azure-eu -MaxKeyAge 365.00:00:00 | Where-Object Status -ne Pass
if (-not (Test-CrdbCmek azure-eu -Quiet)) { throw 'The cluster is not healthy.' }

# April: a new version of the same key. On Azure it has another URI, which CockroachDB Cloud has to receive.
$rotated = Invoke-CrdbCmekRotation azure-eu -Wait
$rotated
if ($rotated.Regions[0].Keys[0].KeyUri -eq $rotated.Regions[0].Keys[1].KeyUri) { throw 'A new version has a new URI.' }

# These versions look unused. They must be kept, and the reason is shown.
$rotated.PastKeys

# September: the cluster grows. The new region uses the same key as the others.
Add-CrdbCmekRegion uksouth -Cluster azure-eu -NodeCount 3 -Wait

# November: a breach. At a prompt, the cmdlet asks first.
$null = Revoke-CrdbCmek azure-eu -WhatIf
$revocation = Revoke-CrdbCmek azure-eu -Confirm:$false
$revocation
if ($revocation.Status -ne 'REVOKED') { throw "CMEK is $($revocation.Status)." }

# December: exactly what was taken away is restored, the same assignment with the same id.
$revocation | Restore-CrdbCmekAccess

# Stop the clouds.
Stop-CrdbSandbox
