using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Base of the cmdlets that use a session.</summary>
public abstract class CrdbSessionCmdlet : CrdbCmdlet
{
    /// <summary>
    /// The session to use, as Connect-CrdbCloud returned it. Objects that are returned keep it: the next cmdlet of the
    /// pipeline uses it too. Default: the session of the piped object, or else that of this runspace.
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    [SessionTransformation]
    [ArgumentCompleter(typeof(SessionCompleter))]
    public CrdbSession? Session { get; set; }

    /// <summary>Fails at once if there is no session. Objects of the pipeline may bring theirs.</summary>
    protected override void BeginProcessing()
    {
        if (Session is not null || !MyInvocation.ExpectingInput)
            _ = Cloud();
    }

    private protected CloudSession Cloud()
    {
        var found = Session is null ? CloudSession.OfThisRunspace : CloudSession.Of(Session);
        if (found is null)
            ThrowTerminatingError(
                ErrorRecords.From(Session is null ? Errors.NotConnected() : Errors.SessionEnded(Session.ToString()))
            );
        return InUse(found!);
    }

    /// <summary>
    /// The session for a cluster: that of -Session, or that of the cmdlet which returned the object for its -Session,
    /// or that of the runspace.
    /// </summary>
    private protected CloudSession CloudOf(CrdbCluster? cluster) =>
        Session is null && CloudSession.KeptBy(cluster) is { } kept ? InUse(kept) : Cloud();

    /// <summary>True when the clusters that are returned keep the session.</summary>
    private protected bool IsKept(CloudSession session, CrdbCluster? cluster) =>
        Session is not null || ReferenceEquals(CloudSession.KeptBy(cluster), session);

    private CloudSession InUse(CloudSession session)
    {
        if (session.Ended.IsCancellationRequested)
            ThrowTerminatingError(ErrorRecords.From(Errors.SessionEnded(session.Session.ToString())));
        return session;
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
                operation.Shown = session.Memory.Add;
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
