# What a person sees first: "New-CrdbCmekKey -?". The host formats it, so it needs a real pwsh.
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
