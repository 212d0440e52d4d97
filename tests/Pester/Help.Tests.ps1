# What a person sees at a prompt, which needs a real pwsh: its formatting and its file system.
Describe 'The first help of a cmdlet' {
    It 'fits a screen' {
        Import-Module (Join-Path $PSScriptRoot '../../out/CockroachCmek/CockroachCmek.psd1')
        # The lines of a terminal window that fills a laptop's screen, at a usual and at the smallest width.
        $screens = @{ 120 = 50; 80 = 60 }
        $long = foreach ($cmdlet in Get-Command -Module CockroachCmek) {
            $help = Get-Help $cmdlet.Name
            foreach ($width in $screens.Keys) {
                $lines = ($help | Out-String -Width $width).Trim().Split("`n").Count
                if ($lines -gt $screens[$width]) { "$cmdlet has $lines lines at $width columns" }
            }
        }
        $long | Should -BeNullOrEmpty
    }

    It 'loses nothing: what does not fit is in the notes, and the first screen says so' {
        $brief = Get-Help Revoke-CrdbCmek | Out-String
        $brief | Should -Match 'Get-Help Revoke-CrdbCmek -Full'
        $brief | Should -Not -Match 'AccessRemains'
        Get-Help Revoke-CrdbCmek -Full | Out-String | Should -Match 'AccessRemains'
        Get-Help Connect-CrdbCloud | Out-String | Should -Match 'parameters from -Endpoint on'
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
