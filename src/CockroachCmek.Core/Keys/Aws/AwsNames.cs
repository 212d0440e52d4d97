namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// Names and tags of what the module creates in AWS. They are deterministic, so that a second run finds what the first
/// created.
/// </summary>
internal static class AwsNames
{
    /// <summary>The cloud's name in CockroachDB Cloud's API.</summary>
    public const string Provider = "AWS";

    /// <summary>The type of AWS keys in a manifest.</summary>
    public const string KeyType = "AWS_KMS";

    /// <summary>UUID of the cluster that a role or key is for.</summary>
    public const string ClusterIdTag = "crdb:cluster-id";

    /// <summary>Name of the cluster that a role or key is for.</summary>
    public const string ClusterNameTag = "crdb:cluster-name";

    /// <summary>Marks what this module created.</summary>
    public const string ManagedByTag = "crdb:managed-by";

    /// <summary>The value of <see cref="ManagedByTag"/>.</summary>
    public const string ManagedBy = "CockroachCmek";

    /// <summary>Id of the key that this one replaces. The tag is removed once the aliases have moved.</summary>
    public const string ReplacesTag = "crdb:replaces";

    /// <summary>
    /// Where the material of an imported key comes from: one of the marks of <see cref="KeyOrigin"/>.
    /// </summary>
    public const string OriginTag = "crdb:origin";

    /// <summary>UUID of the cluster that HashiCorp Vault distributed the key for.</summary>
    public const string VaultClusterTag = "crdb:vault-cluster";

    /// <summary>A run that rotates a key marks it by a tag: this, and the run's id.</summary>
    public const string RotationTagPrefix = "crdb:rotation:";

    private const int IdDigits = 12;

    /// <summary>
    /// Default name of the role, and of the alias without its prefix. It ends with the last twelve digits of the
    /// cluster's id, which Cockroach Labs uses in names, too.
    /// </summary>
    public static string Default(CrdbCluster cluster) =>
        $"crdb-cmek-{cluster.Id.Substring(Math.Max(0, cluster.Id.Length - IdDigits))}";

    /// <summary>Name of the inline policy that lets the role use keys of another account.</summary>
    public static string RolePolicy(CrdbCluster cluster) => $"{Default(cluster)}-keys";

    /// <summary>The alias of a cluster's keys.</summary>
    /// <param name="name">The alias without its prefix; null for the default.</param>
    public static string Alias(CrdbCluster cluster, string? name) => $"alias/{name ?? Default(cluster)}";

    /// <summary>True for an alias that this module gives a key by default.</summary>
    public static bool IsOurAlias(string alias) => alias.StartsWith("alias/crdb-cmek-", StringComparison.Ordinal);

    /// <summary>True for an alias of HashiCorp Vault, which moves it to each new version itself.</summary>
    public static bool IsVaultAlias(string alias) => alias.StartsWith("alias/hashicorp/", StringComparison.Ordinal);

    /// <summary>The description of a new key.</summary>
    public static string Description(CrdbCluster cluster) =>
        $"CMEK of CockroachDB Cloud cluster {cluster.Name} ({cluster.Id})";

    /// <summary>The module's tags and additional ones, which win.</summary>
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
    /// UUID of the cluster that the tags of a key name: the one that this module created it for, or that HashiCorp
    /// Vault
    /// distributed it for. Null for none.
    /// </summary>
    public static string? OwnerOf(IReadOnlyDictionary<string, string>? tags) =>
        tags is null ? null
        : tags.TryGetValue(ClusterIdTag, out var id) ? id
        : tags.TryGetValue(VaultClusterTag, out var vaults) ? vaults
        : null;

    /// <summary>True for the tags of what this module created for the cluster.</summary>
    public static bool BelongsTo(CrdbCluster cluster, IReadOnlyDictionary<string, string>? tags) =>
        tags is not null && tags.TryGetValue(ClusterIdTag, out var id) && id == cluster.Id;

    /// <summary>
    /// Tags of an existing key that a new one like it gets: all but those of AWS and those that bind it to a cluster.
    /// </summary>
    public static Dictionary<string, string> CopyableTags(IReadOnlyDictionary<string, string>? tags) =>
        (tags ?? new Dictionary<string, string>())
            .Where(t => !t.Key.StartsWith("aws:", StringComparison.Ordinal))
            .Where(t => t.Key is not (ClusterIdTag or ClusterNameTag or ReplacesTag or OriginTag or VaultClusterTag))
            .Where(t => !t.Key.StartsWith(RotationTagPrefix, StringComparison.Ordinal))
            .ToDictionary(t => t.Key, t => t.Value);
}
