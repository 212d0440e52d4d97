using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core.Clouds;
using CockroachCmek.Core.Manifest;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Reads a manifest from a JSON or YAML file.</summary>
/// <remarks>
/// <para>Reads strictly, and reports all problems at once, each with its line and column: misspelled fields, duplicate
/// regions, placeholders that were not replaced, key types that must not be sent. Export-CrdbCmekManifest writes the
/// same document again. No session is needed unless -Cluster is given.</para>
/// </remarks>
/// <example>
/// <para>Checks a file against its cluster.</para>
/// <code>Import-CrdbCmekManifest ./cmek_config.json -Cluster prod-eu | Test-CrdbCmekManifest</code>
/// </example>
/// <example>
/// <para>Converts the YAML of the documentation into the JSON that the API accepts.</para>
/// <code>Import-CrdbCmekManifest ./cmek_config.yml | Export-CrdbCmekManifest ./from_yaml.json -Force</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/managing-cmek">
/// Manage CMEK for CockroachDB Advanced
/// </seealso>
[Cmdlet(
    VerbsData.Import,
    "CrdbCmekManifest",
    DefaultParameterSetName = PathSet,
    HelpUri = "https://www.cockroachlabs.com/docs/cockroachcloud/managing-cmek"
)]
[OutputType(typeof(CmekManifest))]
public sealed class ImportCrdbCmekManifestCommand : CrdbSessionCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    /// <summary>Files to read, at most 1 MB each. Wildcards are allowed.</summary>
    [Parameter(
        Mandatory = true,
        Position = 0,
        ValueFromPipeline = true,
        ParameterSetName = PathSet,
        HelpMessage = "Path of the manifest."
    )]
    [SupportsWildcards]
    [PathInput]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ManifestFileCompleter))]
    public string[] Path { get; set; } = [];

    /// <summary>Files to read, at most 1 MB each. Wildcard characters are taken literally.</summary>
    [Parameter(
        Mandatory = true,
        ValueFromPipelineByPropertyName = true,
        ParameterSetName = LiteralPathSet,
        HelpMessage = "Path of the manifest."
    )]
    [Alias("PSPath")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ManifestFileCompleter))]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>
    /// The cluster that the manifest is for, since a file does not name one. Keys of another cloud are refused. The
    /// cluster can also be given to Enable-CrdbCmek.
    /// </summary>
    [Parameter]
    [ClusterIdentityTransformation]
    [ArgumentCompleter(typeof(ClusterNameCompleter))]
    public CrdbClusterIdentity? Cluster { get; set; }

    /// <summary>A session is needed only to find the cluster.</summary>
    protected override void BeginProcessing()
    {
        if (Cluster is not null)
            base.BeginProcessing();
    }

    /// <summary>Reads each file.</summary>
    protected override void ProcessRecord()
    {
        var reader = new ManifestReader(CustomerClouds.All);
        foreach (var file in ManifestFiles.Resolve(this, Path, LiteralPath))
        {
            if (Cluster is not { } identity)
            {
                Submit(operation =>
                {
                    operation.Output(reader.ReadFile(file));
                    return Task.CompletedTask;
                });
                continue;
            }

            var session = Cloud();
            Submit(session, async operation =>
            {
                var cluster = await session.Clusters.ResolveAsync(identity, operation.Context(session.Time));
                operation.Output(reader.ForCluster(reader.ReadFile(file), cluster));
            });
        }
    }
}
