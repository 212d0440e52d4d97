using System.Text.RegularExpressions;
using Amazon;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// What differs between the partitions of AWS. Source: botocore's partitions and the IAM endpoint rules.
/// </summary>
internal sealed record AwsPartition(string Name, string IamHost, string IamSigningRegion)
{
    private static readonly AwsPartition Commercial = new("aws", "iam.amazonaws.com", "us-east-1");

    private static readonly Dictionary<string, AwsPartition> ByRegionPrefix = new()
    {
        ["cn"] = new("aws-cn", "iam.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ["us-gov"] = new("aws-us-gov", "iam.us-gov.amazonaws.com", "us-gov-west-1"),
        ["eusc"] = new("aws-eusc", "iam.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1"),
        ["us-iso"] = new("aws-iso", "iam.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"),
        ["us-isob"] = new("aws-iso-b", "iam.us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1"),
    };

    /// <summary>The partition of a region. Default: the commercial one.</summary>
    public static AwsPartition OfRegion(string region) =>
        ByRegionPrefix.TryGetValue(
            Regex.Match(region, "^(cn|us-gov|eusc|us-isob|us-iso)-").Groups[1].Value,
            out var found
        )
            ? found
            : Commercial;

    /// <summary>The partition of the region that the environment sets for the SDK. Default: the commercial one.</summary>
    public static AwsPartition OfEnvironment() =>
        OfRegion(
            Environment.GetEnvironmentVariable("AWS_REGION")
                ?? Environment.GetEnvironmentVariable("AWS_DEFAULT_REGION")
                ?? ""
        );

    /// <summary>The regions of the partition that the SDK knows, whether or not an account has enabled them.</summary>
    public IReadOnlyList<string> Regions =>
        [
            .. RegionEndpoint
                .EnumerableAllRegions.Where(r => r.PartitionName == Name)
                .Select(r => r.SystemName)
                .OrderBy(r => r, StringComparer.Ordinal),
        ];

    /// <summary>A partition by its name. Default: the commercial one.</summary>
    public static AwsPartition Named(string name) =>
        ByRegionPrefix.Values.FirstOrDefault(p => p.Name == name) ?? Commercial;

    /// <summary>The partition of a cluster's regions.</summary>
    public static AwsPartition Of(CrdbCluster cluster) =>
        OfRegion(cluster.Regions.Count > 0 ? cluster.Regions[0].Name : "");

    /// <summary>
    /// How the partitions of a cluster, a role and a key differ, as a sentence; null when they are one. No partition
    /// knows the identities of another, so nothing in one can use anything in another.
    /// </summary>
    /// <param name="role">The role; null when it is not known.</param>
    /// <param name="key">The key; null when it is not known.</param>
    public static string? Difference(CrdbCluster cluster, RoleArn? role, AwsKeyArn? key)
    {
        if (key is not null && OfRegion(key.Region).Name is var home && home != key.Partition)
            return $"The key {key} says {key.Partition}, but the region {key.Region} is in the partition {home}.";
        var parts = new List<(string What, string Partition)>();
        if (cluster.Regions.Count > 0)
            parts.Add(("the cluster", Of(cluster).Name));
        if (role is not null)
            parts.Add(("the role", role.Partition));
        if (key is not null)
            parts.Add(("the key", key.Partition));
        return parts.Select(p => p.Partition).Distinct().Count() <= 1
            ? null
            : $"Of the partitions of AWS, {string.Join(", ", parts.Select(p => $"{p.What} is in {p.Partition}"))}. "
                + "Partitions share no identities, so it can never work.";
    }

    /// <summary>The principal that stands for a whole account.</summary>
    public string Root(string accountId) => $"arn:{Name}:iam::{accountId}:root";

    /// <summary>The ARN of a role.</summary>
    /// <param name="path">The role's path, beginning and ending with a slash.</param>
    public string Role(string accountId, string path, string name) => $"arn:{Name}:iam::{accountId}:role{path}{name}";
}
