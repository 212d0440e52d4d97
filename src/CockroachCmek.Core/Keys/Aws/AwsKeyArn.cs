using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>The ARN of a KMS key or of an alias, parsed once.</summary>
internal sealed record AwsKeyArn
{
    private const string KeyPrefix = "key/";
    private const string AliasPrefix = "alias/";

    private static readonly Regex Form = new(
        @"^arn:(?<partition>aws[a-z-]*):kms:(?<region>[a-z0-9-]+):(?<account>[0-9]{12}):"
            + @"(?<resource>key/[A-Za-z0-9-]+|alias/.+)\z",
        RegexOptions.CultureInvariant
    );

    private AwsKeyArn(string partition, string region, string accountId, string resource)
    {
        Partition = partition;
        Region = region;
        AccountId = accountId;
        Resource = resource;
    }

    /// <summary>The partition: aws, aws-cn, aws-us-gov, …</summary>
    public string Partition { get; }

    /// <summary>The key's region.</summary>
    public string Region { get; }

    /// <summary>The account that owns the key.</summary>
    public string AccountId { get; }

    /// <summary>The last part, with its prefix: key/… or alias/….</summary>
    public string Resource { get; }

    /// <summary>True for the ARN of an alias.</summary>
    public bool IsAlias => Resource.StartsWith(AliasPrefix, StringComparison.Ordinal);

    /// <summary>True for a multi-region key, whose id is the same in every region.</summary>
    public bool IsMultiRegion => Resource.StartsWith("key/mrk-", StringComparison.Ordinal);

    /// <summary>
    /// What KMS takes as KeyId in the key's own account and region: a key id, or an alias with its prefix.
    /// </summary>
    public string KeyId => IsAlias ? Resource : Resource.Substring(KeyPrefix.Length);

    /// <summary>Parses an ARN; null when the text is not one of a key or alias.</summary>
    public static AwsKeyArn? TryParse(string? text) =>
        Form.Match(text ?? "") is { Success: true } match
            ? new AwsKeyArn(
                match.Groups["partition"].Value,
                match.Groups["region"].Value,
                match.Groups["account"].Value,
                match.Groups["resource"].Value
            )
            : null;

    /// <summary>Parses an ARN.</summary>
    /// <exception cref="CmekException">KeyUriMalformed.</exception>
    public static AwsKeyArn Parse(string? text) => TryParse(text) ?? throw AwsErrors.KeyUriMalformed(text ?? "");

    /// <summary>The ARN of an alias.</summary>
    /// <param name="alias">The alias with its prefix, alias/….</param>
    public static AwsKeyArn OfAlias(string region, string accountId, string alias) =>
        new(AwsPartition.OfRegion(region).Name, region, accountId, alias);

    /// <summary>The ARN as AWS writes it.</summary>
    public override string ToString() => $"arn:{Partition}:kms:{Region}:{AccountId}:{Resource}";
}
