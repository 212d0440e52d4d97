using System.Reflection;
using System.Reflection.Emit;

namespace CockroachCmek.Tests.Packaging;

/// <summary>Assemblies that another module might have brought.</summary>
internal static class Foreign
{
    /// <summary>An assembly of a given name and version, with nothing in it, as a file.</summary>
    public static string Assembly(string name, Version version)
    {
        var builder = new PersistedAssemblyBuilder(
            new AssemblyName(name) { Version = version },
            typeof(object).Assembly
        );
        builder.DefineDynamicModule(name);
        var file = Path.Combine(Directory.CreateTempSubdirectory("crdb-foreign-").FullName, name + ".dll");
        builder.Save(file);
        return file;
    }

    /// <summary>An assembly of a package that the project downloads and does not reference.</summary>
    public static string Package(string id, string version, string file)
    {
        var packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        return Path.Combine(packages, id, version, "lib", "net8.0", file);
    }
}
