using System.Management.Automation.Host;
using System.Management.Automation.Runspaces;
using Microsoft.PowerShell;

namespace CockroachCmek.Rehearsal;

/// <summary>The real PowerShell engine in this process, with the staged module imported: no pwsh is needed.</summary>
internal static class ModuleEngine
{
    /// <summary>The staged module's manifest, found from where this program was built.</summary>
    public static string StagedManifest { get; } =
        Path.Combine(FindRoot(), "out", "CockroachCmek", "CockroachCmek.psd1");

    /// <summary>Opens a runspace as a user's console would have it, on a given host.</summary>
    public static Runspace Open(PSHost host, bool import = true)
    {
        // An engine that is hosted has no console whose first use would be counted, and no execution policy to ask a domain for.
        var state = InitialSessionState.CreateDefault2();
        if (OperatingSystem.IsWindows())
            state.ExecutionPolicy = ExecutionPolicy.Bypass;
        if (import)
            state.ImportPSModule([StagedManifest]);
        var runspace = RunspaceFactory.CreateRunspace(host, state);
        runspace.Open();
        return runspace;
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "CockroachCmek.sln")))
                return folder.FullName;
        throw new DirectoryNotFoundException(
            $"No folder above {AppContext.BaseDirectory} holds CockroachCmek.sln: run this program from its repository."
        );
    }
}
