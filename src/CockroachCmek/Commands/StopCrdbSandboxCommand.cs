using System.Management.Automation;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Stops a sandbox and forgets everything in it.</summary>
/// <remarks>
/// <para>Without -Sandbox, stops the sandbox that was started last in this runspace. A runspace that was connected to it is disconnected.
/// It is no error when there is none.</para>
/// </remarks>
/// <example>
/// <para>Stops the sandbox of this runspace.</para>
/// <code>Stop-CrdbSandbox</code>
/// </example>
[Cmdlet(VerbsLifecycle.Stop, "CrdbSandbox")]
public sealed class StopCrdbSandboxCommand : CrdbCmdlet
{
    /// <summary>The sandbox to stop, as Start-CrdbSandbox returned it.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ValidateNotNull]
    public CrdbSandbox? Sandbox { get; set; }

    /// <summary>Stops it.</summary>
    protected override void ProcessRecord()
    {
        if ((Sandbox is null ? RunningSandbox.OfThisRunspace : RunningSandbox.Of(Sandbox)) is not { } running)
            return;
        running.Forget();
        Submit(_ => running.StopAsync());
    }
}
