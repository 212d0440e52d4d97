using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Stops a sandbox and discards everything in it.</summary>
/// <remarks>
/// <para>Also disconnects the session that Start-CrdbSandbox opened. Does nothing if there is no sandbox.</para>
/// </remarks>
/// <example>
/// <para>Stops the sandbox of this runspace.</para>
/// <code>Stop-CrdbSandbox</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/cmek">CMEK overview</seealso>
[Cmdlet(VerbsLifecycle.Stop, "CrdbSandbox", HelpUri = "https://www.cockroachlabs.com/docs/cockroachcloud/cmek")]
public sealed class StopCrdbSandboxCommand : CrdbCmdlet
{
    /// <summary>
    /// The sandbox to stop, as Start-CrdbSandbox returned it. Default: the one that was started last in this runspace.
    /// </summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ValidateNotNull]
    [MadeBy(typeof(CrdbSandbox), "Start-CrdbSandbox")]
    [ArgumentCompleter(typeof(SandboxCompleter))]
    public CrdbSandbox? Sandbox { get; set; }

    /// <summary>Stops the sandbox.</summary>
    protected override void ProcessRecord()
    {
        if ((Sandbox is null ? RunningSandbox.OfThisRunspace : RunningSandbox.Of(Sandbox)) is not { } running)
            return;
        running.Forget();
        Submit(_ => running.StopAsync());
    }
}
