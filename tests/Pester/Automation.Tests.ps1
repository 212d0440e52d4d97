# What automation does with the module: secrets from a vault, jobs, threads and remote sessions.
BeforeAll {
    $module = (Resolve-Path (Join-Path $PSScriptRoot '../../out/CockroachCmek/CockroachCmek.psd1')).Path
    Import-Module $module -Force
    $sandbox = Start-CrdbSandbox -TimeScale 6000
    $session = Get-CrdbSession
    $endpoint = $sandbox.CloudEndpoint
    $apiKey = ConvertTo-SecureString $sandbox.ApiKey -AsPlainText -Force
}

AfterAll { Stop-CrdbSandbox $sandbox }

Describe 'A background job' {
    BeforeAll {
        $received = Start-Job {
            param($Module, $Environment)
            foreach ($name in $Environment.Keys) { [Environment]::SetEnvironmentVariable($name, $Environment[$name]) }
            Import-Module $Module
            Connect-CrdbCloud
            Get-CrdbCluster prod-eu
            Get-CrdbCmek prod-eu-old
            Get-CrdbCluster gcp-eu | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest
            Revoke-CrdbCmek prod-eu-old -WhatIf
            Get-CrdbCluster no-such-cluster
        } -ArgumentList $module, $sandbox.Environment |
            Receive-Job -Wait -AutoRemoveJob -ErrorAction SilentlyContinue -ErrorVariable failed
        $there = $received | Group-Object { $_.PSTypeNames[0].Split('.')[-1] } -AsHashTable
    }

    It 'connects to what COCKROACH_SERVER names, with the clouds of that sandbox' {
        $there.CrdbSession.IsSandbox | Should -BeTrue
        $there.CrdbSession.Endpoint | Should -Be $endpoint
        $there.CmekManifest.RegionSpecs.KeyUri | Should -BeLike 'projects/sandbox-customer/*'
        ($received | Out-String) | Should -Not -BeLike "*$($sandbox.ApiKey)*"
    }

    It 'reports an error with its id' {
        $failed.FullyQualifiedErrorId | Should -BeLike 'ClusterNotFound,*'
    }

    It 'has a session that stays where it is' {
        { Get-CrdbCluster prod-eu -Session $there.CrdbSession[0] } |
            Should -Throw '*secrets stay in its own*Connect-CrdbCloud*'
    }

    It 'returns objects with their lists, which the next cmdlet takes' {
        ($there.CrdbCluster | Get-CrdbCmek).ClusterName | Should -Be 'prod-eu'
        $there.CrdbCluster.Regions.Name | Should -Be (Get-CrdbCluster prod-eu).Regions.Name
        $there.CmekInfo.Regions.Keys.Status | Should -Be 'ENABLED', 'DISABLED'
        ($there.CmekInfo | Invoke-CrdbCmekRotation -WhatIf).IsPlanned | Should -BeTrue
        ($there.CmekInfo | Get-CrdbCmek).Status | Should -Be 'ENABLED'
        $there.CmekManifest | Test-CrdbCmekManifest -Quiet | Should -BeTrue
        ($there.CmekManifest | Enable-CrdbCmek -Wait).Status | Should -Be 'ENABLED'
        $there.CmekRevocation.Changes.State | Should -Be 'Planned'
    }
}

Describe 'A remote session over a pipe' {
    It 'connects there and reports errors, and its objects go on here' {
        # Another runspace of this process, behind the protocol of remoting.
        $pipe = [System.Management.Automation.Runspaces.NamedPipeConnectionInfo]::new($PID)
        $remote = [runspacefactory]::CreateRunspace(
            $pipe, $Host, [System.Management.Automation.Runspaces.TypeTable]::LoadDefaultTypeFiles()
        )
        $remote.Open()
        $shell = [powershell]::Create($remote)
        try {
            $received = $shell.AddScript({
                    param($Module, $Endpoint, $ApiKey)
                    Import-Module $Module
                    $null = Connect-CrdbCloud -Endpoint $Endpoint -ApiKey $ApiKey
                    Get-CrdbCluster prod-us | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion
                    Get-CrdbCluster no-such-cluster
                    Disconnect-CrdbCloud
                }.ToString()).AddArgument($module).AddArgument($endpoint).AddArgument($apiKey).Invoke()
            $shell.Streams.Error.FullyQualifiedErrorId | Should -BeLike 'ClusterNotFound,*'
            ($received | New-CrdbCmekManifest | Enable-CrdbCmek -Wait).Status | Should -Be 'ENABLED'
        } finally {
            $shell.Dispose()
            $remote.Dispose()
        }
    }
}

