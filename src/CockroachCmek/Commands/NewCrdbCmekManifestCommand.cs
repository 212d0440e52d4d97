using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core.Manifest;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Puts keys together into the manifest of their cluster: one region spec for each region.</summary>
/// <remarks>
/// <para>Takes what New-CrdbCmekKey returns, for any number of clusters, and emits the manifest of a cluster as soon as all of its regions
/// have a key. A cluster that is left without a key for one of its regions is an error that names the region: CockroachDB Cloud would
/// refuse it too.</para>
/// <para>Rows with the columns ClusterId, Region, KeyUri and AuthPrincipal, for example of a CSV file, work as well.</para>
/// </remarks>
/// <example>
/// <para>Makes role, keys and manifest, and keeps the manifest as a file.</para>
/// <code>Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion | New-CrdbCmekManifest | Export-CrdbCmekManifest ./cmek_config.json</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/managing-cmek">Manage CMEK for CockroachDB Advanced</seealso>
[Cmdlet(VerbsCommon.New, "CrdbCmekManifest")]
[OutputType(typeof(CmekManifest))]
public sealed class NewCrdbCmekManifestCommand : CrdbSessionCmdlet
{
    private object? _builder;

    /// <summary>The cluster: a key from New-CrdbCmekKey, an object with a ClusterId, a name, a UUID or a console URL.</summary>
    [Parameter(
        Mandatory = true,
        Position = 0,
        ValueFromPipeline = true,
        HelpMessage = "Name, UUID or console URL of the cluster."
    )]
    [ClusterIdentityTransformation]
    [ArgumentCompleter(typeof(ClusterNameCompleter))]
    public CrdbClusterIdentity[] Cluster { get; set; } = [];

    /// <summary>The cluster's region that uses the key.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, HelpMessage = "Region of the cluster.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RegionCompleter))]
    public string Region { get; set; } = "";

    /// <summary>The key: an AWS key ARN.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, HelpMessage = "ARN of the key.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(KeyUriCompleter))]
    public string KeyUri { get; set; } = "";

    /// <summary>The identity that may use the key: on AWS the ARN of the cross-account role.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, HelpMessage = "ARN of the role.")]
    [ValidateNotNullOrEmpty]
    public string AuthPrincipal { get; set; } = "";

    /// <summary>Adds the key to its cluster's manifest, and emits the manifest when it is complete.</summary>
    protected override void ProcessRecord()
    {
        var builder = Builder;
        var (region, keyUri, principal) = (Region, KeyUri, AuthPrincipal);
        ForEachCluster(Cluster, throttleLimit: 1, (_, cluster, operation) =>
        {
            if (builder.Add(cluster, region, keyUri, principal, operation.Source as CmekKey) is { } manifest)
                operation.Output(manifest);
            return Task.CompletedTask;
        });
    }

    /// <summary>Names the clusters that are still incomplete.</summary>
    protected override void EndProcessing()
    {
        base.EndProcessing();
        foreach (var fault in Builder.Complete())
            WriteFault(fault);
    }

    private ManifestBuilder Builder => (ManifestBuilder)(_builder ??= new ManifestBuilder());
}
