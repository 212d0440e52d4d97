# Acceptance tests in a real pwsh: what a user types at the prompt, on the staged module. dotnet test runs them.
BeforeAll {
    $manifestPath = Join-Path $PSScriptRoot '../../out/CockroachCmek/CockroachCmek.psd1'
    Import-Module $manifestPath -Force
}

Describe 'The module' {
    It 'exports what its manifest lists' {
        $manifest = Test-ModuleManifest $manifestPath
        (Get-Command -Module CockroachCmek).Name | Sort-Object |
            Should -Be ($manifest.ExportedCmdlets.Keys | Sort-Object)
    }

    It 'uses approved verbs and singular nouns' {
        $approved = (Get-Verb).Verb
        Get-Command -Module CockroachCmek | ForEach-Object {
            $_.Verb | Should -BeIn $approved
            $_.Noun | Should -Not -Match '(?<!s)s$'
        }
    }

    It 'loads no SDK into the default load context' {
        [System.Runtime.Loader.AssemblyLoadContext]::Default.Assemblies.ForEach({ $_.GetName().Name }) |
            Should -Not -Contain 'AWSSDK.Core'
    }

    It 'has help with examples for <_>' -ForEach @('Enable-CrdbCmek', 'New-CrdbCmekKey', 'Get-CrdbCluster') {
        $help = Get-Help $_ -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        @($help.examples.example).Count | Should -BeGreaterThan 0
    }
}

Describe 'A cluster on AWS' {
    BeforeEach {
        $sandbox = Start-CrdbSandbox -TimeScale 6000 -Record
    }

    AfterEach {
        Stop-CrdbSandbox
    }

    It 'is enabled by one pipeline' {
        $info = Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion | New-CrdbCmekManifest |
            Enable-CrdbCmek -Wait
        $info.Status | Should -Be 'ENABLED'
        $info.Regions.Status | Should -Be @('ENABLED', 'ENABLED')
    }

    It 'is not changed by a second run' {
        $null = Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey
        (Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey).Outcome | Should -Be @('Existing', 'Existing')
    }

    It 'is not changed by -WhatIf, and the planned objects go through the pipeline' {
        $plan = Get-CrdbCluster prod-eu | New-CrdbCmekRole -WhatIf | New-CrdbCmekKey | New-CrdbCmekManifest |
            Enable-CrdbCmek
        $plan.IsPlanned | Should -BeTrue
        $sandbox.Exchanges | Where-Object Operation -Match 'Create|Put|POST /api' | Should -BeNullOrEmpty
    }

    It 'receives no request when a region has no key' {
        {
            Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -Region eu-west-1 |
                New-CrdbCmekManifest -ErrorAction Stop
        } | Should -Throw -ErrorId 'ManifestIncomplete*'
    }

    It 're-wraps with a new version of its key' {
        $info = Invoke-CrdbCmekRotation prod-eu-old -Wait
        $info.Status | Should -Be 'ENABLED'
        $info.Regions[0].Keys.Status | Should -Be @('ENABLED', 'DISABLED', 'DISABLED')
    }

    It 'switches to a new key, which takes over the name of the old one' {
        $info = Invoke-CrdbCmekRotation prod-eu-old -NewKey -Wait -WarningAction SilentlyContinue
        $info.PastKeys.Count | Should -Be 2
        $info.Regions[0].Keys[0].KeyUri | Should -Not -Be $info.PastKeys[0].KeyUri
    }

    It 'gets a new region with a key' {
        $null = Add-CrdbCmekRegion eu-central-1 -Cluster prod-eu-old -Wait
        (Get-CrdbCmek prod-eu-old).Regions.Region | Should -Be @('eu-central-1', 'eu-west-1')
    }

    It 'is revoked and restored through a file' {
        $file = Join-Path $TestDrive 'prod-eu-old.revocation.json'
        $revocation = Revoke-CrdbCmek prod-eu-old -Path $file -Confirm:$false -WarningAction SilentlyContinue
        $revocation.Status | Should -Be 'REVOKED'
        $null = Restore-CrdbCmekAccess -Path $file -WarningAction SilentlyContinue
        $sandbox.RecoverCluster('prod-eu-old')
        Test-CrdbCmek prod-eu-old -Quiet | Should -BeTrue
    }

    It 'is checked as rows for Group-Object and Select-Object' {
        (Test-CrdbCmek prod-eu-old | Group-Object Status | Sort-Object Name).Name | Should -Be @('Pass', 'Warning')
    }

    It 'survives a lost response' {
        $sandbox.AddFault([CockroachCmek.SandboxFault]@{ Action = 'CutAfter'; Pattern = 'CreateKey' })
        (Get-CrdbCluster dev-aws | New-CrdbCmekRole | New-CrdbCmekKey).Outcome | Should -Be 'Created'
    }

    It 'keeps its manifest in a file' {
        $file = Join-Path $TestDrive 'cmek_config.yml'
        Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest |
            Export-CrdbCmekManifest $file
        Import-CrdbCmekManifest $file -Cluster prod-eu | Test-CrdbCmekManifest -Quiet | Should -BeTrue
    }

    It 'is the only one listed when Select-Object stops the pipeline' {
        (Get-CrdbCluster | Select-Object -First 1).Name | Should -Be 'prod-eu'
    }

    It 'goes through ConvertTo-Json and ConvertTo-Csv' {
        (Get-CrdbCluster prod-eu | ConvertTo-Json | ConvertFrom-Json).Name | Should -Be 'prod-eu'
        (Get-CrdbCluster prod-eu | ConvertTo-Csv | ConvertFrom-Csv).CloudProvider | Should -Be 'AWS'
    }

    It 'is read in each runspace of ForEach-Object -Parallel through -Session' {
        $apiKey = ConvertTo-SecureString $sandbox.ApiKey -AsPlainText -Force
        $session = Connect-CrdbCloud -Endpoint $sandbox.CloudEndpoint -ApiKey $apiKey
        $module = (Get-Module CockroachCmek).Path
        $names = 'prod-eu', 'prod-us' | ForEach-Object -Parallel {
            Import-Module $using:module
            (Get-CrdbCluster $_ -Session $using:session).Name
        }
        $names | Sort-Object | Should -Be @('prod-eu', 'prod-us')
    }
}

