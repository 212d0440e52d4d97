using System.Management.Automation;

namespace CockroachCmek.Session;

/// <summary>
/// Explains why a session from a job or a remote session is refused: it has no connections and no secrets any more.
/// </summary>
internal sealed class SessionTransformationAttribute : ArgumentTransformationAttribute
{
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) =>
        PipedObject.Of(inputData)?.Type == typeof(CrdbSession).FullName
            ? throw new ArgumentTransformationMetadataException(
                "A session cannot be passed to another process, because its secrets stay in its own. Use "
                    + "Connect-CrdbCloud in this process. ForEach-Object -Parallel and Start-ThreadJob run in the "
                    + "process of their caller and can use its session."
            )
            : inputData;
}
