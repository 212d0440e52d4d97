using System.Management.Automation;
using System.Management.Automation.Host;

namespace CockroachCmek.Rehearsal;

/// <summary>A script of this program, typed into a session that is connected to a sandbox.</summary>
internal static class Story
{
    /// <summary>Runs the script to its end, or to the first command that fails.</summary>
    /// <param name="script">The name of the script, which lies beside this program.</param>
    /// <param name="host">What the commands write to.</param>
    /// <param name="writer">What the prompt and the comments are written to.</param>
    /// <returns>True when every command succeeded.</returns>
    public static bool Run(string script, PSHost host, TextWriter writer)
    {
        using var runspace = ModuleEngine.Open(host);
        using (var shell = PowerShell.Create(runspace))
            shell.AddCommand("Start-CrdbSandbox").AddParameter("TimeScale", 3000).Invoke();
        return new TypedSession(runspace, writer).Run(Path.Combine(AppContext.BaseDirectory, script));
    }
}
