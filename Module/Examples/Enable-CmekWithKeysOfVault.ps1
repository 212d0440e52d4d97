# Enables CMEK with keys that are born in HashiCorp Vault, on AWS and on Google Cloud, in a sandbox on this machine. No account and no Vault is needed.
# Against your own, the same lines work after Connect-CrdbCloud, with VAULT_ADDR and VAULT_TOKEN, instead of Start-CrdbSandbox.
Import-Module CockroachCmek -ErrorAction SilentlyContinue
Start-CrdbSandbox

# AWS: Vault enables its Key Management engine, makes a key for each region and distributes it to KMS.
$aws = Get-CrdbCluster prod-us | New-CrdbCmekRole | New-CrdbCmekKey -Via HashiCorpVault | New-CrdbCmekManifest | Enable-CrdbCmek -Wait
$aws
if ($aws.Status -ne 'ENABLED') { throw "CMEK is $($aws.Status)." }

# Google Cloud: one key for all regions. Vault gets a role and a service account of its own on the key ring. The file is the service account's on the Vault server,
# which is this machine here.
$path = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), [guid]::NewGuid().ToString('N') + '.json')
try {
    $gcp = Get-CrdbCluster gcp-eu | New-CrdbCmekRole |
        New-CrdbCmekKey -Via HashiCorpVault -BootstrapVaultAccess -ServiceAccountKeyPath $path -VaultServiceAccountFile $path |
        New-CrdbCmekManifest | Enable-CrdbCmek -Wait
    $gcp
    if ($gcp.Status -ne 'ENABLED') { throw "CMEK is $($gcp.Status)." }

    # A rotation is Vault's too: on AWS a new KMS key for each region, on Google Cloud a new version of the same key.
    foreach ($name in 'prod-us', 'gcp-eu') {
        Get-CrdbCluster $name | Invoke-CrdbCmekRotation -Via HashiCorpVault -Wait
        $checks = Get-CrdbCluster $name | Test-CrdbCmek -Via HashiCorpVault
        $checks
        if ($checks.Status -contains 'Fail') { throw "$name is not in order." }
    }
} finally {
    [System.IO.File]::Delete($path)
}

Stop-CrdbSandbox
