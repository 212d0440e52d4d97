using System.Management.Automation;

namespace CockroachCmek.Commands;

/// <summary>Gets the current session of this runspace.</summary>
/// <remarks>
/// <para>Returns the session that Connect-CrdbCloud or Start-CrdbSandbox opened last in this runspace. Pass it to
/// -Session in another runspace, for example in ForEach-Object -Parallel. Fails with NotConnected if there is no
/// session, and with SessionEnded if another runspace has disconnected it.</para>
/// </remarks>
/// <example>
/// <para>Keeps the session for later commands.</para>
/// <code>$session = Get-CrdbSession
/// Get-CrdbCmek prod-eu-old -Session $session</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/managing-access">
/// Manage access to CockroachDB Cloud
/// </seealso>
[Cmdlet(VerbsCommon.Get, "CrdbSession", HelpUri = "https://www.cockroachlabs.com/docs/cockroachcloud/managing-access")]
[OutputType(typeof(CrdbSession))]
public sealed class GetCrdbSessionCommand : CrdbSessionCmdlet
{
    /// <summary>Returns the session.</summary>
    protected override void ProcessRecord() => WriteObject(Cloud().Session);
}
