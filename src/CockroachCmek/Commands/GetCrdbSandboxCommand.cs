using System.Management.Automation;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Gets the running sandboxes that were started in this runspace.</summary>
/// <remarks>
/// <para>Returns the objects that Start-CrdbSandbox returned, in the order of their start, for a sandbox that was
/// started without a variable. Returns nothing if none is running. Sandboxes of other runspaces and processes are not
/// listed. The credentials are properties of the object and are not displayed.</para>
/// </remarks>
/// <example>
/// <para>Lists the running sandboxes.</para>
/// <code>Get-CrdbSandbox</code>
/// </example>
/// <example>
/// <para>Moves the clock of the sandbox that was started last one day forward.</para>
/// <code>$sandbox = @(Get-CrdbSandbox)[-1]
/// $sandbox.Advance('1.00:00:00')</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/cmek">CMEK overview</seealso>
[Cmdlet(VerbsCommon.Get, "CrdbSandbox", HelpUri = "https://www.cockroachlabs.com/docs/cockroachcloud/cmek")]
[OutputType(typeof(CrdbSandbox))]
public sealed class GetCrdbSandboxCommand : CrdbCmdlet
{
    /// <summary>Returns the sandboxes.</summary>
    protected override void ProcessRecord() => WriteObject(RunningSandbox.AllOfThisRunspace, enumerateCollection: true);
}
