using System.Management.Automation;
using CockroachCmek.Core;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Base of the cmdlets that talk to CockroachDB Cloud: it adds the session.</summary>
public abstract class CrdbSessionCmdlet : CrdbCmdlet
{
    /// <summary>The connection to use, as Connect-CrdbCloud returned it. Without it, the connection of this runspace is used.</summary>
    [Parameter]
    [ValidateNotNull]
    public CrdbSession? Session { get; set; }

    /// <summary>Looks for the session: without one nothing can work.</summary>
    protected override void BeginProcessing() => _ = Cloud();

    private protected CloudSession Cloud()
    {
        var found = Session is null ? CloudSession.OfThisRunspace : CloudSession.Of(Session);
        if (found is null)
            ThrowTerminatingError(
                ErrorRecords.From(Session is null ? Errors.NotConnected() : Errors.SessionEnded(Session.ToString()))
            );
        return found!;
    }

    /// <summary>Finds the cluster that an identity names, and does the work for it.</summary>
    private protected void ForEachCluster(
        IEnumerable<CrdbClusterIdentity> identities,
        int throttleLimit,
        Func<CloudSession, CrdbCluster, Operation, Task> work
    )
    {
        var cloud = Cloud();
        foreach (var identity in identities)
        {
            Submit(
                async operation =>
                    await work(
                        cloud,
                        await cloud.Clusters.ResolveAsync(identity, operation.Context(cloud.Time)),
                        operation
                    ),
                IsPlanned(identity.Source),
                throttleLimit,
                identity.Source
            );
        }
    }

    /// <summary>A plan stays a plan along the pipe: what hangs on an object that does not exist yet is not written either.</summary>
    private static bool IsPlanned(object? source) =>
        source switch
        {
            CmekRole role => role.IsPlanned,
            CmekKey key => key.IsPlanned,
            CmekManifest manifest => manifest.IsPlanned,
            CmekInfo info => info.IsPlanned,
            CmekRevocation revocation => revocation.IsPlanned,
            _ => false,
        };
}
