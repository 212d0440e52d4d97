using System.Collections;
using System.Management.Automation;
using CockroachCmek.Core;

namespace CockroachCmek.Session;

/// <summary>
/// Makes a manifest of an object that a job, a remote session, a Clixml or a JSON file has deserialized. For anything
/// else, says which commands make a manifest of it.
/// </summary>
internal sealed class ManifestTransformationAttribute : ArgumentTransformationAttribute
{
    private const string ToManifest = "New-CrdbCmekManifest";
    private const string ToKeys = $"New-CrdbCmekKey | {ToManifest}";
    private const string ToRole = $"New-CrdbCmekRole | {ToKeys}";

    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        // An error variable or ValidateNotNull speaks of null.
        if (PipedObject.Unwrap(inputData) is not { } value || value is CmekManifest)
            return inputData;
        if (PipedObject.Of(inputData) is { } piped && piped.Value(nameof(CmekManifest.RegionSpecs)) is not null)
            try
            {
                return Rehydration.Object(piped, typeof(CmekManifest));
            }
            catch (PSInvalidCastException error)
            {
                throw new ArgumentTransformationMetadataException(error.Message, error);
            }

        throw new ArgumentTransformationMetadataException(Advice(value));
    }

    private static string Advice(object value) =>
        value switch
        {
            IList { Count: > 0 } many when PipedObject.Unwrap(many[0]) is { } first => Advice(first),
            string path when path.Trim().Length > 0 =>
                "A text is not a manifest. To read one from a file: Import-CrdbCmekManifest "
                    + $"{ShellQuote.PowerShell(path)}",
            CrdbCluster cluster => Missing("A cluster", $"Get-CrdbCluster {Quoted(cluster.Name)} | {ToRole}"),
            CmekRole role => Missing("A role", $"Get-CrdbCluster {Quoted(role.ClusterName)} | {ToRole}"),
            CmekKey key => Missing("A key", $"Get-CrdbCluster {Quoted(key.ClusterName)} | New-CrdbCmekRole | {ToKeys}"),
            CmekInfo info => Missing(
                "The state of a cluster",
                $"Get-CrdbCmekKey {Quoted(info.ClusterName)} | Where-Object Use -eq InForce | {ToManifest}"
            ),
            _ => $"An object of the type {value.GetType().Name} is not a manifest. {ToManifest} creates one, and "
                + "Import-CrdbCmekManifest reads one from a file.",
        };

    private static string Missing(string what, string command) =>
        $"{what} is not a manifest. Put {ToManifest}, and what it needs, between: {command}";

    private static string Quoted(string name) => ShellQuote.PowerShell(name);
}
