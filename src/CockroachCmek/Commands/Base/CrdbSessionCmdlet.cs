using System.Management.Automation;
using CockroachCmek.Core;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Base of the cmdlets that use a session.</summary>
public abstract class CrdbSessionCmdlet : CrdbCmdlet
{
    /// <summary>The session to use, as Connect-CrdbCloud returned it. Default: the session of this runspace.</summary>
    [Parameter]
    [ValidateNotNull]
    public CrdbSession? Session { get; set; }

    /// <summary>Fails at once if there is no session.</summary>
    protected override void BeginProcessing() => _ = Cloud();

    private protected CloudSession Cloud()
    {
        var found = Session is null ? CloudSession.OfThisRunspace : CloudSession.Of(Session);
        if (found is null)
            ThrowTerminatingError(
                ErrorRecords.From(Session is null ? Errors.NotConnected() : Errors.SessionEnded(Session.ToString()))
            );
        if (found!.Ended.IsCancellationRequested)
            ThrowTerminatingError(ErrorRecords.From(Errors.SessionEnded(found.Session.ToString())));
        return found;
    }

    /// <summary>
    /// Starts work that uses the session. It fails with SessionEnded when another runspace disconnects the session.
    /// </summary>
    private protected void Submit(
        CloudSession session,
        Func<Operation, Task> work,
        bool planOnly = false,
        int throttleLimit = 1,
        object? source = null
    ) =>
        Submit(
            async operation =>
            {
                using var ends = session.Ended.Register(operation.Cancel);
                try
                {
                    await work(operation);
                }
                catch (Exception) when (session.Ended.IsCancellationRequested)
                {
                    // A call in progress fails in many ways when its client is disposed; all of them have this cause.
                    throw Errors.SessionEnded(session.Session.ToString());
                }
            },
            planOnly,
            throttleLimit,
            source
        );
}
