using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Ends a session and forgets its API key.</summary>
/// <remarks>
/// <para>Ends the session of this runspace, or the one given by -Session. Work that uses the session in any runspace
/// stops with the error SessionEnded; requests that were already sent continue in the cloud. Does nothing if there is
/// no session.</para>
/// </remarks>
/// <example>
/// <para>Ends the session of this runspace.</para>
/// <code>Disconnect-CrdbCloud</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/managing-access">
/// Manage access to CockroachDB Cloud
/// </seealso>
[Cmdlet(
    VerbsCommunications.Disconnect,
    "CrdbCloud",
    HelpUri = "https://www.cockroachlabs.com/docs/cockroachcloud/managing-access"
)]
public sealed class DisconnectCrdbCloudCommand : CrdbCmdlet
{
    /// <summary>The session to end, as Connect-CrdbCloud returned it. Default: the session of this runspace.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ValidateNotNull]
    [SessionTransformation]
    [ArgumentCompleter(typeof(SessionCompleter))]
    public CrdbSession? Session { get; set; }

    /// <summary>Ends the session.</summary>
    protected override void ProcessRecord() =>
        (Session is null ? CloudSession.OfThisRunspace : CloudSession.Of(Session))?.Disconnect();
}
