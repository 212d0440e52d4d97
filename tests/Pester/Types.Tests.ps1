# The table of every output type: shown, serialized and used again. A public type without a row fails.
BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot '../../out/CockroachCmek/CockroachCmek.psd1')
    # What no cmdlet writes, and no object that a cmdlet writes holds.
    $internal = 'CmekException', 'CmekList`1', 'CmekFields', 'CrdbClusterIdentity', 'SandboxFault', 'CrdbNode'
    $types = [CockroachCmek.CrdbCluster].Assembly.GetExportedTypes() |
        Where-Object { $_.IsClass -and -not ($_.IsAbstract -and $_.IsSealed) -and $_.Name -notin $internal } |
        ForEach-Object { $_.Name }
    $written = (Get-Command -Module CockroachCmek).OutputType.Type.Name | Where-Object { $_ } | Sort-Object -Unique
}

BeforeAll {
    Import-Module (Join-Path $PSScriptRoot '../../out/CockroachCmek/CockroachCmek.psd1') -Force
    $sandbox = Start-CrdbSandbox -TimeScale 6000 -Record
    $session = Get-CrdbSession
    $role = Get-CrdbCluster gcp-eu | New-CrdbCmekRole
    $keys = $role | New-CrdbCmekKey
    $manifest = $keys | New-CrdbCmekManifest
    $info = Get-CrdbCmek prod-eu-old
    $checks = @(Test-CrdbCmek prod-eu-old, gcp-eu)
    $access = @(Get-CrdbCmekAccess prod-eu-old)[0..3]
    $usage = @(Get-CrdbCmekUsage prod-eu-old)
    $gaps = @((Get-CrdbCmekUsage prod-eu-old -Since 200).Gaps)
    $history = @(Get-CrdbCmekHistory prod-eu-old -Since 1000 -WarningAction Ignore)[0..3]
    $report = Export-CrdbCmekReport (Join-Path $TestDrive report.csv) prod-eu-old -Section Inventory
    $drill = Test-CrdbCmekRevocation prod-eu-old
    $fleet = @(Get-CrdbCluster -Cmek)
    $owned = Get-CrdbCmekKey prod-eu-old
    $revocation = Revoke-CrdbCmek prod-eu-old -Method Deny -Confirm:$false -WarningAction Ignore

    # Each type: an object, and the next cmdlet that takes it. No cmdlet takes what has no Next.
    $rows = @{
        CrdbSession         = @{ Object = $session }
        CrdbOrganization    = @{ Object = Get-CrdbOrganization }
        CrdbCluster         = @{ Object = Get-CrdbCluster gcp-eu; Next = { $_ | Get-CrdbCmek } }
        CrdbRegion          = @{ Object = (Get-CrdbCluster gcp-eu).Regions[0] }
        CmekRole            = @{ Object = Get-CrdbCmekRole gcp-eu; Next = { $_ | New-CrdbCmekKey -WhatIf } }
        CmekKey             = @{ Object = $owned; Next = { $_ | Get-CrdbCmekAccess } }
        CmekManifest        = @{ Object = $manifest; Next = { $_ | Test-CrdbCmekManifest } }
        CmekRegionSpec      = @{ Object = $manifest.RegionSpecs[0] }
        CmekKeySpec         = @{ Object = $manifest.RegionSpecs[0].KeySpec }
        CmekInfo            = @{ Object = $info; Next = { $_ | Get-CrdbCmekKey } }
        CmekRegionInfo      = @{ Object = $info.Regions[0] }
        CmekKeyInfo         = @{ Object = $info.Regions[0].Keys[0] }
        CmekPastKey         = @{ Object = $info.PastKeys[0] }
        CmekSummary         = @{ Object = $fleet; Next = { $_ | Get-CrdbCmek } }
        CmekCheck           = @{ Object = $checks; Next = { $_ | Get-CrdbCluster } }
        CmekAccess          = @{ Object = $access; Next = { $_ | Get-CrdbCmek } }
        CmekUsage           = @{ Object = $usage; Next = { $_ | Get-CrdbCmek } }
        CmekLogGap          = @{ Object = $gaps }
        CmekHistoryEntry    = @{ Object = $history; Next = { $_ | Get-CrdbCmek } }
        CmekReportFile      = @{ Object = $report }
        CmekRevocationDrill = @{ Object = $drill; Next = { $_ | Get-CrdbCmek } }
        CmekRevocation      = @{ Object = $revocation; Next = { $_ | Restore-CrdbCmekAccess -WhatIf } }
        CmekRevocationRun   = @{ Object = $revocation.Runs[0] }
        CmekAccessChange    = @{ Object = $revocation.Changes[0] }
        CmekKeyPolicy       = @{ Object = $role | Get-CrdbCmekKeyPolicy; Next = { $_ | Get-CrdbCmek } }
        CrdbSandbox         = @{ Object = $sandbox }
        SandboxExchange     = @{ Object = $sandbox.Exchanges[0] }
    }
    $secrets = @(
        'ApiKey', 'ViewerApiKey', 'AwsSecretAccessKey', 'GcpAccessToken', 'AzureClientSecret', 'AzureIdentityHeader',
        'VaultToken', 'AzureCertificate'
    ) | ForEach-Object { $sandbox.$_ }

    # The text without colours, at a width.
    function Show { param($Object, $Width) ($Object | Out-String -Width $Width) -replace '\x1b\[[0-9;]*m', '' }

    # Plain conditions: Should takes milliseconds, and these run thousands of times.
    function Assert-NoSecret {
        param([string] $Text)
        foreach ($secret in $secrets) { if ($Text.Contains($secret)) { throw "A secret is in:`n$Text" } }
    }

    function Assert-Shown {
        param([string] $Text, [int] $Width)
        Assert-NoSecret $Text
        if (-not $Text.Trim()) { throw 'Nothing is shown.' }
        foreach ($line in $Text.Split("`n")) {
            if ($line.TrimEnd().Length -gt $Width) { throw "Wider than ${Width}: $line" }
        }
        if ($Text -match '[{"]\\?"') { throw "Raw JSON is no text for people:`n$Text" }
        if ($Text -match 'CockroachCmek\.|System\.') { throw "A type name is no text for people:`n$Text" }
    }
}

