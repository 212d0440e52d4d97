using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Base of the cmdlets that read one cluster, those of a pattern, or all.</summary>
public abstract class FleetCmdlet : CrdbClusterCmdlet
{
    /// <summary>
    /// The cluster: an object from Get-CrdbCluster or another cmdlet of this module, a name, a UUID or a console URL.
    /// Wildcards match names. Default: all clusters whose plan has CMEK.
    /// </summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ClusterIdentityTransformation]
    [ArgumentCompleter(typeof(ClusterNameCompleter))]
    public override CrdbClusterIdentity[] Cluster { get; set; } = [];

    private protected sealed override bool AcceptsPatterns => true;

    private protected override IEnumerable<CrdbClusterIdentity> Inputs() =>
        MyInvocation.BoundParameters.ContainsKey(nameof(Cluster)) ? Cluster : [new CrdbClusterIdentity("*")];
}
