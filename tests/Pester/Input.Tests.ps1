# What happens to input that is not meant for a cmdlet: it is refused with a sentence that helps, and costs nothing.
BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot '../../out/CockroachCmek/CockroachCmek.psd1')
    # Those that take objects from the pipeline by value.
    $cmdlets = Get-Command -Module CockroachCmek | Where-Object {
        $_.ParameterSets.Parameters | Where-Object { $_.ValueFromPipeline }
    } | ForEach-Object Name
}

BeforeAll {
    Import-Module (Join-Path $PSScriptRoot '../../out/CockroachCmek/CockroachCmek.psd1') -Force
    $sandbox = Start-CrdbSandbox -TimeScale 6000 -Record
    $cluster = Get-CrdbCluster prod-eu
    $keys = $cluster | New-CrdbCmekRole -OutVariable role | New-CrdbCmekKey
    # What a cmdlet needs beside the input.
    $needs = @{
        'Add-CrdbCmekRegion'      = @{ Region = 'us-east-1' }
        'Export-CrdbCmekReport'   = @{ Path = (Join-Path $TestDrive 'report.html') }
        'Export-CrdbCmekManifest' = @{ Path = (Join-Path $TestDrive 'manifest.json') }
    }
    # What PowerShell itself says, which helps nobody, and what is shown of objects that have no text of their own.
    $unhelpful = 'System\.|\(Parameter |input object cannot be bound|Cannot convert|unexpected error|"CockroachCmek\.'

    # The first error of a pipeline; null when there was none.
    function Get-FirstError {
        param($Name, $InputObject)
        $extra = if ($needs[$Name]) { $needs[$Name].Clone() } else { @{} }
        if ((Get-Command $Name).Parameters['WhatIf']) { $extra.WhatIf = $true }
        $output = try { , $InputObject | & $Name @extra 2>&1 3>$null 6>$null } catch { $_ }
        $output | Where-Object { $_ -is [System.Management.Automation.ErrorRecord] } | Select-Object -First 1
    }
}

AfterAll { Stop-CrdbSandbox }

Describe 'Input that is not meant for a cmdlet' {
    It 'is refused without a request, with a sentence that helps: <_>' -ForEach $cmdlets {
        $requests = $sandbox.Exchanges.Count
        $wrong = @{
            process = Get-Process -Id $PID; text = ''; blank = ' '; number = 5; table = @{ x = 1 }
            session = if ($_ -ne 'Disconnect-CrdbCloud') { Get-CrdbSession }
        }
        foreach ($kind in $wrong.Keys) {
            if ($null -eq $wrong[$kind]) { continue }
            $failure = Get-FirstError $_ $wrong[$kind]
            $failure | Should -Not -BeNullOrEmpty -Because "$kind is no input of $_"
            "$failure" | Should -Not -Match $unhelpful -Because $kind
        }
        $sandbox.Exchanges.Count | Should -Be $requests
    }

    It 'is a cluster where a command is missing between: <Name>' -ForEach @(
        @{ Name = 'New-CrdbCmekKey'; Between = 'New-CrdbCmekRole \| New-CrdbCmekKey$' }
        @{ Name = 'New-CrdbCmekManifest'; Between = 'New-CrdbCmekKey \| New-CrdbCmekManifest$' }
        @{ Name = 'Get-CrdbCmekKeyPolicy'; Between = 'New-CrdbCmekRole -WhatIf \| Get-CrdbCmekKeyPolicy$' }
    ) {
        $failure = Get-FirstError $Name $cluster
        $failure.FullyQualifiedErrorId | Should -BeLike 'InputIncomplete,*'
        $failure.ErrorDetails.RecommendedAction | Should -Match $Between
    }

    It 'is an object from before New-CrdbCmekManifest, for <_>' -ForEach @(
        'Enable-CrdbCmek', 'Test-CrdbCmekManifest', 'Export-CrdbCmekManifest'
    ) {
        foreach ($early in $cluster, $role[0], $keys[0], (Get-CrdbCmek prod-eu-old)) {
            "$(Get-FirstError $_ $early)" | Should -Match 'Get-Crdb.* \| New-CrdbCmekManifest$'
        }
        "$(Get-FirstError $_ './a file.json')" | Should -Match "Import-CrdbCmekManifest './a file.json'$"
    }

    It 'is a pattern for a cmdlet that takes names, or a pattern that matches nothing: <_>' -ForEach $cmdlets {
        $failure = Get-FirstError $_ 'zz*'
        # Get-CrdbCluster is silent about it, as Get-ChildItem is; a report that is not written reads nothing.
        if ($_ -in 'Get-CrdbCluster', 'Export-CrdbCmekReport') { $failure | Should -BeNullOrEmpty }
        else { "$failure" | Should -Match 'zz\*|not a manifest|not a Crdb' }
    }
}

Describe 'A secret' {
    It 'that is given as text is refused with the ways to give it' {
        { Connect-CrdbCloud -ApiKey text } | Should -Throw '*Read-Host -AsSecureString*-SecretName*'
        { Connect-CrdbCloud -VaultToken text } | Should -Throw '*Read-Host -AsSecureString*'
    }

    It 'works with what was pasted along: <_>' -ForEach 'Bearer {0}', '"{0}"', " Authorization: Bearer {0}`n" {
        $key = ConvertTo-SecureString ($_ -f $sandbox.ApiKey) -AsPlainText -Force
        (Connect-CrdbCloud -Endpoint $sandbox.CloudEndpoint -ApiKey $key).IsSandbox | Should -BeTrue
    }
}

Describe 'A file' {
    It 'that does not exist is an error, whether it is named or a pattern' {
        foreach ($path in 'zz*.json', 'none.json', 'nodrive:x.json') {
            $output = Import-CrdbCmekManifest $path -ErrorAction Continue 2>&1
            $output.FullyQualifiedErrorId | Should -BeLike 'ManifestFileNotFound,*'
            (Import-CrdbCmekManifest -LiteralPath $path -ErrorAction Continue 2>&1).FullyQualifiedErrorId |
                Should -BeLike 'ManifestFileNotFound,*'
        }
    }
}
