using System.Text.RegularExpressions;

namespace CockroachCmek;

/// <summary>Short names of keys, for tables.</summary>
internal static class KeyNames
{
    private const RegexOptions Options = RegexOptions.CultureInvariant;

    private static readonly Regex Arn = new("^arn:[^:]+:kms:([^:]*):[^:]*:key/(.+)$", Options);

    private static readonly Regex Resource = new(
        "^projects/[^/]+/locations/([^/]+)/keyRings/([^/]+)/cryptoKeys/([^/]+)(?:/cryptoKeyVersions/([^/]+))?$",
        Options
    );

    private static readonly Regex Url = new("^https://([^./]+)[^/]*/keys/([^/]+)(?:/([^/]{1,8})[^/]*)?/?$", Options);

    /// <summary>
    /// What tells the key apart from others, in an order that survives a narrow column: <c>mrk-… us-east-1</c>,
    /// <c>ring/key/version location</c>, <c>vault/key/version</c> with the first eight digits of the version. A URI of
    /// another form is returned as it is.
    /// </summary>
    public static string Short(string uri)
    {
        if (Arn.Match(uri) is { Success: true } arn)
            return $"{arn.Groups[2].Value} {arn.Groups[1].Value}";
        if (Resource.Match(uri) is { Success: true } resource)
            return $"{Joined(resource, 2)} {resource.Groups[1].Value}";
        return Url.Match(uri) is { Success: true } url ? Joined(url, 1) : uri;
    }

    private static string Joined(Match match, int first) =>
        string.Join("/", match.Groups.Cast<Group>().Skip(first).Where(g => g.Success).Select(g => g.Value));
}
