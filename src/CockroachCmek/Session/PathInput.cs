using System.Collections;
using System.IO;
using System.Management.Automation;

namespace CockroachCmek.Session;

/// <summary>
/// Refuses objects that are neither a path nor a file: the engine would take their text for a path. Files bind by their
/// property PSPath.
/// </summary>
internal sealed class PathInputAttribute : ArgumentTransformationAttribute
{
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) =>
        PipedObject.Unwrap(inputData) switch
        {
            null or string or IList or FileSystemInfo or PathInfo => inputData,
            _ when PSObject.AsPSObject(inputData).Properties["PSPath"] is not null => inputData,
            CmekManifest => throw new ArgumentTransformationMetadataException(
                "The object is a manifest already. Pipe it to Test-CrdbCmekManifest or Enable-CrdbCmek."
            ),
            var other => throw new ArgumentTransformationMetadataException(
                $"An object of the type {other.GetType().Name} does not name a file. Give a path, or pipe files from "
                    + "Get-ChildItem."
            ),
        };
}
