using System.Collections;
using System.Management.Automation;

namespace CockroachCmek.Session;

/// <summary>
/// Takes the name or id from the rows of a list, so that <c>Import-Csv clusters.csv | Get-CrdbCluster</c> works. Text
/// stays as it is.
/// </summary>
internal sealed class ClusterNameTransformationAttribute : ArgumentTransformationAttribute
{
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) =>
        Unwrap(inputData) is IEnumerable many and not string and not IDictionary
            ? many.Cast<object?>().Select(Name).ToArray()
            : Name(inputData);

    private static object? Name(object? input) =>
        Unwrap(input) is CrdbCluster cluster ? cluster.Id : PipedObject.Of(input)?.Cluster ?? input;

    private static object? Unwrap(object? input) => input is PSObject wrapped ? wrapped.BaseObject : input;
}
