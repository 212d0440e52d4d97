using System.Security.Cryptography;
using System.Text;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>Names and tags of what the module makes in Azure: the one place, so that a second run finds what the first has made.</summary>
internal static class AzureNames
{
    public const string ClusterIdTag = "crdb:cluster-id";
    public const string ClusterNameTag = "crdb:cluster-name";
    public const string ManagedByTag = "crdb:managed-by";
    public const string ManagedBy = "CockroachCmek";

    /// <summary>On a new key: the key that it is to replace, until its name is settled.</summary>
    public const string ReplacesTag = "crdb:replaces";

    /// <summary>On an old key: the key that has taken its place. Keys of a vault cannot be renamed, so the name leads on.</summary>
    public const string ReplacedByTag = "crdb:replaced-by";

    /// <summary>Any namespace will do for UUIDs of version 5, if it never changes.</summary>
    private static readonly Guid AssignmentNamespace = new("5b1f0ec2-7d61-4c60-9f0f-6c9d3a1f6e57");

    /// <summary>Name of the key.</summary>
    public static string Default(CrdbCluster cluster) =>
        $"crdb-cmek-{cluster.Id.Substring(Math.Max(0, cluster.Id.Length - 12))}";

    /// <summary>Names of keys that take the place of others: the default one first, where it is free.</summary>
    public static IEnumerable<string> Series(CrdbCluster cluster) =>
        Enumerable.Range(1, 1_000).Select(n => n == 1 ? Default(cluster) : $"{Default(cluster)}-r{n}");

    /// <summary>What Cockroach Labs calls the application of a cluster (managing-cmek.md, step 1).</summary>
    public static string Application(CrdbCluster cluster) => $"CockroachDB Cloud - {cluster.Id}";

    public static IReadOnlyDictionary<string, string> Tags(
        CrdbCluster cluster,
        IReadOnlyDictionary<string, string> further
    )
    {
        var tags = new Dictionary<string, string>
        {
            [ClusterIdTag] = cluster.Id,
            [ClusterNameTag] = cluster.Name,
            [ManagedByTag] = ManagedBy,
        };
        foreach (var tag in further)
            tags[tag.Key] = tag.Value;
        return tags;
    }

    /// <summary>The id of an assignment, the same for every run: making it again changes nothing.</summary>
    public static string AssignmentId(string scope, string roleId, string principalId) =>
        $"{scope}/providers/Microsoft.Authorization/roleAssignments/{Uuid5(AssignmentNamespace, $"{scope}|{roleId}|{principalId}".ToLowerInvariant()):D}";

    /// <summary>RFC 9562, version 5.</summary>
    internal static Guid Uuid5(Guid space, string name)
    {
        // .NET keeps the first three fields of a Guid in the machine's order, the RFC in the network's.
#pragma warning disable CA5350 // A name, not a secret: version 5 is made of SHA-1.
        byte[] input = [.. Swapped(space.ToByteArray()), .. Encoding.UTF8.GetBytes(name)];
#if NET
        var hash = SHA1.HashData(input);
#else
        using var sha1 = SHA1.Create();
        var hash = sha1.ComputeHash(input);
#endif
#pragma warning restore CA5350
        var id = hash.Take(16).ToArray();
        id[6] = (byte)((id[6] & 0x0f) | 0x50);
        id[8] = (byte)((id[8] & 0x3f) | 0x80);
        return new Guid(Swapped(id));
    }

    private static byte[] Swapped(byte[] id) => [id[3], id[2], id[1], id[0], id[5], id[4], id[7], id[6], .. id.Skip(8)];
}
