using System.Diagnostics;

namespace CockroachCmek.Rehearsal;

/// <summary>A real pwsh in this console, with the staged module imported and a sandbox connected.</summary>
internal static class Prompt
{
    /// <summary>Opens the prompt and waits until the user leaves it.</summary>
    /// <returns>The exit code of pwsh.</returns>
    public static int Open()
    {
        // The tool manifest is found from the working directory upwards.
        var start = new ProcessStartInfo("dotnet") { WorkingDirectory = ModuleEngine.Root };
        foreach (var argument in new[] { "tool", "run", "pwsh", "-NoLogo", "-NoProfile", "-NoExit", "-Command" })
            start.ArgumentList.Add(argument);
        start.ArgumentList.Add(Startup);
        start.Environment["POWERSHELL_TELEMETRY_OPTOUT"] = "1";
        start.Environment["POWERSHELL_UPDATECHECK"] = "Off";

        // Ctrl+C is for the command at the prompt, not for this program.
        Console.CancelKeyPress += (_, e) => e.Cancel = true;
        using var pwsh = Process.Start(start)!;
        pwsh.WaitForExit();
        return pwsh.ExitCode;
    }

    private static string Startup =>
        $$"""
            Import-Module '{{ModuleEngine.StagedManifest.Replace("'", "''", StringComparison.Ordinal)}}'
            $sandbox = Start-CrdbSandbox
            Write-Host "CockroachCmek $((Get-Module CockroachCmek).Version), connected to a sandbox (`$sandbox). Try:"
            Write-Host '  Get-CrdbCluster'
            Write-Host '  Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest | Enable-CrdbCmek -Wait'
            Write-Host '  Get-Help Enable-CrdbCmek -Examples'
            """;
}
