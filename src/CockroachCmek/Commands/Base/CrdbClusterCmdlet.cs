using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core;
using CockroachCmek.Core.Http;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Base of the cmdlets that do the same work for each cluster of the pipeline, several at once.</summary>
public abstract class CrdbClusterCmdlet : CrdbSessionCmdlet
{
    /// <summary>The command that replaces each connection parameter of version 0.2.0.</summary>
    private static readonly Dictionary<string, string> Moved = new(StringComparer.OrdinalIgnoreCase)
    {
        [nameof(ProfileName)] = "Connect-CrdbCloud -AwsProfile <profile>",
        [nameof(VaultAddress)] =
            "Connect-CrdbCloud -VaultAddress <address> -VaultToken (Read-Host -AsSecureString 'Vault token')",
        [nameof(VaultToken)] =
            "Connect-CrdbCloud -VaultAddress <address> -VaultToken (Read-Host -AsSecureString 'Vault token')",
        [nameof(VaultNamespace)] = "Connect-CrdbCloud -VaultNamespace <namespace>",
        [nameof(VaultMount)] = "Connect-CrdbCloud -VaultMount <mount>",
        [nameof(VaultCaCertificate)] = "Connect-CrdbCloud -VaultCaCertificate <file>",
        [nameof(VaultCloudCredential)] = "Connect-CrdbCloud -VaultCloudCredential <credential>",
        [nameof(VaultServiceAccountFile)] = "Connect-CrdbCloud -VaultServiceAccountFile <file>",
    };

    /// <summary>
    /// The cluster: an object from Get-CrdbCluster or another cmdlet of this module, a name, a UUID or a console URL.
    /// </summary>
    [Parameter(
        Mandatory = true,
        Position = 0,
        ValueFromPipeline = true,
        HelpMessage = "Name, UUID or console URL of the cluster."
    )]
    [ClusterIdentityTransformation]
    [ArgumentCompleter(typeof(ClusterNameCompleter))]
    public virtual CrdbClusterIdentity[] Cluster { get; set; } = [];

    /// <summary>Number of clusters to work on in parallel. Default: 5.</summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 5;

    /// <summary>Moved to Connect-CrdbCloud -AwsProfile.</summary>
    [Parameter(DontShow = true)]
    public object? ProfileName { get; set; }

    /// <summary>Moved to Connect-CrdbCloud -VaultAddress.</summary>
    [Parameter(DontShow = true)]
    public object? VaultAddress { get; set; }

    /// <summary>Moved to Connect-CrdbCloud -VaultToken.</summary>
    [Parameter(DontShow = true)]
    public object? VaultToken { get; set; }

    /// <summary>Moved to Connect-CrdbCloud -VaultNamespace.</summary>
    [Parameter(DontShow = true)]
    public object? VaultNamespace { get; set; }

    /// <summary>Moved to Connect-CrdbCloud -VaultMount.</summary>
    [Parameter(DontShow = true)]
    public object? VaultMount { get; set; }

    /// <summary>Moved to Connect-CrdbCloud -VaultCaCertificate.</summary>
    [Parameter(DontShow = true)]
    public object? VaultCaCertificate { get; set; }

    /// <summary>Moved to Connect-CrdbCloud -VaultCloudCredential.</summary>
    [Parameter(DontShow = true)]
    public object? VaultCloudCredential { get; set; }

    /// <summary>Moved to Connect-CrdbCloud -VaultServiceAccountFile.</summary>
    [Parameter(DontShow = true)]
    public object? VaultServiceAccountFile { get; set; }

    /// <summary>Refuses parameters that have moved to Connect-CrdbCloud, and finds the session.</summary>
    protected override void BeginProcessing()
    {
        foreach (var name in MyInvocation.BoundParameters.Keys)
            if (Moved.TryGetValue(name, out var replacement))
                ThrowTerminatingError(ErrorRecords.From(Errors.ParameterMoved(name, replacement)));
        base.BeginProcessing();
    }