Describe 'A cluster on Google Cloud' {
    BeforeEach {
        $sandbox = Start-CrdbSandbox -TimeScale 6000 -Record
    }

    AfterEach {
        Stop-CrdbSandbox
    }

    It 'is enabled by one pipeline, with a key in the location of each region' {
        $info = Get-CrdbCluster gcp-eu | New-CrdbCmekRole | New-CrdbCmekKey -OutVariable keys | New-CrdbCmekManifest |
            Enable-CrdbCmek -Wait
        $info.Status | Should -Be 'ENABLED'
        $keys.Location | Should -Be @('europe-west1', 'europe-west4')
    }

    It 'is not changed by -WhatIf, and the planned objects go through the pipeline' {
        $plan = Get-CrdbCluster gcp-eu | New-CrdbCmekRole -WhatIf | New-CrdbCmekKey | New-CrdbCmekManifest |
            Enable-CrdbCmek
        $plan.IsPlanned | Should -BeTrue
        $writes = '^POST .*(keyRings|cryptoKeys|serviceAccounts|:setIamPolicy)$|^POST /api'
        $sandbox.Exchanges | Where-Object Operation -Match $writes | Should -BeNullOrEmpty
    }

    Context 'with CMEK enabled' {
        BeforeEach {
            $null = Get-CrdbCluster gcp-us | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest |
                Enable-CrdbCmek -Wait
        }

        It 're-wraps with a new version of its key, then switches to new keys with numbered names' {
            (Invoke-CrdbCmekRotation gcp-us -Wait).Regions[0].Keys.Status | Should -Be @('ENABLED', 'DISABLED')
            $moved = Invoke-CrdbCmekRotation gcp-us -NewKey -Wait -WarningAction SilentlyContinue
            $moved.Regions[0].Keys[0].KeyUri | Should -Match '-r2$'
            @($moved.PastKeys).Count | Should -Be 2
        }

        It 'is revoked, and its bindings are restored through a file' {
            $file = Join-Path $TestDrive 'gcp-us.revocation.json'
            $revocation = Revoke-CrdbCmek gcp-us -Path $file -Confirm:$false -WarningAction SilentlyContinue
            $revocation.Status | Should -Be 'REVOKED'
            (Test-CrdbCmek gcp-us).ErrorId | Should -Contain 'KeyNotGranted'
            $null = Restore-CrdbCmekAccess -Path $file -WarningAction SilentlyContinue
            (Test-CrdbCmek gcp-us).Check | Should -Contain 'KeyUsable'
        }

        It 'is checked against the policy of its organization' {
            Test-CrdbCmek gcp-us | Where-Object Check -EQ OrganizationPolicy | ForEach-Object Status | Should -Be 'Pass'
        }
    }
}
