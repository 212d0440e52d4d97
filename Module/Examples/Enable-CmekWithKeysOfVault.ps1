# Enables CMEK with keys that are generated in HashiCorp Vault, on AWS and on Google Cloud. It runs in a sandbox on this
# machine: no account and no Vault are needed.
Import-Module CockroachCmek -ErrorAction SilentlyContinue
$sandbox = Start-CrdbSandbox -NoConnect

# For your own clusters, use Connect-CrdbCloud without -Endpoint. Set VAULT_ADDR and VAULT_TOKEN, or use -VaultAddress
# and -VaultToken. The file is on the Vault server, which is this machine here: Vault reaches Google Cloud with it.
$path = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), [guid]::NewGuid().ToString('N') + '.json')
$apiKey = [System.Net.NetworkCredential]::new('', $sandbox.ApiKey).SecurePassword
Connect-CrdbCloud -Endpoint $sandbox.CloudEndpoint -ApiKey $apiKey -VaultServiceAccountFile $path

# AWS: Vault enables its Key Management engine, generates a key for each region and distributes it to KMS.
$aws = Get-CrdbCluster prod-us | New-CrdbCmekRole | New-CrdbCmekKey -Via HashiCorpVault |
    New-CrdbCmekManifest | Enable-CrdbCmek -Wait
$aws
if ($aws.Status -ne 'ENABLED') { throw "CMEK is $($aws.Status)." }

try {
    # Google Cloud: one key for all regions. Vault gets its own role and service account on the key ring. The
    # service account's key is written to the file.
    $gcp = Get-CrdbCluster gcp-eu | New-CrdbCmekRole |
        New-CrdbCmekKey -Via HashiCorpVault -BootstrapVaultAccess -ServiceAccountKeyPath $path |
        New-CrdbCmekManifest | Enable-CrdbCmek -Wait
    $gcp
    if ($gcp.Status -ne 'ENABLED') { throw "CMEK is $($gcp.Status)." }

    # Vault rotates too. On AWS it creates a new KMS key for each region, on Google Cloud a new version of the same key.
    foreach ($name in 'prod-us', 'gcp-eu') {
        Get-CrdbCluster $name | Invoke-CrdbCmekRotation -Via HashiCorpVault -Wait
        $checks = Get-CrdbCluster $name | Test-CrdbCmek -Via HashiCorpVault
        $checks
        if ($checks.Status -contains 'Fail') { throw "A check of $name failed." }
    }
} finally {
    [System.IO.File]::Delete($path)
}

Stop-CrdbSandbox
