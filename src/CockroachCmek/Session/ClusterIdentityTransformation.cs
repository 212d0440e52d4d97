using System.Collections;
using System.Management.Automation;

namespace CockroachCmek.Session;

/// <summary>
/// Converts text, a UUID, or any object of this module that belongs to a cluster into a cluster identity. The object
/// may be deserialized.
/// </summary>
internal sealed class ClusterIdentityTransformationAttribute : ArgumentTransformationAttribute
{
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = Unwrap(inputData);
        if (value is not IEnumerable many || value is string)
            return Identity(inputData);
        return many.Cast<object>().Select(Identity).ToArray();
    }

    private static CrdbClusterIdentity Identity(object input)
    {
        var value = Unwrap(input);
        return value switch
        {
            CrdbClusterIdentity identity => identity,
            CrdbCluster cluster => new CrdbClusterIdentity(cluster),
            CmekRole role => new CrdbClusterIdentity(role.Cluster, role),
            CmekKey key => new CrdbClusterIdentity(key.Cluster, key),
            CmekInfo info => new CrdbClusterIdentity(info.Cluster, info),
            CmekRevocation revocation => new CrdbClusterIdentity(revocation.Cluster, revocation),
            CmekManifest { Cluster: { } cluster } manifest => new CrdbClusterIdentity(cluster, manifest),
            CmekManifest => throw new ArgumentTransformationMetadataException(
                "This manifest was read from a file, which does not name a cluster. Use -Cluster."
            ),
            string text => Parse(text),
            Guid id => new CrdbClusterIdentity(id),
            Uri url => Parse(url.OriginalString),
            _ => Parse(
                PropertyOf(input)
                    ?? throw new ArgumentTransformationMetadataException(
                        $"A {value?.GetType().Name ?? "null"} does not name a cluster. "
                            + "Use a name, a UUID, a console URL, or an object with a ClusterId."
                    )
            ),
        };
    }

    private static CrdbClusterIdentity Parse(string text)
    {
        try
        {
            return new CrdbClusterIdentity(text);
        }
        catch (ArgumentException error)
        {
            throw new ArgumentTransformationMetadataException(error.Message, error);
        }
    }

    /// <summary>The id of a deserialized object: a job or remote session keeps its properties, not its type.</summary>
    private static string? PropertyOf(object input)
    {
        var properties = PSObject.AsPSObject(input).Properties;
        return (properties["ClusterId"] ?? properties["Id"])?.Value?.ToString();
    }

    private static object? Unwrap(object? input) => input is PSObject wrapped ? wrapped.BaseObject : input;
}
