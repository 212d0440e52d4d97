namespace CockroachCmek.Testing;

/// <summary>Paths in the repository, found from the folder that the tests run in.</summary>
internal static class Repository
{
    /// <summary>The folder with CockroachCmek.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>A vendor's specification in tests/Specs.</summary>
    public static string Spec(string fileName) => Path.Combine(Root, "tests", "Specs", fileName);

    /// <summary>A program on PATH, or null.</summary>
    public static string? Program(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "CockroachCmek.sln")))
                return folder.FullName;
        throw new DirectoryNotFoundException("No folder above the tests holds CockroachCmek.sln.");
    }
}
