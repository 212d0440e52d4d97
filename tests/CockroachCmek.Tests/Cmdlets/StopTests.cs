using System.Diagnostics;
using System.Management.Automation;
using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>Ctrl+C. The test measures time, so nothing else runs beside it.</summary>
[Collection(OneAtATime.Name)]
public sealed class StopTests
{
    [Fact]
    public void Stopping_a_wait_ends_it_within_a_second_and_says_what_goes_on()
    {
        // The setup runs in a fast sandbox, the wait in a slow one with its state.
        using var session = new ModuleSession();
        session
            .Run(
                $$"""
                $fast = Start-CrdbSandbox -TimeScale 6000
                $manifest = Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest
                $sandbox = Start-CrdbSandbox -TimeScale 1
                $sandbox.Load($fast.Save())
                $null = {{ModuleSession.Connect}}
                """
            )
            .Succeeds();
        using var shell = PowerShell.Create();
        shell.Runspace = session.Runspace;
        shell.AddScript("$manifest | Enable-CrdbCmek -Wait");
        var running = shell.BeginInvoke();
        var deadline = Stopwatch.StartNew();
        while (shell.Streams.Progress.Count == 0)
        {
            Assert.True(deadline.Elapsed < TimeSpan.FromSeconds(30), "The wait did not begin.");
            Thread.Yield();
        }

        var stop = Stopwatch.StartNew();
        shell.Stop();
        stop.Stop();
        Assert.ThrowsAny<PipelineStoppedException>(() => shell.EndInvoke(running));
        Assert.True(stop.Elapsed < TimeSpan.FromSeconds(1), $"It took {stop.Elapsed}.");
        Assert.Contains("Enable CMEK", session.Screen, StringComparison.Ordinal);
        Assert.Contains("Get-CrdbCmek", session.Screen, StringComparison.Ordinal);
    }
}
