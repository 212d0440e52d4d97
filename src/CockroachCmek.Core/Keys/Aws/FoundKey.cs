using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>A key as KMS shows it.</summary>
/// <param name="Metadata">What DescribeKey returned.</param>
/// <param name="Policy">The key policy.</param>
/// <param name="Tags">The tags; null when they were not read or the caller is not allowed to read them.</param>
internal sealed record FoundKey(
    KeyMetadata Metadata,
    KeyPolicyDocument Policy,
    IReadOnlyDictionary<string, string>? Tags = null
)
{
    /// <summary>False for a key that was found by its tags: an earlier run ended before it created the alias.</summary>
    public bool HasAlias { get; init; } = true;

    /// <summary>The key's ARN.</summary>
    public AwsKeyArn Arn { get; } = AwsKeyArn.Parse(Metadata.Arn);

    /// <summary>The region that the key was read in.</summary>
    public string Region => Arn.Region;

    public string KeyId => Arn.KeyId;

    public bool IsMultiRegion => Metadata.MultiRegion ?? false;

    /// <summary>True for the primary of a multi-region key, false for a replica and for a single-region key.</summary>
    public bool IsPrimary => Metadata.MultiRegionConfiguration?.MultiRegionKeyType == MultiRegionKeyType.PRIMARY;

    /// <summary>The primary of a multi-region key; null for a single-region key.</summary>
    public AwsKeyArn? Primary => PrimaryOf(Metadata);

    /// <summary>True when this module created the key for this cluster.</summary>
    public bool BelongsTo(CrdbCluster cluster) => AwsNames.BelongsTo(cluster, Tags);

    /// <summary>The primary of a multi-region key; null for a single-region key.</summary>
    public static AwsKeyArn? PrimaryOf(KeyMetadata metadata) =>
        metadata.MultiRegionConfiguration?.PrimaryKey is { } primary ? AwsKeyArn.Parse(primary.Arn) : null;
}
