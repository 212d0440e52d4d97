using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using CockroachCmek.Rehearsal;
using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Packaging;

public sealed class PackageTests
{
    private static readonly string Stage = Path.GetDirectoryName(ModuleEngine.StagedManifest)!;

    [Fact]
    public void The_manifest_exports_exactly_the_cmdlets_that_there_are()
    {
        using var session = new ModuleSession();
        var exported = session
            .Run("(Test-ModuleManifest $path).ExportedCmdlets.Keys", ("path", ModuleEngine.StagedManifest))
            .Succeeds()
            .Output.Select(o => o.ToString())
            .Order(StringComparer.Ordinal);
        var there = Directory
            .GetFiles(Path.Combine(Repository.Root, "src", "CockroachCmek", "Commands"), "*Command.cs")
            .Select(f => Path.GetFileName(f).Replace("Command.cs", "", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);
        Assert.Equal(
            there,
            exported.Select(n => n.Replace("-", "", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
        );
    }

    /// <summary>
    /// .NET Framework opens two connections to a server unless told otherwise. It does not run here, so the code is
    /// looked at.
    /// </summary>
    [Fact]
    public void The_Desktop_package_sets_the_number_of_connections_to_a_server()
    {
        using var image = new PEReader(
            File.OpenRead(Path.Combine(Stage, "bin", "Desktop", "deps", "CockroachCmek.Core.dll"))
        );
        var metadata = image.GetMetadataReader();
        Assert.Contains(
            "set_MaxConnectionsPerServer",
            metadata.MemberReferences.Select(m => metadata.GetString(metadata.GetMemberReference(m).Name))
        );
    }

    [Fact]
    public void Every_reference_of_the_Desktop_package_is_in_it_or_in_NET_Framework_4_7_2()
    {
        var folder = Path.Combine(Stage, "bin", "Desktop");
        Assert.True(Directory.Exists(folder), "The Desktop package is not staged: build the solution.");
        var shipped = Directory
            .EnumerateFiles(folder, "*.dll", SearchOption.AllDirectories)
            .Where(f => !f.Contains("-Help", StringComparison.Ordinal))
            .ToDictionary(f => Path.GetFileNameWithoutExtension(f), f => f, StringComparer.OrdinalIgnoreCase);
        var framework = FrameworkAssemblies();
        var missing = new List<string>();
        foreach (var (name, file) in shipped)
        {
            foreach (var (reference, version) in References(file))
            {
                if (framework.TryGetValue(reference, out var has) && has >= version)
                    continue;
                if (reference == "System.Management.Automation")
                    continue; // the engine itself
                if (reference == "System.ValueTuple" && framework.ContainsKey(reference))
                    continue; // the Loader answers with the framework's own, whatever version is asked for
                if (!shipped.TryGetValue(reference, out var with))
                    missing.Add($"{name} needs {reference} {version}: not there");
                else if (VersionOf(with) < version)
                    missing.Add($"{name} needs {reference} {version}: {VersionOf(with)} is shipped");
            }
        }

        Assert.True(missing.Count == 0, string.Join("\n", missing));
    }

    [Theory]
    [InlineData("Core")]
    [InlineData("Desktop")]
    public void An_edition_has_no_assembly_that_nothing_in_it_refers_to(string edition)
    {
        var shipped = Directory
            .EnumerateFiles(Path.Combine(Stage, "bin", edition), "*.dll", SearchOption.AllDirectories)
            .ToDictionary(f => Path.GetFileNameWithoutExtension(f), f => f, StringComparer.OrdinalIgnoreCase);
        // Loaded by name: the Loader by the manifest, the others by AWSSDK.Core for profiles that sign in with SSO.
        var reached = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var next = new Queue<string>(["CockroachCmek", "CockroachCmek.Loader", "AWSSDK.SSO", "AWSSDK.SSOOIDC"]);
        while (next.TryDequeue(out var name))
            if (shipped.TryGetValue(name, out var file) && reached.Add(name))
                foreach (var (reference, _) in References(file))
                    next.Enqueue(reference);

        Assert.Empty(shipped.Keys.Except(reached));
    }

    [Fact]
    public void No_stub_of_PowerShell_and_no_debugging_symbols_are_shipped()
    {
        var files = Directory
            .EnumerateFiles(Stage, "*", SearchOption.AllDirectories)
            .Select(f => Path.GetFileName(f))
            .ToList();
        Assert.DoesNotContain("System.Management.Automation.dll", files);
        Assert.DoesNotContain(files, f =>
            f.EndsWith(".pdb", StringComparison.Ordinal) || f.EndsWith(".deps.json", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Paths_in_the_package_are_short_enough_for_Azure_Automation() =>
        Assert.All(Directory.EnumerateFiles(Stage, "*", SearchOption.AllDirectories), f =>
            Assert.True(Path.GetRelativePath(Stage, f).Length < 140, f)
        );

    private static Dictionary<string, Version> FrameworkAssemblies()
    {
        // Microsoft's reference assemblies are the list of what .NET Framework 4.7.2 has; NuGet put them where the
        // build found them.
        var packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        var folder = Path.Combine(
            packages,
            "microsoft.netframework.referenceassemblies.net472",
            "1.0.3",
            "build",
            ".NETFramework",
            "v4.7.2"
        );
        return Directory
            .EnumerateFiles(folder, "*.dll")
            .Concat(Directory.EnumerateFiles(Path.Combine(folder, "Facades"), "*.dll"))
            .Where(IsAssembly)
            .ToDictionary(f => Path.GetFileNameWithoutExtension(f), VersionOf, StringComparer.OrdinalIgnoreCase);
    }

    private static List<(string Name, Version Version)> References(string file)
    {
        using var stream = File.OpenRead(file);
        using var image = new PEReader(stream);
        var metadata = image.GetMetadataReader();
        return
        [
            .. metadata
                .AssemblyReferences.Select(metadata.GetAssemblyReference)
                .Select(r => (metadata.GetString(r.Name), r.Version)),
        ];
    }

    private static bool IsAssembly(string file)
    {
        using var stream = File.OpenRead(file);
        using var image = new PEReader(stream);
        return image.HasMetadata && image.GetMetadataReader().IsAssembly;
    }

    private static Version VersionOf(string file)
    {
        using var stream = File.OpenRead(file);
        using var image = new PEReader(stream);
        return image.GetMetadataReader().GetAssemblyDefinition().Version;
    }
}
