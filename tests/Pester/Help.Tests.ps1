# What a person sees at a prompt, which needs a real pwsh: its formatting and its file system.
Describe 'The first help of a cmdlet' {
    It 'fits a screen' {
        Import-Module (Join-Path $PSScriptRoot '../../out/CockroachCmek/CockroachCmek.psd1')
        $long = foreach ($cmdlet in Get-Command -Module CockroachCmek) {
            $lines = (Get-Help $cmdlet.Name | Out-String -Width 120).Trim().Split("`n").Count
            # Connect-CrdbCloud has three parameter sets with the connections of four clouds.
            if ($lines -gt ($cmdlet.Name -eq 'Connect-CrdbCloud' ? 65 : 55)) { "$cmdlet has $lines lines" }
        }
        $long | Should -BeNullOrEmpty
    }
}

Describe 'Tab' {
    It 'offers manifests and records with what they hold, and every file where there are none' {
        Import-Module (Join-Path $PSScriptRoot '../../out/CockroachCmek/CockroachCmek.psd1')
        Push-Location TestDrive:
        try {
            $sandbox = Start-CrdbSandbox -TimeScale 6000
            $null = Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion |
                New-CrdbCmekManifest | Export-CrdbCmekManifest ./prod-eu.json
            $null = Revoke-CrdbCmek prod-eu-old -Path . -Confirm:$false -WarningAction Ignore
            'text' > notes.txt
            $offered = (TabExpansion2 'Import-CrdbCmekManifest ').CompletionMatches
            $offered.ListItemText | Should -Be 'prod-eu.json'
            $offered.ToolTip | Should -Be 'manifest: eu-west-1, eu-central-1'
            (TabExpansion2 'Restore-CrdbCmekAccess -Path ').CompletionMatches.ToolTip |
                Should -Be 'record of prod-eu-old: REVOKED (Deny)'
            (TabExpansion2 'Import-CrdbCmekManifest ./note').CompletionMatches.ListItemText | Should -Be 'notes.txt'
        }
        finally {
            Stop-CrdbSandbox
            Pop-Location
        }
    }
}
