namespace CockroachCmek.Testing;

/// <summary>Where things are, found from where the tests run.</summary>
internal static class Repository
{
    /// <summary>The folder with CockroachCmek.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>A vendor's specification from ../shared/specs, or null where that folder is absent: such tests skip.</summary>
    public static string? Spec(string fileName)
    {
        var path = Path.GetFullPath(Path.Combine(Root, "..", "shared", "specs", fileName));
        return File.Exists(path) ? path : null;
    }

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
        throw new DirectoryNotFoundException("CockroachCmek.sln is in no folder above the tests.");
    }
}
