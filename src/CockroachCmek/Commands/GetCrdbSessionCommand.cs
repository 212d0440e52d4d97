using System.Management.Automation;

namespace CockroachCmek.Commands;

/// <summary>Gets the current session of this runspace.</summary>
/// <remarks>
/// <para>Returns the session that Connect-CrdbCloud or Start-CrdbSandbox made last in this runspace, for -Session in another
/// runspace, for example in ForEach-Object -Parallel.</para>
/// </remarks>
/// <example>
/// <para>Shows the CMEK state of several clusters, each in a runspace of its own.</para>
/// <code>$session = Get-CrdbSession
/// 'prod-eu-old', 'prod-us' | ForEach-Object -Parallel { Get-CrdbCmek $_ -Session $using:session }</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/managing-access">Manage access to CockroachDB Cloud</seealso>
[Cmdlet(VerbsCommon.Get, "CrdbSession")]
[OutputType(typeof(CrdbSession))]
public sealed class GetCrdbSessionCommand : CrdbSessionCmdlet
{
    /// <summary>Returns the session.</summary>
    protected override void ProcessRecord() => WriteObject(Cloud().Session);
}
