using System.Security.Cryptography;
using System.Text;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// Names and tags of everything the module creates in Azure. A second run finds by them what the first one created.
/// </summary>
internal static class AzureNames
{
    public const string ClusterIdTag = "crdb:cluster-id";
    public const string ClusterNameTag = "crdb:cluster-name";
    public const string ManagedByTag = "crdb:managed-by";
    public const string ManagedBy = "CockroachCmek";

    /// <summary>On a new key: the name of the key that it replaces. Removed once the replacement is complete.</summary>
    public const string ReplacesTag = "crdb:replaces";

    /// <summary>
    /// On an old key: the name of the key that replaced it. Keys cannot be renamed, so the old name leads to the new
    /// one.
    /// </summary>
    public const string ReplacedByTag = "crdb:replaced-by";

    /// <summary>Where the material of a key comes from: one of the marks of <see cref="KeyOrigin"/>.</summary>
    public const string OriginTag = "crdb:origin";

    /// <summary>UUID of the cluster that HashiCorp Vault distributed the key for.</summary>
    public const string VaultClusterTag = "crdb:vault-cluster";

    /// <summary>The namespace of the version 5 UUIDs. Its value is arbitrary, but must never change.</summary>
    private static readonly Guid AssignmentNamespace = new("5b1f0ec2-7d61-4c60-9f0f-6c9d3a1f6e57");

    /// <summary>The default name of a cluster's key.</summary>
    public static string Key(CrdbCluster cluster) =>
        $"crdb-cmek-{cluster.Id.Substring(Math.Max(0, cluster.Id.Length - 12))}";

    /// <summary>
    /// Names for keys that replace others, in the order in which they are tried; the first is the default name.
    /// </summary>
    public static IEnumerable<string> ReplacementKeys(CrdbCluster cluster) =>
        Enumerable.Range(1, 1_000).Select(n => n == 1 ? Key(cluster) : $"{Key(cluster)}-r{n}");

    /// <summary>Cockroach Labs' name for the application of a cluster (managing-cmek.md, step 1).</summary>
    public static string Application(CrdbCluster cluster) => Application(cluster.Id);

    /// <summary>The same, of a cluster whose id alone is known.</summary>
    public static string Application(string clusterId) => $"CockroachDB Cloud - {clusterId}";

    /// <summary>The tags of a key: the module's own and <paramref name="additional"/> ones.</summary>
    public static IReadOnlyDictionary<string, string> Tags(
        CrdbCluster cluster,
        IReadOnlyDictionary<string, string> additional
    )
    {
        var tags = new Dictionary<string, string>
        {
            [ClusterIdTag] = cluster.Id,
            [ClusterNameTag] = cluster.Name,
            [ManagedByTag] = ManagedBy,
        };
        foreach (var tag in additional)
            tags[tag.Key] = tag.Value;
        return tags;
    }

    /// <summary>
    /// The id of a role assignment. It is the same in every run, so that repeating the assignment changes nothing.
    /// </summary>
    public static string RoleAssignment(string scope, string roleId, string principalId)
    {
        var name = Uuid5(AssignmentNamespace, $"{scope}|{roleId}|{principalId}".ToLowerInvariant());
        return $"{scope}/providers/Microsoft.Authorization/roleAssignments/{name:D}";
    }

    /// <summary>A name-based UUID of version 5 (RFC 9562).</summary>
    internal static Guid Uuid5(Guid space, string name)
    {
        // .NET keeps the first three fields of a Guid in the machine's byte order, the RFC in network byte order.
#pragma warning disable CA5350 // RFC 9562 prescribes SHA-1 for version 5; the input is not a secret.
        byte[] input = [.. SwapByteOrder(space.ToByteArray()), .. Encoding.UTF8.GetBytes(name)];
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
        return new Guid(SwapByteOrder(id));
    }

    private static byte[] SwapByteOrder(byte[] id) =>
        [id[3], id[2], id[1], id[0], id[5], id[4], id[7], id[6], .. id.Skip(8)];
}