AfterAll { Stop-CrdbSandbox }

Describe 'Every output type' {
    It 'is one of the model: <_>' -ForEach $written {
        $rows.Keys + @('String', 'Boolean', 'FileInfo', 'PSObject') | Should -Contain $_
    }

    It 'is shown as a table, a list and beside other objects, with whole key names: <_>' -ForEach $types {
        $rows.ContainsKey($_) | Should -BeTrue -Because 'a new type needs a row in this table'
        $object = @($rows[$_].Object)
        $object[0].GetType().Name | Should -Be $_
        foreach ($width in 80, 120, 200) {
            if ($_ -ne 'CmekKeyPolicy') {
                foreach ($text in (Show $object $width), (Show ($object | Format-Table) $width)) {
                    Assert-Shown $text $width
                    if ($_ -ne 'CrdbSandbox' -and $text.Contains('…')) { throw "Cut off:`n$text" }
                    if ($object[0].KeyName) {
                        $name = ($object[0].KeyName -split ' ')[0]
                        if (-not ($text -replace '\s', '').Contains($name)) { throw "$name is not in:`n$text" }
                    }
                }
                Assert-Shown (Show ($object | Format-List) $width) $width
                Assert-Shown (Show @([pscustomobject]@{ Other = 1 }, $object[0]) $width) $width
            }
            Assert-NoSecret (Show ($object | Format-List *) $width)
        }
    }

    It 'is text in JSON and CSV, without secrets: <_>' -ForEach $types {
        $object = @($rows[$_].Object)[0]
        foreach ($depth in 2, 6) {
            $json = $object | ConvertTo-Json -Depth $depth -WarningAction Ignore
            Assert-NoSecret $json
            if ($_ -notin 'CmekRevocation', 'CmekAccessChange', 'CmekKeyPolicy', 'SandboxExchange', 'CrdbSandbox') {
                $json | Should -Not -Match '": +"(@?\{|\w+ \{)' -Because 'JSON in JSON and text of objects is unreadable'
            }
        }
        $csv = $object | ConvertTo-Csv | Select-Object -Last 1
        $csv | Should -Not -Match 'CockroachCmek\.|System\.'
        Assert-NoSecret $csv
        $read = $json | ConvertFrom-Json
        foreach ($property in $object.PSObject.Properties | Where-Object { $_.Value -is [enum] }) {
            "$($read.$($property.Name))" | Should -Be "$($property.Value)"
        }
    }

    It 'is shown, and bound by the next cmdlet, after Export-Clixml: <_>' -ForEach $types {
        $file = Join-Path $TestDrive "$_.xml"
        $object = @($rows[$_].Object)[0]
        $object | Export-Clixml $file
        Assert-NoSecret (Get-Content $file -Raw)
        $read = Import-Clixml $file
        $read.PSObject.TypeNames[0] | Should -Be "Deserialized.CockroachCmek.$_"
        (Show $read 80).Trim() | Should -Not -BeNullOrEmpty
        foreach ($property in $object.PSObject.Properties | Where-Object { $_.Value -is [enum] }) {
            "$($read.$($property.Name))" | Should -Be "$($property.Value)"
        }
        if ($rows[$_].Next) {
            $read | ForEach-Object $rows[$_].Next -ErrorVariable failed | Should -Not -BeNullOrEmpty
            $failed | Should -BeNullOrEmpty
        }
    }
}

Describe 'The table of the fleet' {
    It 'has one line for each cluster, with state, age and worst check' {
        $fleet.ClusterName | Should -Be (Get-CrdbCluster).Name
        $old = $fleet | Where-Object ClusterName -EQ prod-eu-old
        $old.Status | Should -Be ENABLED
        $old.OldestKeyAgeInDays | Should -Be 200
        $seen = ($checks | Where-Object ClusterName -EQ prod-eu-old).Status
        "$($old.WorstStatus)" | Should -Be ('Fail', 'Unknown', 'Warning', 'Pass' | Where-Object { $_ -in $seen })[0]
        ($fleet | Where-Object Plan -EQ STANDARD).WorstStatus | Should -BeNullOrEmpty
    }
}

Describe 'Advice' {
    It 'is a property of its own, and is not broken within a word' {
        $advised = $checks | Where-Object NextCommand | Select-Object -First 1
        $advised.Remedy | Should -BeLike "$($advised.NextCommand)*"
        (Show $advised 80) -replace '\s+', ' ' | Should -BeLike "*Next: $($advised.NextCommand)*"
    }

    It 'of a page or a sentence is no command' {
        ($checks | Where-Object Check -EQ CmekBeforeData).NextCommand | Should -BeNullOrEmpty
    }
}

Describe 'The secrets of a sandbox' {
    It 'are shown on request' {
        $sandbox.ApiKey | Should -Be $sandbox.GetSecret('ApiKey')
        $sandbox.Environment.COCKROACH_API_KEY | Should -Be $sandbox.ApiKey
        { $sandbox.GetSecret('Nothing') } | Should -Throw "*no credential 'Nothing'*"
    }
}
