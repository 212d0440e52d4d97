using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Manifest;

/// <summary>A key's URI, parsed once: what kind it is and where the key lives; or the reason why it is none.</summary>
public sealed record KeyUri
{
    private const RegexOptions Options = RegexOptions.CultureInvariant;
    private static readonly Regex AwsKey = new(
        @"^arn:(?<partition>aws[a-z-]*):kms:(?<region>[a-z0-9-]+):(?<account>\d{12}):key/(?<id>[A-Za-z0-9-]+)$",
        Options
    );
    private static readonly Regex AwsAlias = new(@"^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:alias/", Options);
    private static readonly Regex GcpKey = new(
        @"^projects/(?<project>[^/\s]+)/locations/(?<location>[^/\s]+)/keyRings/[a-zA-Z0-9_-]{1,63}/cryptoKeys/(?<id>[a-zA-Z0-9_-]{1,63})$",
        Options
    );
    private static readonly Regex AzureKey = new(
        @"^https://(?<vault>[a-zA-Z0-9-]+)\.(?<host>(vault|managedhsm)\.(azure\.net|azure\.cn|usgovcloudapi\.net))/keys/(?<id>[0-9a-zA-Z-]+)/(?<version>[0-9a-f]{32})$",
        Options
    );
    private static readonly Regex Role = new(
        @"^arn:(?<partition>aws[a-z-]*):iam::(?<account>\d{12}):role/[\x21-\x7e]+$",
        Options
    );
    private static readonly Regex ServiceAccount = new(
        @"^[a-z][a-z0-9-]{4,28}[a-z0-9]@[a-z0-9.-]+\.iam\.gserviceaccount\.com$",
        Options
    );

    private KeyUri(string text) => Text = text;

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>AWS_KMS, GCP_CLOUD_KMS or AZURE_KEY_VAULT; null when the text is no key's URI.</summary>
    public string? KeyType { get; private init; }

    /// <summary>AWS region or Google Cloud location; null on Azure, whose URI does not tell.</summary>
    public string? Location { get; private init; }

    /// <summary>AWS account or Google Cloud project that holds the key; null on Azure.</summary>
    public string? Account { get; private init; }

    /// <summary>AWS partition.</summary>
    public string? Partition { get; private init; }

    /// <summary>Why the text is no URI that a manifest can carry; null when it is one.</summary>
    public string? Problem { get; private init; }

    /// <summary>Reads a URI. Never throws: <see cref="Problem"/> says what is wrong.</summary>
    public static KeyUri Parse(string text)
    {
        if (AwsKey.Match(text) is { Success: true } aws)
            return new KeyUri(text)
            {
                KeyType = "AWS_KMS",
                Location = aws.Groups["region"].Value,
                Account = aws.Groups["account"].Value,
                Partition = aws.Groups["partition"].Value,
            };
        if (GcpKey.Match(text) is { Success: true } gcp)
            return new KeyUri(text)
            {
                KeyType = "GCP_CLOUD_KMS",
                Location = gcp.Groups["location"].Value,
                Account = gcp.Groups["project"].Value,
            };
        if (AzureKey.IsMatch(text))
            return new KeyUri(text) { KeyType = "AZURE_KEY_VAULT" };
        return new KeyUri(text) { Problem = Explain(text) };
    }

    /// <summary>Why a principal cannot be the one for a key of this type; null when its shape is right.</summary>
    public static string? PrincipalProblem(string keyType, string principal) =>
        keyType switch
        {
            "AWS_KMS" when Role.IsMatch(principal) => null,
            "AWS_KMS" when Regex.IsMatch(principal, @"^\d{12}$") =>
                "it is an AWS account id; the ARN of the role in your own account is needed, arn:aws:iam::<account>:role/<name>",
            "AWS_KMS" when principal.Contains(":user/") || principal.Contains(":root") =>
                "it is no role; CockroachDB Cloud can take on roles only, arn:aws:iam::<account>:role/<name>",
            "AWS_KMS" => "it is no role ARN, arn:aws:iam::<account>:role/<name>",
            "GCP_CLOUD_KMS" => ServiceAccount.IsMatch(principal)
                ? null
                : "it is no service account's e-mail address, <name>@<project>.iam.gserviceaccount.com",
            "AZURE_KEY_VAULT" => Guid.TryParseExact(principal, "D", out _)
                ? null
                : "it is no tenant id, which is a UUID",
            _ => null,
        };

    /// <summary>AWS account of a role ARN; null when it is none.</summary>
    public static string? AccountOfRole(string principal) =>
        Role.Match(principal) is { Success: true } match ? match.Groups["account"].Value : null;

    private static string Explain(string text)
    {
        if (AwsAlias.IsMatch(text))
            return "it is the ARN of an alias; the ARN of the key itself is needed (aws kms describe-key --key-id <alias>), since an alias can be moved to another key";
        if (text.StartsWith("arn:", StringComparison.Ordinal))
            return "it is no ARN of a KMS key, arn:aws:kms:<region>:<account>:key/<id>";
        if (text.Contains("/cryptoKeyVersions/"))
            return "it names a version; leave /cryptoKeyVersions/... off";
        if (text.StartsWith("projects/", StringComparison.Ordinal))
            return "it is no resource name of a key, projects/<project>/locations/<location>/keyRings/<ring>/cryptoKeys/<key>";
        if (text.StartsWith("https://", StringComparison.Ordinal) && Regex.IsMatch(text, "/keys/[^/]+/?$"))
            return "it names no version; CockroachDB Cloud needs the Key Identifier with its 32 digits at the end";
        return "it is no key ARN, resource name or Key Identifier";
    }
}
