using System.Text.RegularExpressions;

namespace CockroachCmek;

/// <summary>
/// Every way to name a cluster: its UUID, its name, a console URL, the last 12 digits of its id, or an object that
/// belongs to it.
/// </summary>
public sealed class CrdbClusterIdentity
{
    private static readonly Regex ConsoleUrl = new(
        @"/clusters?/(?<id>[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})(?:[/?#]|$)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    );
    private static readonly Regex LastTwelve = new(
        "^[0-9a-f]{12}$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    );

    /// <summary>Parses what a person typed or pasted.</summary>
    /// <param name="text">A UUID, a name, the console URL of a cluster, or the last 12 digits of its id.</param>
    /// <exception cref="ArgumentException">The text is empty, or a URL without a cluster.</exception>
    public CrdbClusterIdentity(string text)
    {
        if (string.IsNullOrWhiteSpace(text))
            throw new ArgumentException(
                "An empty text does not name a cluster. Name it by its UUID, its name, or its console URL."
            );
        Text = text.Trim();
        if (Guid.TryParseExact(Text, "D", out var id))
            Id = id.ToString("D");
        else if (ConsoleUrl.Match(Text) is { Success: true } match)
            Id = match.Groups["id"].Value.ToLowerInvariant();
        else if (Text.Contains("://"))
            throw new ArgumentException(
                $"The URL '{Text}' does not contain a cluster. Copy it from the cluster's page: "
                    + "https://cockroachlabs.cloud/cluster/<id>/overview."
            );
        else if (LastTwelve.IsMatch(Text))
            LastDigits = Text.ToLowerInvariant();
    }

    private readonly bool _isPlanned;

    /// <summary>Takes a cluster as it is, without reading it again.</summary>
    public CrdbClusterIdentity(CrdbCluster cluster)
        : this(cluster, cluster) { }

    internal CrdbClusterIdentity(CrdbCluster cluster, object source)
    {
        if (cluster is null)
            throw new ArgumentNullException(nameof(cluster));
        Cluster = cluster;
        Source = source;
        Id = cluster.Id;
        Text = cluster.Name;
    }

    private CrdbClusterIdentity(CrdbClusterIdentity other, object source)
    {
        Text = other.Text;
        Id = other.Id;
        LastDigits = other.LastDigits;
        Cluster = other.Cluster;
        Source = source;
        _isPlanned = other.IsPlanned;
    }

    private CrdbClusterIdentity(CrdbClusterIdentity other)
        : this(other, null!)
    {
        Source = other.Source;
        _isPlanned = true;
    }

    /// <summary>The same cluster, from an object that is only planned and has lost its type.</summary>
    internal CrdbClusterIdentity AsPlanned() => new(this);

    /// <summary>The same cluster, for another object that was piped in.</summary>
    internal CrdbClusterIdentity WithSource(object source) => new(this, source);

    /// <summary>Takes a UUID.</summary>
    public CrdbClusterIdentity(Guid id)
        : this(id.ToString("D")) { }

    /// <summary>The text that was given, or the cluster's name.</summary>
    public string Text { get; }

    /// <summary>The UUID; null when a name or the last 12 digits were given.</summary>
    public string? Id { get; }

    /// <summary>
    /// The last 12 digits of the id; null when something else was given. They may also be a cluster's name.
    /// </summary>
    public string? LastDigits { get; }

    /// <summary>The cluster; null when no object was given.</summary>
    public CrdbCluster? Cluster { get; }

    /// <summary>The object from the pipeline: a cluster, a role, a key. Null when a text was given.</summary>
    public object? Source { get; }

    /// <summary>True when a dry run returned the object that names the cluster: nothing is written for it.</summary>
    internal bool IsPlanned => _isPlanned || Source is IPlannable { IsPlanned: true };

    /// <inheritdoc/>
    public override string ToString() => Text;
}
