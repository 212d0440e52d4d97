using System.Globalization;
using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>The resource name of a key, parsed once: what a manifest carries as uri.</summary>
internal sealed record GcpKeyName(string Project, string Location, string Ring, string Id)
{
    private static readonly Regex Form = new(
        @"^(?:(?:https:)?//cloudkms\.googleapis\.com/(?:v1/)?)?projects/(?<project>[^/\s]+)/locations/(?<location>[^/\s]+)/keyRings/(?<ring>[a-zA-Z0-9_-]{1,63})/cryptoKeys/(?<id>[a-zA-Z0-9_-]{1,63})(?:/cryptoKeyVersions/\d+)?$",
        RegexOptions.CultureInvariant
    );

    /// <summary>The location, whose rings these are.</summary>
    public string LocationName => $"projects/{Project}/locations/{Location}";

    public string RingName => $"{LocationName}/keyRings/{Ring}";

    public override string ToString() => $"{RingName}/cryptoKeys/{Id}";

    /// <summary>Reads a name as a manifest, the console or gcloud shows it: a version at the end is left off.</summary>
    /// <exception cref="CmekException">KeyNameMalformed.</exception>
    public static GcpKeyName Parse(string text) =>
        Form.Match(text) is { Success: true } match
            ? new GcpKeyName(
                match.Groups["project"].Value,
                match.Groups["location"].Value,
                match.Groups["ring"].Value,
                match.Groups["id"].Value
            )
            : throw GcpErrors.KeyNameMalformed(text);
}

/// <summary>The address of a service account, parsed once.</summary>
internal sealed record ServiceAccountEmail(string Text, string Name, string Project)
{
    private static readonly Regex Form = new(
        @"^(?<name>[a-z][a-z0-9-]{4,28}[a-z0-9])@(?<project>[a-z][a-z0-9-]*)(?:\.(?<domain>[a-z0-9.-]+))?\.iam\.gserviceaccount\.com$",
        RegexOptions.CultureInvariant
    );

    /// <summary>As a policy names it.</summary>
    public string Member => $"serviceAccount:{Text}";

    /// <summary>As the API names it.</summary>
    public string Resource => $"projects/{Project}/serviceAccounts/{Text}";

    public override string ToString() => Text;

    /// <exception cref="CmekException">ServiceAccountMalformed; ServiceAccountNotYours for the one that belongs to Cockroach Labs.</exception>
    public static ServiceAccountEmail Parse(string text)
    {
        if (Form.Match(text) is not { Success: true } match)
            throw GcpErrors.ServiceAccountMalformed(text);
        if (text.StartsWith("crl-kms-user-", StringComparison.Ordinal))
            throw GcpErrors.ServiceAccountNotYours(text);
        // A project of the time when they belonged to a domain, example.com:db, stands the other way round.
        var domain = match.Groups["domain"].Value;
        return new ServiceAccountEmail(
            text,
            match.Groups["name"].Value,
            domain.Length == 0 ? match.Groups["project"].Value : $"{domain}:{match.Groups["project"].Value}"
        );
    }

    /// <summary>The address that an account gets.</summary>
    public static ServiceAccountEmail Of(string name, string project) =>
        new(
            $"{name}@{(project.Split(':') is { Length: 2 } parts ? $"{parts[1]}.{parts[0]}" : project)}.iam.gserviceaccount.com",
            name,
            project
        );
}

/// <summary>Names and labels of what the module makes in Google Cloud: the one place, so that a second run finds what the first has made.</summary>
internal static class GcpNames
{
    public const string ClusterIdLabel = "crdb-cluster-id";
    public const string ClusterNameLabel = "crdb-cluster-name";
    public const string ManagedByLabel = "crdb-managed-by";
    public const string ManagedBy = "cockroachcmek";

    /// <summary>On a key that a rotation made: the key that it takes the place of.</summary>
    public const string ReplacesLabel = "crdb-replaces";

    /// <summary>On a key that a rotation made: the first key of the line, by whose name the cluster's key is found.</summary>
    public const string FirstLabel = "crdb-first";

    /// <summary>On the first key of a line: the key that is in force, where it is another.</summary>
    public const string InForceLabel = "crdb-in-force";

    private static readonly HashSet<string> Own =
    [
        ClusterIdLabel,
        ClusterNameLabel,
        ManagedByLabel,
        ReplacesLabel,
        FirstLabel,
        InForceLabel,
    ];

    /// <summary>One ring for all clusters: rings are for ever.</summary>
    public const string Ring = "crdb-cmek";

    public const string UseRole = "roles/cloudkms.cryptoKeyEncrypterDecrypter";
    public const string TrustRole = "roles/iam.serviceAccountTokenCreator";

    /// <summary>Name of the account and of the key: the last twelve digits of the id are what Cockroach Labs names things after, too.</summary>
    public static string Default(CrdbCluster cluster) => $"crdb-cmek-{LastTwelve(cluster)}";

    /// <summary>The account of Cockroach Labs that acts as the customer's. The page says the whole id, which would not fit into the 30 characters of a name.</summary>
    public static string KmsUser(CrdbCluster cluster) =>
        ServiceAccountEmail.Of($"crl-kms-user-{LastTwelve(cluster)}", cluster.AccountId).Text;

    public static Dictionary<string, string> Labels(CrdbCluster cluster, IReadOnlyDictionary<string, string> further)
    {
        var labels = new Dictionary<string, string>
        {
            [ClusterIdLabel] = cluster.Id,
            [ClusterNameLabel] = Value(cluster.Name),
            [ManagedByLabel] = ManagedBy,
        };
        foreach (var label in further)
            labels[label.Key] = label.Value;
        return labels;
    }

    /// <summary>The labels of a key that one of its shape has too: those that people gave it.</summary>
    public static Dictionary<string, string> Kept(Dictionary<string, string>? labels) =>
        (labels ?? []).Where(l => !Own.Contains(l.Key)).ToDictionary(l => l.Key, l => l.Value);

    /// <summary>Why labels cannot be what was asked for; null when they can. Google's rules for labels: lower-case, digits, - and _, 63 characters; a key begins with a letter.</summary>
    public static string? ProblemOf(IReadOnlyDictionary<string, string> labels)
    {
        var bad = labels
            .Where(l =>
                !Regex.IsMatch(l.Key, @"^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}$")
                || !Regex.IsMatch(l.Value, @"^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$")
            )
            .Select(l => $"{l.Key}={l.Value}")
            .ToList();
        return bad.Count == 0 ? null : string.Join(", ", bad);
    }

    /// <summary>A duration on the wire.</summary>
    public static string Seconds(TimeSpan duration) => $"{(long)duration.TotalSeconds}s";

    /// <summary>From the wire; null when there is none.</summary>
    public static TimeSpan? Duration(string? seconds) =>
        seconds is not null
        && double.TryParse(seconds.TrimEnd('s'), NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            ? TimeSpan.FromSeconds(value)
            : null;

    /// <summary>What is not allowed in a label becomes -.</summary>
    public static string Value(string text)
    {
        var value = Regex.Replace(text.ToLowerInvariant(), "[^a-z0-9_-]", "-");
        return value.Length > 63 ? value.Substring(0, 63) : value;
    }

    private static string LastTwelve(CrdbCluster cluster) => cluster.Id.Substring(Math.Max(0, cluster.Id.Length - 12));
}
