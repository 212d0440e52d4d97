using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core.Manifest;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Combines the keys of a cluster into its manifest.</summary>
/// <remarks>
/// <para>Accepts the output of New-CrdbCmekKey for any number of clusters, and returns the manifest of a cluster as
/// soon as all of its regions have a key. A cluster with a region that has no key is an error that names the region,
/// because CockroachDB Cloud would refuse the manifest. Nothing is sent.</para>
/// <para>Rows with the columns ClusterId, Region, KeyUri and AuthPrincipal work as well, for example from a CSV
/// file.</para>
/// </remarks>
/// <example>
/// <para>Creates role, keys and manifest, and keeps the manifest in a file.</para>
/// <code>Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion | New-CrdbCmekManifest |
///     Export-CrdbCmekManifest ./cmek_config.json</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/managing-cmek">
/// Manage CMEK for CockroachDB Advanced
/// </seealso>
[Cmdlet(
    VerbsCommon.New,
    "CrdbCmekManifest",
    HelpUri = "https://www.cockroachlabs.com/docs/cockroachcloud/managing-cmek"
)]
[OutputType(typeof(CmekManifest))]
public sealed class NewCrdbCmekManifestCommand : CrdbClusterCmdlet
{
    private object? _builder;

    /// <summary>Region of the cluster that uses the key.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Needs]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RegionCompleter))]
    [Trimmed]
    public string Region { get; set; } = "";

    /// <summary>The key: on AWS an ARN, on Google Cloud a resource name, on Azure a Key Identifier.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Needs]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(KeyUriCompleter))]
    [Trimmed]
    public string KeyUri { get; set; } = "";

    /// <summary>
    /// The identity that may use the key, as New-CrdbCmekRole returns it: on AWS the ARN of the cross-account role, on
    /// Google Cloud the e-mail address of the service account, on Azure the tenant id.
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Needs]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PrincipalCompleter))]
    [Trimmed]
    public string AuthPrincipal { get; set; } = "";

    private protected override string Between => "New-CrdbCmekRole | New-CrdbCmekKey";

    /// <summary>Reports every cluster that has regions without a key.</summary>
    protected override void EndProcessing()
    {
        base.EndProcessing();
        foreach (var error in Builder().Complete())
            WriteFailure(error);
    }

    private protected override Func<CloudSession, CrdbCluster, Operation, Task> Prepare()
    {
        var builder = Builder();
        var (region, keyUri, principal) = (Region, KeyUri, AuthPrincipal);
        return (_, cluster, operation) =>
        {
            // Clusters are worked on in parallel and share the builder.
            lock (builder)
                if (
                    builder.Add(cluster, region, keyUri, principal, operation.Source as CmekKey, operation.PlanOnly) is
                    { } manifest
                )
                    operation.Output(manifest);
            return Task.CompletedTask;
        };
    }

    // Typed as object, because a field of a Core type would load Core and the SDKs at import.
    private ManifestBuilder Builder() => (ManifestBuilder)(_builder ??= Cloud().ManifestBuilder());
}
