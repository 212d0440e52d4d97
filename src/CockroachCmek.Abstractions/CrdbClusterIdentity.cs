using System.Text.RegularExpressions;

namespace CockroachCmek;

/// <summary>Every way in which a person names a cluster: its UUID, its name, a URL of the console, the last 12 digits of its id, or an object that belongs to it.</summary>
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

    /// <summary>Reads what a person typed or pasted.</summary>
    /// <param name="text">A UUID, a name, a URL of the console's cluster page, or the last 12 digits of the id.</param>
    /// <exception cref="ArgumentException">The text is empty, or is a URL that names no cluster.</exception>
    public CrdbClusterIdentity(string text)
    {
        if (string.IsNullOrWhiteSpace(text))
            throw new ArgumentException(
                "A cluster is named by its UUID, its name, or the URL of its page in the console.",
                nameof(text)
            );
        Text = text.Trim();
        if (Guid.TryParseExact(Text, "D", out var id))
            Id = id.ToString("D");
        else if (ConsoleUrl.Match(Text) is { Success: true } match)
            Id = match.Groups["id"].Value.ToLowerInvariant();
        else if (Text.Contains("://"))
            throw new ArgumentException(
                $"The URL '{Text}' names no cluster: copy it from the cluster's page, https://cockroachlabs.cloud/cluster/<id>/overview.",
                nameof(text)
            );
        else if (LastTwelve.IsMatch(Text))
            LastDigits = Text.ToLowerInvariant();
    }

    /// <summary>Takes a cluster as it is: nothing is asked again.</summary>
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
    }

    /// <summary>The same cluster, for another object that was piped in.</summary>
    internal CrdbClusterIdentity WithSource(object source) => new(this, source);

    /// <summary>Takes a UUID.</summary>
    public CrdbClusterIdentity(Guid id)
        : this(id.ToString("D")) { }

    /// <summary>What was typed, or the cluster's name.</summary>
    public string Text { get; }

    /// <summary>The UUID; null when a name or the last digits were given.</summary>
    public string? Id { get; }

    /// <summary>The last 12 digits of the id; null unless just those were given. They may also be a cluster's name.</summary>
    public string? LastDigits { get; }

    /// <summary>The cluster, where an object was given.</summary>
    public CrdbCluster? Cluster { get; }

    /// <summary>The object that was piped in, where one was: a cluster, a role, a key.</summary>
    public object? Source { get; }

    /// <inheritdoc/>
    public override string ToString() => Text;
}
