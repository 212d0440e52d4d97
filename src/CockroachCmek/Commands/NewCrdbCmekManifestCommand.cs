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
public sealed class NewCrdbCmekManifestCommand : CrdbClusterCmdlet
{
    private object? _builder;

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

    /// <summary>Reports every cluster that has regions without a key.</summary>
    protected override void EndProcessing()
    {
        base.EndProcessing();
        foreach (var error in Builder().Complete())
            WriteFault(error);
    }

    private protected override Func<CloudSession, CrdbCluster, Operation, Task> Prepare()
    {
        var builder = Builder();
        var (region, keyUri, principal) = (Region, KeyUri, AuthPrincipal);
        return (_, cluster, operation) =>
        {
            // Clusters may be worked on side by side; the builder is shared.
            lock (builder)
                if (builder.Add(cluster, region, keyUri, principal, operation.Source as CmekKey) is { } manifest)
                    operation.Output(manifest);
            return Task.CompletedTask;
        };
    }

    // An object: a field of a Core type would load Core, and the SDKs with it, at import.
    private ManifestBuilder Builder() => (ManifestBuilder)(_builder ??= Cloud().ManifestBuilder());
}
