using System.Management.Automation.Host;
using System.Management.Automation.Runspaces;
using Microsoft.PowerShell;

namespace CockroachCmek.Rehearsal;

/// <summary>The PowerShell engine in this process, with the staged module imported.</summary>
internal static class ModuleEngine
{
    /// <summary>The repository, found from this program's folder.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The manifest of the staged module.</summary>
    public static string StagedManifest { get; } = Path.Combine(Root, "out", "CockroachCmek", "CockroachCmek.psd1");

    /// <summary>Opens a runspace like that of a user's console, on a given host.</summary>
    public static Runspace Open(PSHost host, bool import = true)
    {
        // CreateDefault2 loads the core commands only; others load on first use, as in a console.
        var state = InitialSessionState.CreateDefault2();
        // Windows would otherwise ask the domain for its execution policy.
        if (OperatingSystem.IsWindows())
            state.ExecutionPolicy = ExecutionPolicy.Bypass;
        if (import)
            state.ImportPSModule([StagedManifest]);
        var runspace = RunspaceFactory.CreateRunspace(host, state);
        // As in a console, one thread runs every pipeline.
        runspace.ThreadOptions = PSThreadOptions.ReuseThread;
        runspace.Open();
        return runspace;
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "CockroachCmek.sln")))
                return folder.FullName;
        throw new DirectoryNotFoundException(
            $"No folder above {AppContext.BaseDirectory} holds CockroachCmek.sln. Run this program from its repository."
        );
    }
}
