using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core.Manifest;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Writes a manifest to a JSON or YAML file.</summary>
/// <remarks>
/// <para>The format follows the file extension (.json, .yml, .yaml), or -Format. A manifest that was read from a file
/// of the same format is written as the same document. Each file holds one manifest. If the path is a folder, each
/// cluster gets a file with its name.</para>
/// </remarks>
/// <example>
/// <para>Keeps the manifest in force under version control.</para>
/// <code>Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion | New-CrdbCmekManifest |
///     Export-CrdbCmekManifest ./prod-eu.yml -Force</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/managing-cmek">
/// Manage CMEK for CockroachDB Advanced
/// </seealso>
[Cmdlet(
    VerbsData.Export,
    "CrdbCmekManifest",
    SupportsShouldProcess = true,
    DefaultParameterSetName = PathSet,
    HelpUri = "https://www.cockroachlabs.com/docs/cockroachcloud/managing-cmek"
)]
[OutputType(typeof(CmekManifest))]
public sealed class ExportCrdbCmekManifestCommand : CrdbCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";
    private readonly HashSet<string> _written = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The manifest to write.</summary>
    [Parameter(
        Mandatory = true,
        ValueFromPipeline = true,
        HelpMessage = "A manifest, as New-CrdbCmekManifest returns it."
    )]
    [ValidateNotNull]
    [ManifestTransformation]
    [ArgumentCompleter(typeof(ManifestCompleter))]
    public CmekManifest? InputObject { get; set; }

    /// <summary>The file to write, or an existing folder.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, HelpMessage = "Path of the file.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ManifestFileCompleter))]
    public string Path { get; set; } = "";

    /// <summary>The file to write, or an existing folder. Wildcard characters are taken literally.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, HelpMessage = "Path of the file.")]
    [Alias("PSPath")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ManifestFileCompleter))]
    public string LiteralPath { get; set; } = "";

    /// <summary>Json or Yaml. Default: the format of the file extension, or else that of the manifest.</summary>
    [Parameter]
    public CmekManifestFormat? Format { get; set; }

    /// <summary>Overwrites an existing file.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Returns the manifest after it was written.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <summary>Writes the manifest.</summary>
    protected override void ProcessRecord()
    {
        var manifest = InputObject!;
        try
        {
            var file = ManifestFiles.Target(this, Path.Length > 0 ? Path : LiteralPath, manifest, Format);
            var text = ManifestWriter.Write(manifest, ManifestFiles.FormatOf(file, Format, manifest));
            if (!ShouldProcess(file, "Write CMEK manifest"))
                return;
            ManifestFiles.Write(file, text, overwrite: Force.IsPresent, first: _written.Add(file));
            if (PassThru.IsPresent)
                WriteObject(manifest);
        }
        catch (CmekException error)
        {
            WriteFailure(error);
        }
    }
}
