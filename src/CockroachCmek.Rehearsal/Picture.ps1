Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest |
    Enable-CrdbCmek -Wait
Test-CrdbCmek prod-eu -Quiet
