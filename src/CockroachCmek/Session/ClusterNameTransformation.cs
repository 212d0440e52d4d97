using System.Collections;
using System.Management.Automation;

namespace CockroachCmek.Session;

/// <summary>
/// Takes the name or id from the rows of a list, so that <c>Import-Csv clusters.csv | Get-CrdbCluster</c> works, and
/// from objects of this module. A text that is not empty stays as it is: it may be a pattern.
/// </summary>
internal sealed class ClusterNameTransformationAttribute : ArgumentTransformationAttribute
{
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) =>
        Unwrap(inputData) is IEnumerable many and not string and not IDictionary
            ? many.Cast<object?>().Select(Name).ToArray()
            : Name(inputData);

    private static string Name(object? input)
    {
        var identity = ClusterIdentityTransformationAttribute.Identity(input);
        return identity.Source is null ? identity.Text : identity.Id ?? identity.Text;
    }

    private static object? Unwrap(object? input) => input is PSObject wrapped ? wrapped.BaseObject : input;
}
