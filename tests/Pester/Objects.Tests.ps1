# What the objects look like, and that they are still good after a job, a remote session or a file.
BeforeDiscovery {
    $types = @(
        'CrdbSession', 'CrdbOrganization', 'CrdbCluster', 'CrdbRegion', 'CmekRole', 'CmekKey', 'CmekManifest',
        'CmekRegionSpec', 'CmekInfo', 'CmekRegionInfo', 'CmekKeyInfo', 'CmekPastKey', 'CmekCheck', 'CmekAccess',
        'CmekUsage', 'CmekRevocationDrill', 'CmekRevocation', 'CmekAccessChange', 'CmekKeyPolicy', 'CmekReportFile',
        'CrdbSandbox'
    )
}

BeforeAll {
    Import-Module (Join-Path $PSScriptRoot '../../out/CockroachCmek/CockroachCmek.psd1') -Force
    $sandbox = Start-CrdbSandbox -TimeScale 6000
    $keys = Get-CrdbCluster gcp-eu | New-CrdbCmekRole | New-CrdbCmekKey
    $manifest = $keys | New-CrdbCmekManifest
    $info = Get-CrdbCmek prod-eu-old
    $access = (Get-CrdbCmekAccess prod-eu-old)[0]
    $usage = (Get-CrdbCmekUsage prod-eu-old)[0]
    $drill = (Test-CrdbCmekRevocation prod-eu-old)[0]
    $check = (Test-CrdbCmek prod-eu-old)[0]
    $report = Export-CrdbCmekReport (Join-Path $TestDrive report.csv) prod-eu-old -Section Inventory
    $revocation = Revoke-CrdbCmek prod-eu-old -Method Deny -Confirm:$false -WarningAction Ignore
    $objects = @{
        CrdbSession         = Get-CrdbSession
        CrdbOrganization    = Get-CrdbOrganization
        CrdbCluster         = Get-CrdbCluster gcp-eu
        CrdbRegion          = (Get-CrdbCluster gcp-eu).Regions[0]
        CmekRole            = Get-CrdbCluster gcp-eu | New-CrdbCmekRole
        CmekKey             = $keys[0]
        CmekManifest        = $manifest
        CmekRegionSpec      = $manifest.RegionSpecs[0]
        CmekInfo            = $info
        CmekRegionInfo      = $info.Regions[0]
        CmekKeyInfo         = $info.Regions[0].Keys[0]
        CmekPastKey         = $info.PastKeys[0]
        CmekCheck           = $check
        CmekAccess          = $access
        CmekUsage           = $usage
        CmekRevocationDrill = $drill
        CmekRevocation      = $revocation
        CmekAccessChange    = $revocation.Changes[0]
        CmekKeyPolicy       = Get-CrdbCluster gcp-eu | New-CrdbCmekRole | Get-CrdbCmekKeyPolicy
        CmekReportFile      = $report
        CrdbSandbox         = $sandbox
    }
    $secrets = @(
        'ApiKey', 'ViewerApiKey', 'AwsSecretAccessKey', 'GcpAccessToken', 'AzureClientSecret', 'AzureIdentityHeader',
        'VaultToken', 'AzureCertificate'
    ) | ForEach-Object { $sandbox.$_ }

    # The text without colours, at a width.
    function Show { param($Text) ($Text | Out-String -Width $width) -replace '\x1b\[[0-9;]*m', '' }

    function Assert-Shown {
        param([string] $Text)
        $Text.Trim() | Should -Not -BeNullOrEmpty
        ($Text -split '\r?\n' | ForEach-Object { $_.TrimEnd().Length } | Measure-Object -Maximum).Maximum |
            Should -BeLessOrEqual $width
        $Text | Should -Not -Match '[{"]\\?"' -Because 'raw JSON is no text for people'
        foreach ($secret in $secrets) { $Text.Contains($secret) | Should -BeFalse }
    }
}

AfterAll { Stop-CrdbSandbox }

Describe 'Every type' {
    It 'is shown as a table, a list and beside other objects: <_>' -ForEach $types {
        foreach ($width in 80, 120, 200) {
            $object = $objects[$_]
            $object | Should -Not -BeNullOrEmpty
            if ($_ -ne 'CmekKeyPolicy') {
                Assert-Shown (Show $object)
                Assert-Shown (Show ($object | Format-List))
                Assert-Shown (Show @([pscustomobject]@{ Other = 1 }, $object))
            }
            if ($_ -ne 'CrdbSandbox') { (Show ($object | Format-Table)).Trim() | Should -Not -BeNullOrEmpty }
        }
    }

    It 'is shown after Export-Clixml: <_>' -ForEach $types {
        $width = 80
        $file = Join-Path $TestDrive "$_.xml"
        $objects[$_] | Export-Clixml $file
        $read = Import-Clixml $file
        $read.PSObject.TypeNames[0] | Should -Be "Deserialized.CockroachCmek.$_"
        $text = Show $read
        $text.Trim() | Should -Not -BeNullOrEmpty
        foreach ($secret in $secrets) { $text.Contains($secret) | Should -BeFalse }
    }

    It 'has text for enumerations in JSON, Clixml and CSV, and no type names in CSV: <_>' -ForEach $types {
        $file = Join-Path $TestDrive "$_-enum.xml"
        $object = $objects[$_]
        $object | Export-Clixml $file
        $json = $object | ConvertTo-Json -Depth 5 -WarningAction Ignore | ConvertFrom-Json
        $xml = Import-Clixml $file
        $enums = $object.PSObject.Properties | Where-Object { $_.Value -is [enum] }
        foreach ($enum in $enums) {
            "$($json.$($enum.Name))" | Should -Be "$($enum.Value)"
            "$($xml.$($enum.Name))" | Should -Be "$($enum.Value)"
        }
        if ($_ -ne 'CrdbSandbox') {
            $object | ConvertTo-Csv | Select-Object -Last 1 | Should -Not -Match 'CockroachCmek\.|System\.'
        }
    }
}

