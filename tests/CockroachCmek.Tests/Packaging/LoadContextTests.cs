using System.Diagnostics;
using System.Reflection;
using System.Runtime.Versioning;
using CockroachCmek.Rehearsal;

namespace CockroachCmek.Tests.Packaging;

/// <summary>Promise 7, in a process of its own: what is loaded where cannot be undone in this one.</summary>
[Trait("Lane", "Slow")]
public sealed class LoadContextTests
{
    [Fact]
    public void Import_loads_no_SDK_and_puts_only_loader_cmdlets_and_models_into_the_default_context()
    {
        var lines = Run(
            """
            [System.Runtime.Loader.AssemblyLoadContext]::Default.Assemblies | ForEach-Object { $_.GetName().Name } | Where-Object { $_ -match '^(CockroachCmek|AWSSDK|Azure|YamlDotNet)' } | ForEach-Object { "default $_" }
            [AppDomain]::CurrentDomain.GetAssemblies() | ForEach-Object { $_.GetName().Name } | Where-Object { $_ -match '^(AWSSDK|Azure|YamlDotNet)' } | ForEach-Object { "sdk $_" }
            """
        );
        Assert.Equal(
            [
                "default CockroachCmek",
                "default CockroachCmek.Abstractions",
                "default CockroachCmek.Loader",
                "default CockroachCmek.Rehearsal",
            ],
            lines.Where(l => l.StartsWith("default ", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
        );
        Assert.DoesNotContain(lines, l => l.StartsWith("sdk ", StringComparison.Ordinal));
    }

    [Fact]
    public void After_a_KMS_call_every_package_that_the_runtime_lacks_is_in_the_private_context()
    {
        var lines = Run(
            """
            $null = Start-CrdbSandbox -TimeScale 6000
            Get-CrdbCluster dev-aws | New-CrdbCmekRole | New-CrdbCmekKey | ForEach-Object { "key $($_.Outcome) $($_.CloudProvider)" }
            Get-CrdbCluster azure-in | New-CrdbCmekRole | New-CrdbCmekKey -KeyVaultName cmek-sandbox | ForEach-Object { "key $($_.Outcome)" }
            [System.Runtime.Loader.AssemblyLoadContext]::All | Where-Object Name -eq CockroachCmek | ForEach-Object Assemblies | ForEach-Object { "private $($_.GetName().Name)" }
            [System.Runtime.Loader.AssemblyLoadContext]::Default.Assemblies | ForEach-Object { "default $($_.GetName().Name)" }
            Stop-CrdbSandbox
            """
        );
        Assert.Contains("key Created AWS", lines);
        foreach (
            var name in new[]
            {
                "CockroachCmek.Core",
                "CockroachCmek.Sandbox",
                "AWSSDK.Core",
                "AWSSDK.KeyManagementService",
                "Azure.Core",
                "Microsoft.Identity.Client",
                "System.Threading.RateLimiting",
            }
        )
        {
            Assert.Contains($"private {name}", lines);
            Assert.DoesNotContain($"default {name}", lines);
        }

        // The runtime's own is as new as ours, and precompiled.
        Assert.Contains("default System.Text.Json", lines);
        Assert.DoesNotContain("private System.Text.Json", lines);
    }

    [Theory]
    [InlineData("AWSSDK.Core", "aws")]
    [InlineData("System.Threading.RateLimiting", "rate limit")]
    [InlineData("Azure.Core", "azure")]
    [InlineData("Azure.Identity", "azure")]
    [InlineData("Microsoft.Identity.Client", "azure")]
    public void Another_version_of_a_package_in_the_default_context_is_in_nobodys_way(string assembly, string reason)
    {
        // Another module has loaded an assembly of the same name: an old, and by us unusable one.
        var old = Foreign.Assembly(assembly, new Version(1, 2, 3, 4));
        var lines = Run(
            $$"""
            $null = [System.Runtime.Loader.AssemblyLoadContext]::Default.LoadFromAssemblyPath('{{old}}')
            $null = Start-CrdbSandbox -TimeScale 6000
            Get-CrdbCluster dev-aws | New-CrdbCmekRole | New-CrdbCmekKey | ForEach-Object { "key $($_.Outcome) $($_.CloudProvider)" }
            Get-CrdbCluster azure-in | New-CrdbCmekRole | New-CrdbCmekKey -KeyVaultName cmek-sandbox | ForEach-Object { "key $($_.Outcome) $($_.CloudProvider)" }
            [AppDomain]::CurrentDomain.GetAssemblies() | Where-Object { $_.GetName().Name -eq '{{assembly}}' } | ForEach-Object { "version $($_.GetName().Version)" }
            Stop-CrdbSandbox
            """
        );
        Assert.True(
            lines.Contains("key Created AWS") && lines.Contains("key Created AZURE"),
            $"{reason}: {string.Join("\n", lines)}"
        );
        Assert.Contains("version 1.2.3.4", lines);
        // Azure.Identity is a name that forwards to Azure.Core by now: the module does not bring it.
        Assert.Equal(
            assembly == "Azure.Identity" ? 1 : 2,
            lines.Count(l => l.StartsWith("version ", StringComparison.Ordinal))
        );
    }

    [Fact]
    public void The_real_Azure_packages_of_another_module_do_not_meet_ours_on_the_whole_way_to_enabled()
    {
        var lines = Run(
            $$"""
            '{{Foreign.Package("azure.core", "1.50.0", "Azure.Core.dll")}}', '{{Foreign.Package(
                "azure.identity",
                "1.17.1",
                "Azure.Identity.dll"
            )}}' | ForEach-Object { $null = [System.Runtime.Loader.AssemblyLoadContext]::Default.LoadFromAssemblyPath($_) }
            $null = Start-CrdbSandbox -TimeScale 6000
            $info = Get-CrdbCluster azure-in | New-CrdbCmekRole | New-CrdbCmekKey -VaultName cmek-sandbox | New-CrdbCmekManifest | Enable-CrdbCmek -Wait
            "cmek $($info.Status)"
            [System.Runtime.Loader.AssemblyLoadContext]::Default.Assemblies | Where-Object { $_.GetName().Name -in 'Azure.Core', 'Azure.Identity' } | ForEach-Object { "default $($_.GetName().Name) $($_.GetName().Version)" }
            [System.Runtime.Loader.AssemblyLoadContext]::All | Where-Object Name -eq CockroachCmek | ForEach-Object Assemblies | Where-Object { $_.GetName().Name -eq 'Azure.Core' } | ForEach-Object { "private differs $($_.GetName().Version -ne '1.50.0.0')" }
            Stop-CrdbSandbox
            """
        );
        Assert.Contains("cmek ENABLED", lines);
        Assert.Contains("default Azure.Core 1.50.0.0", lines);
        Assert.Contains("default Azure.Identity 1.17.1.0", lines);
        Assert.Contains("private differs True", lines);
    }

    [Fact]
    public void In_a_simulated_Azure_Automation_job_the_managed_identity_does_all_of_it_without_a_question()
    {
        // A process of its own: the SDK keeps the identity's tokens, and no other test may see these variables.
        var lines = Run(
            """
            $sandbox = Start-CrdbSandbox -TimeScale 6000
            $env:IDENTITY_ENDPOINT = $sandbox.AzureIdentityEndpoint
            $env:IDENTITY_HEADER = $sandbox.AzureIdentityHeader
            $key = [System.Net.NetworkCredential]::new('', $sandbox.ApiKey).SecurePassword
            $null = Connect-CrdbCloud -Endpoint $sandbox.CloudEndpoint -ApiKey $key
            $info = Get-CrdbCluster azure-in | New-CrdbCmekRole | New-CrdbCmekKey -VaultName cmek-sandbox | New-CrdbCmekManifest | Enable-CrdbCmek -Wait
            "default $($info.Status)"
            $null = Connect-CrdbCloud -Endpoint $sandbox.CloudEndpoint -ApiKey $key -AzureCredential ManagedIdentity
            "chosen $((Get-CrdbCluster azure-in | New-CrdbCmekRole).Outcome)"
            Stop-CrdbSandbox
            """
        );
        Assert.Contains("default ENABLED", lines);
        Assert.Contains("chosen Existing", lines);
    }

    [Fact]
    public void Every_cmdlet_stays_when_the_module_is_imported_again()
    {
        var lines = Run(
            """
            $before = @(Get-Command -Module CockroachCmek).Count
            Import-Module (Get-Module CockroachCmek).Path -Force
            "force $(@(Get-Command -Module CockroachCmek).Count -eq $before)"
            $path = (Get-Module CockroachCmek).Path
            Remove-Module CockroachCmek
            "removed $(@(Get-Command -Module CockroachCmek -ErrorAction Ignore).Count)"
            Import-Module $path
            "again $(@(Get-Command -Module CockroachCmek).Count -eq $before)"
            $null = Start-CrdbSandbox
            "works $((Get-CrdbOrganization).Name)"
            Stop-CrdbSandbox
            """
        );
        Assert.Contains("force True", lines);
        Assert.Contains("removed 0", lines);
        Assert.Contains("again True", lines);
        Assert.Contains("works Sandbox Organization", lines);
    }

    [Fact]
    public void Parallel_runspaces_share_the_code_and_not_the_session()
    {
        var lines = Run(
            """
            $null = Start-CrdbSandbox
            $path = (Get-Module CockroachCmek).Path
            $shells = 1..3 | ForEach-Object {
                $shell = [powershell]::Create([initialsessionstate]::CreateDefault2()).AddScript("Import-Module '$path'; try { Get-CrdbOrganization -ErrorAction Stop } catch { `$_.FullyQualifiedErrorId }")
                [pscustomobject]@{ Shell = $shell; Result = $shell.BeginInvoke() }
            }
            $shells | ForEach-Object { "runspace $($_.Shell.EndInvoke($_.Result))" }
            Stop-CrdbSandbox
            """
        );
        Assert.Equal(3, lines.Count(l => l.StartsWith("runspace NotConnected", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("3.1.32", "7.4")]
    [InlineData("6.0.36", ".NET 6.0")]
    [InlineData("8.0.0", null)]
    [InlineData("10.0.1", null)]
    public void A_PowerShell_older_than_the_minimum_gets_one_readable_sentence(string runtime, string? named)
    {
        // No such PowerShell can be run here; the staged Loader itself is asked, and must be made for the oldest of
        // them or it would not load there.
        var path = Path.Combine(
            Path.GetDirectoryName(ModuleEngine.StagedManifest)!,
            "bin",
            "Core",
            "CockroachCmek.Loader.dll"
        );
        var loader = Assembly.LoadFrom(path);
        Assert.Equal(".NETCoreApp,Version=v3.1", loader.GetCustomAttribute<TargetFrameworkAttribute>()!.FrameworkName);
        var refusal = (string?)
            loader
                .GetType("CockroachCmek.Loader.ModuleLoader")!
                .GetMethod("Refusal", BindingFlags.NonPublic | BindingFlags.Static)!
                .Invoke(null, [new Version(runtime)]);
        if (named is null)
            Assert.Null(refusal);
        else
            Assert.Contains(named, refusal, StringComparison.Ordinal);
    }

    internal static IReadOnlyList<string> Run(string script)
    {
        var file = Path.Combine(Path.GetTempPath(), $"crdb-{Guid.NewGuid():N}.ps1");
        // One statement, so that it is run as a whole.
        File.WriteAllText(file, "& {\n" + script + "\n}");
        try
        {
            var program = Path.Combine(AppContext.BaseDirectory, "CockroachCmek.Rehearsal.dll");
            var start = new ProcessStartInfo("dotnet", ["exec", program, file])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            Assert.True(process.WaitForExit(60_000), "The engine did not end.");
            Assert.True(process.ExitCode == 0, output + error.Result);
            return
            [
                .. output
                    .Split('\n')
                    .Select(l => l.TrimEnd('\r'))
                    .SkipWhile(l => !l.StartsWith(">>  }", StringComparison.Ordinal)),
            ];
        }
        finally
        {
            File.Delete(file);
        }
    }
}
