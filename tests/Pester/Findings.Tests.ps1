# The pipelines in Module/Examples/CI: their script runs on the sandbox as it stands in the file.
BeforeAll {
    $root = (Resolve-Path (Join-Path $PSScriptRoot '../..')).Path
    Import-Module (Join-Path $root 'out/CockroachCmek/CockroachCmek.psd1') -Force
    $sandbox = Start-CrdbSandbox -TimeScale 6000
    $before = @{}
    $variables = @{ CMEK_CLUSTER = 'prod-eu-old'; CMEK_MAX_KEY_AGE = '100' }
    foreach ($name in $sandbox.Environment.Keys) { $variables[$name] = $sandbox.Environment[$name] }
    foreach ($name in $variables.Keys) {
        $before[$name] = [Environment]::GetEnvironmentVariable($name)
        [Environment]::SetEnvironmentVariable($name, $variables[$name])
    }

    # The block of the step "Check CMEK": what is indented more than the line that opens it.
    function Get-PipelineScript($Name) {
        $lines = Get-Content (Join-Path $root "out/CockroachCmek/Examples/CI/$Name.yml")
        $first = [array]::FindIndex($lines, [Predicate[string]] { $args[0] -match ': \|$' })
        $depth = $lines[$first].Length - $lines[$first].TrimStart().Length
        $block = foreach ($line in $lines[($first + 1)..($lines.Count - 1)]) {
            if ($line.Trim() -and $line.Length - $line.TrimStart().Length -le $depth) { break }
            $line
        }
        [scriptblock]::Create($block -join "`n")
    }
}

AfterAll {
    foreach ($name in $before.Keys) {
        $value = if ($null -eq $before[$name]) { [NullString]::Value } else { $before[$name] }
        [Environment]::SetEnvironmentVariable($name, $value)
    }
    Stop-CrdbSandbox $sandbox
}

Describe 'A pipeline' {
    It 'fails on a new finding, and on none that is known or accepted: <_>' -ForEach 'github-actions', 'azure-pipelines' {
        $script = Get-PipelineScript $_
        $folder = New-Item -ItemType Directory (Join-Path $TestDrive $_ cmek)
        Push-Location $folder.Parent
        try {
            { & $script 6>$null } | Should -Throw '1 new findings, 0 clusters not read.'
            (Get-Content cmek-findings.json | ConvertFrom-Json).Id | Should -Contain 'CMEK016'

            Copy-Item cmek-findings.json cmek/baseline.json
            { & $script 6>$null } | Should -Not -Throw

            Remove-Item cmek/baseline.json
            Set-Content cmek/suppressions.yml (
                '- { id: KeyAge, cluster: prod-*, reason: The rotation is planned., expires: 2999-12-31 }')
            { & $script 6>$null } | Should -Not -Throw
        } finally {
            Pop-Location
        }
    }
}
