<#
.SYNOPSIS
Makes what is published from the staged module: the package of the PowerShell Gallery and the zips of Azure Automation.
.DESCRIPTION
Each has third-party notices, a software bill of materials (CycloneDX) and the release notes of its version. The zip of
an edition has the files of that edition alone. SHA256SUMS names the hash of each file. Nothing is published.
.EXAMPLE
./src/Packaging/New-Package.ps1 -Module out/CockroachCmek -Destination out/package
#>
#Requires -Version 7.4
#Requires -Modules @{ ModuleName = 'Microsoft.PowerShell.PSResourceGet'; ModuleVersion = '1.1.0' }
[CmdletBinding()]
param(
    # The staged module.
    [Parameter(Mandatory)]
    [string] $Module,

    # The folder of the results. It is emptied first.
    [Parameter(Mandatory)]
    [string] $Destination,

    # What to make. The zips are left out where only the package is wanted.
    [ValidateSet('Gallery', 'Core', 'Desktop')]
    [string[]] $Kind = @('Gallery', 'Core', 'Desktop')
)

Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'
. (Join-Path $PSScriptRoot 'Components.ps1')
$root = Split-Path (Split-Path $PSScriptRoot)
$assets = Join-Path $root 'src/CockroachCmek/obj/project.assets.json'
$Module = (Resolve-Path $Module).Path
$version = (Test-ModuleManifest (Join-Path $Module 'CockroachCmek.psd1')).Version.ToString()

# The section of CHANGELOG.md for one version, without its heading.
function Get-ReleaseNote {
    $text = Get-Content (Join-Path $root 'CHANGELOG.md') -Raw
    $found = [regex]::Match($text, "(?ms)^## $([regex]::Escape($version))\b[^\n]*\n(.*?)(?=^## |\z)")
    if (-not $found.Success) { throw "CHANGELOG.md has no section '## $version'. Write it, then package again." }
    $found.Groups[1].Value.Trim()
}

# Copies the module with the files of the given editions, and adds what a published one has.
function Copy-Module {
    param([string] $Target, [string[]] $Edition)
    $null = New-Item $Target -ItemType Directory
    Get-ChildItem $Module -Exclude bin | Copy-Item -Destination $Target -Recurse
    foreach ($name in $Edition) { Copy-Item (Join-Path $Module "bin/$name") (Join-Path $Target "bin/$name") -Recurse }

    $packages = @(Get-ShippedPackage -Module $Module -AssetsPath $assets -Edition $Edition)
    Format-Notice $packages | Set-Content (Join-Path $Target 'THIRD-PARTY-NOTICES.txt')
    Format-Sbom $packages $version | Set-Content (Join-Path $Target 'sbom.cdx.json')

    $manifest = Join-Path $Target 'CockroachCmek.psd1'
    $editions = ($Edition | ForEach-Object { "'$_'" }) -join ', '
    $notes = (Get-ReleaseNote).Replace("'", "''")
    $text = (Get-Content $manifest -Raw) -replace '(?m)^(\s*CompatiblePSEditions\s*=).*$', "`$1 @($editions)"
    $text = $text -replace '(?m)^\s*PSData\s*=\s*@\{', { "$($_.Value)`n            ReleaseNotes = '$notes'" }
    Set-Content $manifest $text -NoNewline
    # This PowerShell can test the manifest with its own edition's files alone.
    if ('Core' -in $Edition) { $null = Test-ModuleManifest $manifest }
}

if (Test-Path $Destination) { Remove-Item $Destination -Recurse }
$Destination = (New-Item $Destination -ItemType Directory).FullName
$work = Join-Path ([System.IO.Path]::GetTempPath()) "crdb-package-$([guid]::NewGuid().ToString('N'))"
try {
    if ('Gallery' -in $Kind) {
        $copy = Join-Path $work 'Gallery/CockroachCmek'
        Copy-Module $copy 'Core', 'Desktop'
        Copy-Item (Join-Path $copy 'sbom.cdx.json') $Destination
        Compress-PSResource -Path $copy -DestinationPath $Destination -SkipModuleManifestValidate
    }
    # Azure Automation requires that zip, folder and manifest have the same name; so each zip is in a folder of its own.
    foreach ($edition in $Kind -ne 'Gallery') {
        $copy = Join-Path $work "$edition/CockroachCmek"
        Copy-Module $copy $edition
        $folder = New-Item (Join-Path $Destination "Automation-$edition") -ItemType Directory
        $zip = Join-Path $folder 'CockroachCmek.zip'
        [System.IO.Compression.ZipFile]::CreateFromDirectory($copy, $zip, 'Optimal', $true)
    }
} finally {
    if (Test-Path $work) { Remove-Item $work -Recurse }
}

$files = foreach ($file in Get-ChildItem $Destination -File -Recurse | Sort-Object FullName) {
    [pscustomobject]@{
        Bytes = $file.Length
        File  = [System.IO.Path]::GetRelativePath($Destination, $file.FullName).Replace('\', '/')
        Hash  = (Get-FileHash $file).Hash.ToLowerInvariant()
    }
}
# The format of sha256sum, which checks it: sha256sum -c SHA256SUMS
$files | ForEach-Object { "$($_.Hash)  $($_.File)" } | Set-Content (Join-Path $Destination 'SHA256SUMS')
$files | Select-Object Bytes, File