Describe 'A thread' {
    It 'uses the session of its caller, by -Session or by the object that keeps it' {
        $kept = Get-CrdbCluster prod-eu-old -Session $session
        Start-ThreadJob {
            Import-Module $using:module
            (Get-CrdbCmek prod-eu-old -Session $using:session).Status
            ($using:kept | Get-CrdbCmek).Status
            try { Get-CrdbCmek prod-eu-old } catch { $_.FullyQualifiedErrorId }
            try { Get-CrdbCluster prod-eu } catch { $_.FullyQualifiedErrorId }
        } | Receive-Job -Wait -AutoRemoveJob |
            Should -Be 'ENABLED', 'ENABLED', 'NotConnected,CockroachCmek.Commands.GetCrdbCmekCommand',
                'NotConnected,CockroachCmek.Commands.GetCrdbClusterCommand'
    }

    It 'works beside others on one session' {
        $ids = (Get-CrdbCluster | Where-Object Plan -EQ ADVANCED).Id
        $found = $ids | ForEach-Object -ThrottleLimit 4 -Parallel {
            Import-Module $using:module
            Get-CrdbCmek $_ -Session $using:session
        }
        $found.ClusterId | Sort-Object | Should -Be ($ids | Sort-Object)
    }

    It 'stops at once when its job is stopped in a wait' {
        $slow = Start-CrdbSandbox -TimeScale 1 -Record
        $waiting = Get-CrdbSession
        try {
            $job = Start-ThreadJob {
                Import-Module $using:module
                Invoke-CrdbCmekRotation prod-eu-old -Wait -Session $using:waiting
            }
            $limit = [System.Diagnostics.Stopwatch]::StartNew()
            while (-not ($slow.Exchanges | Where-Object Operation -Like '*RotateKeyOnDemand')) {
                if ($limit.Elapsed.TotalSeconds -gt 30) { throw 'The rotation did not begin.' }
                Start-Sleep -Milliseconds 50
            }
            $limit.Restart()
            $job | Stop-Job
            $limit.Elapsed.TotalSeconds | Should -BeLessThan 10
            $job.State | Should -Be 'Stopped'
            $job | Remove-Job
        } finally {
            Stop-CrdbSandbox $slow
        }
    }
}