    /// <summary>Starts the work for each cluster of the record.</summary>
    protected override void ProcessRecord()
    {
        if (NeedsAttribute.MissingIn(this) is { Count: > 0 } missing)
        {
            var input = Cluster.Length > 0 ? Cluster[0].Text : "";
            WriteFailure(Errors.InputIncomplete(input, missing, MyInvocation.MyCommand.Name, Between));
            return;
        }

        var work = Prepare();
        var patience = Patience;
        foreach (var identity in Inputs())
        {
            var isPattern = identity.Cluster is null && Wildcards.IsPattern(identity.Text);
            if (isPattern && !AcceptsPatterns)
            {
                WriteFailure(Errors.WildcardNotAccepted(identity.Text, MyInvocation.MyCommand.Name));
                continue;
            }

            var session = CloudOf(identity.Cluster);
            if (isPattern)
                Submit(session, operation => StartMatchesAsync(session, identity.Text, work, operation));
            else
                Start(session, identity, work, patience);
        }
    }

    private void Start(
        CloudSession session,
        CrdbClusterIdentity identity,
        Func<CloudSession, CrdbCluster, Operation, Task> work,
        Patience patience,
        bool isMatch = false
    )
    {
        var keeps = IsKept(session, identity.Cluster);
        var resolve = Resolver(session);
        Submit(
            session,
            async operation =>
            {
                operation.Patience = patience;
                operation.IsMatch = isMatch;
                operation.ClusterName = identity.Cluster?.Name ?? identity.Id ?? identity.Text;
                var cluster = await resolve(identity, operation.Context(session.Time));
                operation.ClusterName = cluster.Name;
                await work(session, keeps ? session.Keeping(cluster) : cluster, operation);
            },
            identity.IsPlanned,
            ThrottleLimit,
            identity.Source
        );
    }

    /// <summary>How the cluster that is meant is found. Called on the pipeline thread.</summary>
    private protected virtual Func<CrdbClusterIdentity, OperationContext, Task<CrdbCluster>> Resolver(
        CloudSession session
    ) => session.Clusters.ResolveAsync;

    /// <summary>Starts the work for every cluster of a pattern whose plan has CMEK.</summary>
    private async Task StartMatchesAsync(
        CloudSession session,
        string pattern,
        Func<CloudSession, CrdbCluster, Operation, Task> work,
        Operation operation
    )
    {
        var wildcard = Wildcards.Parse(pattern);
        var matches = new List<CrdbClusterIdentity>();
        await foreach (
            var cluster in session.Clusters.FindAsync(
                c => wildcard.IsMatch(c.Name),
                includeInactive: false,
                operation.Context(session.Time)
            )
        )
            if (cluster.MayHaveCmek)
                matches.Add(new CrdbClusterIdentity(cluster));
            else
                operation.Verbose($"'{cluster.Name}' is skipped: the plan {cluster.Plan} has no CMEK.");
        if (matches.Count == 0)
            throw Errors.NoClusterMatches(pattern);
        operation.Continue(() =>
        {
            Announce(matches.Count);
            matches.ForEach(match => Start(session, match, work, Patience, isMatch: true));
        });
    }

    /// <summary>Called with the number of clusters that match a pattern, before work on them starts.</summary>
    private protected virtual void Announce(int clusters) { }

    /// <summary>What belongs between Get-CrdbCluster and this cmdlet when an input lacks a parameter.</summary>
    private protected virtual string Between => "";

    /// <summary>True for cmdlets that only read: they take patterns as Get-CrdbCluster does.</summary>
    private protected virtual bool AcceptsPatterns => false;

    /// <summary>How long to wait for services that do not respond, or that ask to wait.</summary>
    private protected virtual Patience Patience => Patience.Usual;

    /// <summary>The clusters of the record.</summary>
    private protected virtual IEnumerable<CrdbClusterIdentity> Inputs() => Cluster;

    /// <summary>
    /// The work for one cluster of the record. Called on the pipeline thread: parameters that bind from the pipeline
    /// are read here, because the engine sets them again while the work runs.
    /// </summary>
    private protected abstract Func<CloudSession, CrdbCluster, Operation, Task> Prepare();

    /// <summary>The cluster of a manifest: -Cluster, or the one that the manifest was made for.</summary>
    private protected IEnumerable<CrdbClusterIdentity> ClusterOf(CmekManifest manifest)
    {
        if (Cluster.Length > 0)
            return [Cluster[0].WithSource(manifest)];
        if (manifest.Cluster is { } cluster)
            return [new CrdbClusterIdentity(cluster, manifest)];
        WriteFailure(Errors.ClusterMissing(manifest.ToString(), MyInvocation.MyCommand.Name));
        return [];
    }
}