Describe 'A key' {
    It 'is told apart in 80 columns on each cloud' {
        $width = 80
        $azure = Get-CrdbCluster azure-eu | New-CrdbCmekRole |
            New-CrdbCmekKey -KeyVaultName $sandbox.AzureKeyVaultName
        foreach ($key in @($keys) + @($azure)) {
            Show $key | Should -Match ([regex]::Escape(($key.KeyName -split ' ')[0].Substring(0, 30)))
        }
        $keys[0].KeyName | Should -Match '^crdb-cmek/crdb-cmek-[0-9a-f]{12} europe-west1$'
        $azure[0].KeyName | Should -Match '^cmek-sandbox/crdb-cmek-[0-9a-f]{12}/[0-9a-f]{8}$'
        $info.Regions[0].Keys[0].KeyName | Should -Match '^[0-9a-f-]{36} eu-west-1$'
    }
}

Describe 'A deserialized object' {
    It 'is a manifest for Test-, Enable- and Export-, from Clixml, a job and JSON' {
        $file = Join-Path $TestDrive 'manifest.xml'
        $manifest | Export-Clixml $file
        $job = Start-ThreadJob { $args[0] } -ArgumentList $manifest | Receive-Job -Wait -AutoRemoveJob
        $json = $manifest | ConvertTo-Json -Depth 4 | ConvertFrom-Json
        foreach ($read in (Import-Clixml $file), $job, $json) {
            $read | Test-CrdbCmekManifest -Quiet | Should -BeTrue
            $out = $read | Export-CrdbCmekManifest -Path (Join-Path $TestDrive 'out.json') -Force
            (Import-CrdbCmekManifest (Join-Path $TestDrive 'out.json')).RegionSpecs.KeyUri |
                Should -Be $manifest.RegionSpecs.KeyUri
        }
        (Import-Clixml $file | Enable-CrdbCmek -WhatIf).IsPlanned | Should -BeTrue
    }

    It 'is a key for New-CrdbCmekManifest' {
        $file = Join-Path $TestDrive 'keys.xml'
        $keys | Export-Clixml $file
        (Import-Clixml $file | New-CrdbCmekManifest).RegionSpecs.KeyUri | Should -Be $manifest.RegionSpecs.KeyUri
    }

    It 'stays a plan' {
        $file = Join-Path $TestDrive 'plan.xml'
        Get-CrdbCluster gcp-us | New-CrdbCmekRole -WhatIf | Export-Clixml $file
        (Import-Clixml $file | New-CrdbCmekKey).IsPlanned | Should -Not -Contain $false
    }
}

Describe 'A list of clusters' {
    It 'binds the column <_>' -ForEach 'Name', 'Cluster', 'ClusterName', 'ClusterId', 'Id' {
        $value = if ($_ -like '*Id') { (Get-CrdbCluster gcp-eu).Id } else { 'gcp-eu' }
        $rows = "$_,Team", "$value,db" | ConvertFrom-Csv
        ($rows | Get-CrdbCluster).Name | Should -Be 'gcp-eu'
        ($rows | Get-CrdbCmek).ClusterName | Should -Be 'gcp-eu'
    }

    It 'is no process and no file' {
        { Get-Process -Id $PID | Get-CrdbCmek -ErrorAction Stop } | Should -Throw '*does not name a cluster*'
        { Get-Item $PSScriptRoot | Get-CrdbCmek -ErrorAction Stop } | Should -Throw '*does not name a cluster*'
    }

    It 'may be a console URL with a query' {
        $id = (Get-CrdbCluster gcp-eu).Id
        (Get-CrdbCluster "https://cockroachlabs.cloud/cluster/$id/overview?tab=1").Name | Should -Be 'gcp-eu'
    }
}

Describe 'A fleet' {
    It 'is read by a pattern or as a whole, without the clusters that cannot have CMEK' {
        (Get-CrdbCmek 'prod-*').ClusterName | Should -Be 'prod-eu', 'prod-us', 'prod-eu-old'
        (Get-CrdbCmek).ClusterName | Should -Not -Contain 'standard-aws'
        { Get-CrdbCmek 'none-*' -ErrorAction Stop } | Should -Throw -ErrorId 'NoClusterMatches*'
    }

    It 'has one honest Boolean' {
        Test-CrdbCmek gcp-eu, prod-us -Quiet | Should -BeFalse -Because 'CMEK was never enabled'
        Test-CrdbCmek 'none-*' -Quiet -ErrorAction Ignore | Should -BeFalse
        Test-CrdbCmek no-such-cluster -Quiet -ErrorAction Ignore | Should -BeFalse
        @() | Test-CrdbCmek -Quiet | Should -BeFalse
    }
}
