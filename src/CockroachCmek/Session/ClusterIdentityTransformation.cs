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
            _ => Deserialized(
                input,
                PropertyOf(input, "ClusterId")?.ToString()
                    ?? PropertyOf(input, "Id")?.ToString()
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

    /// <summary>
    /// A job, a remote session or a CSV file keeps the properties of an object, not its type. One that is only planned
    /// stays so.
    /// </summary>
    private static CrdbClusterIdentity Deserialized(object input, string id)
    {
        var isPlanned = PropertyOf(input, nameof(IPlannable.IsPlanned)) switch
        {
            bool value => value,
            string text => bool.TryParse(text, out var value) && value,
            _ => false,
        };
        return isPlanned ? Parse(id).AsPlanned() : Parse(id);
    }

    private static object? PropertyOf(object input, string name) =>
        Unwrap(PSObject.AsPSObject(input).Properties[name]?.Value);

    private static object? Unwrap(object? input) => input is PSObject wrapped ? wrapped.BaseObject : input;
}
