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
        if (value is not IEnumerable many || value is string or IDictionary)
            return Identity(inputData);
        return many.Cast<object>().Select(Identity).ToArray();
    }

    /// <summary>The cluster that an object names.</summary>
    /// <exception cref="ArgumentTransformationMetadataException">It names none.</exception>
    internal static CrdbClusterIdentity Identity(object? input)
    {
        var value = Unwrap(input);
        if (Belonging(value) is { } identity)
            return identity;
        var piped = PipedObject.Of(input) ?? throw new ArgumentTransformationMetadataException(NamesNoCluster(value));
        if (Rehydrated(piped) is { } made && Belonging(made) is { } belonging)
            return belonging;
        var named = Parse(
            piped.Cluster
                ?? throw new ArgumentTransformationMetadataException(
                    "The object does not name a cluster. It needs one of the properties ClusterId, Id, ClusterName, "
                        + "Cluster or Name."
                )
        );
        return piped.IsPlanned ? named.AsPlanned() : named;
    }

    private static string NamesNoCluster(object? value) =>
        value switch
        {
            null => "$null does not name a cluster.",
            // The engine reads digits as a number and drops zeros at their beginning.
            int or long or double or decimal => $"The number {value} does not name a cluster. Put digits in quotes.",
            _ => $"An object of the type {value.GetType().Name} does not name a cluster.",
        } + " Use a name, a UUID, a console URL, or an object with a ClusterId.";

    private static CrdbClusterIdentity? Belonging(object? value) =>
        value switch
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
            _ => null,
        };

    private static object? Rehydrated(PipedObject piped)
    {
        try
        {
            return Rehydration.Object(piped);
        }
        catch (PSInvalidCastException error)
        {
            throw new ArgumentTransformationMetadataException(error.Message, error);
        }
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

    private static object? Unwrap(object? input) => input is PSObject wrapped ? wrapped.BaseObject : input;
}