Describe 'A runbook' {
    BeforeAll {
        $runbooks = Join-Path $PSScriptRoot '../../Module/Examples/Runbooks'
        $variables = $sandbox.Environment
        function Get-AutomationVariable { param($Name) $variables[$Name] }
        # The cause, and what was output before it.
        function Invoke-Runbook {
            param([string] $Name, [string[]] $ClusterName, [hashtable] $More = @{})
            try {
                $null = & "$runbooks/$Name.ps1" -ClusterName $ClusterName -Endpoint $endpoint @More -OutVariable found
                [pscustomobject]@{ Reason = ''; Output = $found }
            } catch {
                [pscustomobject]@{ Reason = "$_"; Output = $found }
            }
        }
    }

    It 'audits the other clusters when one cannot be read, and names that one' {
        $run = Invoke-Runbook Test-NightlyAudit gone, prod-eu-old, standard-aws
        $run.Reason | Should -BeLike "Not checked: *'gone'*Next: Get-CrdbCluster*standard-aws: the plan STANDARD*"
        $run.Output.ErrorId | Should -Contain 'DataOlderThanCmek'
    }

    It 'is not green on nothing: <_>' -ForEach 'none-*', 'standard-*' {
        (Invoke-Runbook Test-NightlyAudit $_).Reason | Should -Be "No cluster that can have CMEK is named $_."
        (Invoke-Runbook Invoke-VaultRotation $_ @{ VaultAddress = $sandbox.VaultEndpoint }).Reason |
            Should -Be "No cluster that can have CMEK is named $_."
    }

    It 'audits a cluster without CMEK as a warning among many, and as a failure by its name' {
        (Invoke-Runbook Test-NightlyAudit azure-in).Reason | Should -BeLike '*azure-in CmekNotEnabled*'
        (Invoke-Runbook Test-NightlyAudit azure-*).Reason | Should -BeLike '*CmekNotEnabled*'
        $run = Invoke-Runbook Test-NightlyAudit 'azure-in*', 'prod-eu-old'
        $run.Reason | Should -BeNullOrEmpty
        $run.Output.ErrorId | Should -Contain 'CmekNotEnabled'
    }

    It 'rotates the keys of the other clusters when one is gone' {
        $vault = @{ VaultAddress = $sandbox.VaultEndpoint }
        (Invoke-Runbook Invoke-VaultRotation gone, prod-eu-old $vault).Reason |
            Should -BeLike "Not rotated: gone: *; prod-eu-old: *"
    }
}

Describe 'A secret of SecretManagement' {
    BeforeAll {
        # The real module where it is installed: the folder of its stand-in is searched last.
        $modulePath = $env:PSModulePath
        $modules = Join-Path $PSScriptRoot Modules
        $env:PSModulePath += [System.IO.Path]::PathSeparator + $modules
        Register-SecretVault -Name CrdbTest -ModuleName (Join-Path $modules TestVault) -VaultParameters @{
            ApiKey = $sandbox.ApiKey
        }
    }

    AfterAll {
        Unregister-SecretVault CrdbTest
        Remove-Module Microsoft.PowerShell.SecretManagement
        $env:PSModulePath = $modulePath
    }

    It 'is the API key: <_>' -ForEach 'Text', 'PastedText', 'SecureString', 'Credential' {
        $connected = Connect-CrdbCloud -Endpoint $endpoint -SecretName $_ -SecretVault CrdbTest
        (Get-CrdbCluster prod-eu).Name | Should -Be 'prod-eu'
        Disconnect-CrdbCloud $connected
    }

    It 'is looked for in every vault, and a pipeline follows' {
        $null = Connect-CrdbCloud -Endpoint $endpoint -SecretName Text
        (Get-CrdbCluster prod-eu-old | Get-CrdbCmek).Status | Should -Be 'ENABLED'
        Disconnect-CrdbCloud
    }

    It 'is refused with the reason: <Name>' -ForEach @(
        @{ Name = 'Missing'; Vault = 'CrdbTest'; Reason = 'not found' }
        @{ Name = 'Text'; Vault = 'NoVault'; Reason = 'NoVault' }
        @{ Name = 'Table'; Vault = 'CrdbTest'; Reason = 'it is a Hashtable, not text' }
        @{ Name = 'Bytes'; Vault = 'CrdbTest'; Reason = 'it is a Byte[[]], not text' }
        @{ Name = 'Nothing'; Vault = 'CrdbTest'; Reason = 'it is empty' }
        @{ Name = 'Locked'; Vault = 'CrdbTest'; Reason = 'password' }
    ) {
        $refused = { Connect-CrdbCloud -Endpoint $endpoint -SecretName $Name -SecretVault $Vault } |
            Should -Throw -PassThru -ErrorId 'SecretNotReadable*' -ExpectedMessage "*'$Name'*$Reason*"
        $refused.ErrorDetails.RecommendedAction | Should -BeLike 'Get-SecretInfo*'
        "$refused" | Should -Not -BeLike "*$($sandbox.ApiKey)*"
    }
}
