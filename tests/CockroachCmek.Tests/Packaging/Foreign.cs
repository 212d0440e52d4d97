using System.Reflection;
using System.Reflection.Emit;
using CockroachCmek.Rehearsal;

namespace CockroachCmek.Tests.Packaging;

/// <summary>Assemblies that another module might have brought.</summary>
internal static class Foreign
{
    /// <summary>An assembly of a given name and version, with nothing in it, as a file.</summary>
    public static string Assembly(string name, Version version)
    {
        var builder = new PersistedAssemblyBuilder(new AssemblyName(name) { Version = version }, typeof(object).Assembly);
        builder.DefineDynamicModule(name);
        var file = Path.Combine(Directory.CreateTempSubdirectory("crdb-foreign-").FullName, name + ".dll");
        builder.Save(file);
        return file;
    }
}

/// <summary>A copy of the staged module that a test may change.</summary>
internal sealed class ModuleCopy : IDisposable
{
    public ModuleCopy()
    {
        var source = Path.GetDirectoryName(ModuleEngine.StagedManifest)!;
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(Folder, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    public string Folder { get; } = Path.Combine(Directory.CreateTempSubdirectory("crdb-copy-").FullName, "CockroachCmek");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(Folder)!, recursive: true);
}
