using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// Labels of keys. Names cannot move from one key to another in Cloud KMS, so labels also tell which key of a cluster
/// is in force after a rotation to new keys.
/// </summary>
internal static class GcpLabels
{
    /// <summary>Id of the cluster that the key was created for.</summary>
    public const string ClusterId = "crdb-cluster-id";

    /// <summary>On a key that a rotation created: the id of the key that it replaces.</summary>
    public const string Replaces = "crdb-replaces";

    /// <summary>
    /// On a key that a rotation created: the id of the first key, by whose name the cluster's key is found.
    /// </summary>
    public const string First = "crdb-first";

    /// <summary>On the first key: the id of the key in force, when that is another.</summary>
    public const string InForce = "crdb-in-force";

    /// <summary>Name of that cluster, as a value of a label.</summary>
    public const string ClusterName = "crdb-cluster-name";

    /// <summary>Where the material of a key comes from: one of the marks of <see cref="KeyOrigin"/>.</summary>
    public const string Origin = "crdb-origin";

    /// <summary>UUID of the cluster that HashiCorp Vault distributed the key for.</summary>
    public const string VaultCluster = "crdb-vault-cluster";

    private const string ManagedBy = "crdb-managed-by";
    private const int MaxLength = 63;

    private static readonly HashSet<string> Own =
    [
        ClusterId,
        ClusterName,
        ManagedBy,
        Replaces,
        First,
        InForce,
        Origin,
        VaultCluster,
    ];

    /// <summary>The module's labels for a cluster's key, and additional ones.</summary>
    public static Dictionary<string, string> For(
        CrdbCluster cluster,
        IReadOnlyDictionary<string, string>? additional = null
    )
    {
        var labels = new Dictionary<string, string>
        {
            [ClusterId] = cluster.Id,
            [ClusterName] = Value(cluster.Name),
            [ManagedBy] = "cockroachcmek",
        };
        foreach (var label in additional ?? new Dictionary<string, string>())
            labels[label.Key] = label.Value;
        return labels;
    }

    /// <summary>The labels that people gave a key: a key of the same shape gets them too.</summary>
    public static Dictionary<string, string> GivenByPeople(CryptoKey key) =>
        (key.Labels ?? []).Where(l => !Own.Contains(l.Key)).ToDictionary(l => l.Key, l => l.Value);

    /// <summary>The value of a key's label; null without one.</summary>
    public static string? Read(CryptoKey key, string name) =>
        key.Labels is { } labels && labels.TryGetValue(name, out var value) ? value : null;

    /// <summary>A text as a label's value: what is not allowed in one becomes a hyphen.</summary>
    public static string Value(string text)
    {
        var value = Regex.Replace(text.ToLowerInvariant(), "[^a-z0-9_-]", "-");
        return value.Length > MaxLength ? value.Substring(0, MaxLength) : value;
    }

    /// <summary>The labels that Google Cloud does not allow, as name=value; null when all are allowed.</summary>
    /// <remarks>
    /// Lower-case letters, digits, hyphens and underscores, 63 characters; a name begins with a letter.
    /// </remarks>
    public static string? FindMalformed(IReadOnlyDictionary<string, string> labels)
    {
        var malformed = labels
            .Where(l =>
                !Regex.IsMatch(l.Key, @"\A[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}\z")
                || !Regex.IsMatch(l.Value, @"\A[\p{Ll}\p{Lo}\p{N}_-]{0,63}\z")
            )
            .Select(l => $"{l.Key}={l.Value}")
            .ToList();
        return malformed.Count == 0 ? null : string.Join(", ", malformed);
    }
}
