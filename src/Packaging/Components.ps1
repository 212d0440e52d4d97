# The NuGet packages whose files are in the staged module, with what notices and the SBOM say of them.

# Licenses whose text is in src/Packaging/licenses. The file of a package, if it has one, is not used: most have none, and
# the others repeat the same text.
$licenseTexts = @{}
foreach ($file in Get-ChildItem (Join-Path $PSScriptRoot 'licenses') -Filter '*.txt') {
    $licenseTexts[$file.BaseName] = (Get-Content $file -Raw).Trim()
}

# Returns one object for each shipped package, by name. Throws for a shipped file that no package explains.
function Get-ShippedPackage {
    param([string] $Module, [string] $AssetsPath, [string[]] $Edition)
    $assets = Get-Content $AssetsPath -Raw | ConvertFrom-Json -AsHashtable
    $shipped = @{}
    foreach ($name in $Edition) {
        $target = $assets.targets[@{ Core = 'net8.0'; Desktop = 'net472' }[$name]]
        $origin = @{}
        foreach ($package in $target.Keys) {
            foreach ($asset in @($target[$package]['runtime']?.Keys)) {
                if ($asset) { $origin[(Split-Path $asset -Leaf)] = @{ Package = $package; Asset = $asset } }
            }
        }
        foreach ($file in Get-ChildItem (Join-Path $Module "bin/$name/deps") -Filter '*.dll') {
            if ($file.Name -like 'CockroachCmek.*') { continue }
            if (-not $origin.ContainsKey($file.Name)) { throw "No NuGet package of $name has '$($file.Name)'." }
            $id = $origin[$file.Name].Package
            $folder = $assets.packageFolders.Keys | ForEach-Object { Join-Path $_ $assets.libraries[$id].path } |
                Where-Object { Test-Path $_ } | Select-Object -First 1
            $original = Join-Path $folder $origin[$file.Name].Asset
            if ((Get-FileHash $file).Hash -ne (Get-FileHash $original).Hash) {
                throw "'$($file.Name)' of $name differs from the one in $id. Build again: dotnet build -c Release"
            }
            if (-not $shipped.ContainsKey($id)) { $shipped[$id] = Read-Package $id $folder $assets.libraries[$id] }
            $null = $shipped[$id].Files.Add("bin/$name/deps/$($file.Name)")
            foreach ($dependency in @($target[$id]['dependencies']?.Keys)) {
                if ($dependency) { $null = $shipped[$id].Dependencies.Add($dependency) }
            }
        }
    }
    $shipped.Values | Sort-Object Name
}

# Reads what the package says of itself: the .nuspec beside its files.
function Read-Package {
    param([string] $Id, [string] $Folder, [hashtable] $Library)
    $nuspec = [xml](Get-Content (Get-ChildItem $Folder -Filter '*.nuspec') -Raw)
    $metadata = @{}
    foreach ($element in $nuspec.package.metadata.ChildNodes) { $metadata[$element.LocalName] = $element.InnerText }
    $license = $metadata['license']
    # .NET's packages from before license expressions.
    if (-not $license -and $metadata['licenseUrl'] -match '/corefx/blob/master/LICENSE.TXT$') { $license = 'MIT' }
    if (-not $license -or -not $licenseTexts.ContainsKey($license)) {
        throw "The license of $Id ('$license', $($metadata['licenseUrl'])) has no text in src/Packaging/licenses. Add it."
    }
    [pscustomobject]@{
        Name         = $metadata['id']
        Version      = $metadata['version']
        Authors      = $metadata['authors']
        Copyright    = $metadata['copyright'] ?? "Copyright (c) $($metadata['authors'])"
        License      = $license
        Project      = $metadata['projectUrl']
        Sha512       = [convert]::ToHexString([convert]::FromBase64String($Library.sha512)).ToLowerInvariant()
        Notices      = @(Get-Item (Join-Path $Folder '*') | Where-Object Name -match '^(THIRD-?PARTY|NOTICE)')
        Files        = [System.Collections.Generic.SortedSet[string]]::new()
        Dependencies = [System.Collections.Generic.SortedSet[string]]::new([StringComparer]::OrdinalIgnoreCase)
    }
}

# The notices: each package with its copyright and license, then each license text once, then the packages' own notices.
function Format-Notice {
    param([object[]] $Package)
    'CockroachCmek contains files of these packages, unchanged. Each is under the license named here; the texts follow.'
    foreach ($item in $Package) {
        ''
        "$($item.Name) $($item.Version)"
        "    $($item.Copyright)"
        "    License: $($item.License)"
        if ($item.Project) { "    $($item.Project)" }
    }
    foreach ($license in $Package.License | Sort-Object -Unique) {
        ''; '-' * 80; "License $license"; ''
        $licenseTexts[$license]
    }
    # Many packages of one vendor come with the same file.
    foreach ($group in $Package | Where-Object Notices | Group-Object { (Get-FileHash $_.Notices[0]).Hash }) {
        ''; '-' * 80; "Notices that come with $($group.Group.Name -join ', ')"; ''
        (Get-Content $group.Group[0].Notices[0] -Raw).Trim()
    }
}

# A software bill of materials, CycloneDX 1.6.
function Format-Sbom {
    param([object[]] $Package, [string] $Version)
    $reference = @{}
    foreach ($item in $Package) { $reference[$item.Name] = "pkg:nuget/$($item.Name)@$($item.Version)" }
    $own = "pkg:nuget/CockroachCmek@$Version"
    $components = foreach ($item in $Package) {
        [ordered]@{
            type       = 'library'
            'bom-ref'  = $reference[$item.Name]
            name       = $item.Name
            version    = $item.Version
            authors    = @(@{ name = $item.Authors })
            copyright  = $item.Copyright
            licenses   = @(@{ license = @{ id = $item.License } })
            purl       = $reference[$item.Name]
            hashes     = @([ordered]@{ alg = 'SHA-512'; content = $item.Sha512 })
            properties = @($item.Files | ForEach-Object { [ordered]@{ name = 'cockroachcmek:file'; value = $_ } })
        }
    }
    $dependencies = foreach ($item in $Package) {
        [ordered]@{
            ref       = $reference[$item.Name]
            dependsOn = @($item.Dependencies | ForEach-Object { $reference[$_] } | Where-Object { $_ })
        }
    }
    [ordered]@{
        bomFormat    = 'CycloneDX'
        specVersion  = '1.6'
        version      = 1
        metadata     = @{
            component = [ordered]@{
                type = 'library'; 'bom-ref' = $own; name = 'CockroachCmek'; version = $Version; purl = $own
            }
        }
        components   = @($components)
        dependencies = @([ordered]@{ ref = $own; dependsOn = @($reference.Values | Sort-Object) }) + $dependencies
    } | ConvertTo-Json -Depth 8
}
