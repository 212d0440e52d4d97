using System.Management.Automation;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Ends a connection to CockroachDB Cloud and forgets its API key.</summary>
/// <remarks>
/// <para>Without -Session, ends the connection of this runspace. It is no error when there is none.</para>
/// </remarks>
/// <example>
/// <para>Ends the connection of this runspace.</para>
/// <code>Disconnect-CrdbCloud</code>
/// </example>
[Cmdlet(VerbsCommunications.Disconnect, "CrdbCloud")]
public sealed class DisconnectCrdbCloudCommand : CrdbCmdlet
{
    /// <summary>The connection to end, as Connect-CrdbCloud returned it.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ValidateNotNull]
    public CrdbSession? Session { get; set; }

    /// <summary>Forgets the session.</summary>
    protected override void ProcessRecord() =>
        (Session is null ? CloudSession.OfThisRunspace : CloudSession.Of(Session))?.Disconnect();
}
