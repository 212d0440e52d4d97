using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys;

/// <summary>What the marks of a key and of the identity that uses it tell.</summary>
/// <param name="Found">The marks that were read; empty when neither is marked.</param>
/// <param name="Unread">What could not be read: a mark may stand there.</param>
/// <param name="IsAnyRead">False when neither the key nor the identity could be read.</param>
internal sealed record ClusterMarks(
    IReadOnlyList<ClusterMark> Found,
    IReadOnlyList<UnreadPlace> Unread,
    bool IsAnyRead
);

/// <summary>
/// The cluster that this module has marked a key or an identity for, by its tags, labels, description or name.
/// </summary>
/// <param name="ClusterId">Its id, or the last digits of it as a default name has them; empty when not marked.</param>
/// <param name="ClusterName">Its name, as far as the cloud allows the characters; empty when not marked.</param>
internal sealed record ClusterMark(string ClusterId, string ClusterName)
{
    private const string DefaultPrefix = "crdb-cmek-";
    private const int IdDigits = 12;

    /// <summary>The mark in tags or labels; null when there is none.</summary>
    public static ClusterMark? Of(IReadOnlyDictionary<string, string>? tags, string idTag, string nameTag)
    {
        var (id, name) = (Read(idTag), Read(nameTag));
        return id.Length + name.Length == 0 ? null : new ClusterMark(id, name);

        string Read(string tag) => tags is not null && tags.TryGetValue(tag, out var value) ? value : "";
    }

    /// <summary>
    /// The mark in a default name, which ends with the last digits of the cluster's id; null for another.
    /// </summary>
    public static ClusterMark? OfName(string name)
    {
        if (!name.StartsWith(DefaultPrefix, StringComparison.Ordinal) || name.Length != DefaultPrefix.Length + IdDigits)
            return null;
        var digits = name.Substring(DefaultPrefix.Length);
        return digits.All(c => c is >= '0' and <= '9' or >= 'a' and <= 'f') ? new ClusterMark(digits, "") : null;
    }

    /// <summary>True when the mark is the cluster's, as far as the cluster is known.</summary>
    public bool IsOf(CrdbCluster cluster) =>
        cluster.Id.Length > 0 && ClusterId.Length > 0
            ? cluster.Id.EndsWith(ClusterId, StringComparison.OrdinalIgnoreCase)
            : ClusterName.Length > 0 && Simple(ClusterName) == Simple(cluster.Name);

    /// <inheritdoc/>
    public override string ToString() =>
        ClusterName.Length == 0 ? ClusterId
        : ClusterId.Length == 0 ? ClusterName
        : $"{ClusterName} ({ClusterId})";

    /// <summary>Labels hold lower-case letters, digits, hyphens and underscores only.</summary>
    private static string Simple(string name) =>
        new([.. name.ToLowerInvariant().Select(c => char.IsLetterOrDigit(c) || c == '_' ? c : '-')]);
}
