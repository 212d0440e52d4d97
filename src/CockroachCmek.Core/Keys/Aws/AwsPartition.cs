using System.Text.RegularExpressions;

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

    /// <summary>A partition by its name. Default: the commercial one.</summary>
    public static AwsPartition Named(string name) =>
        ByRegionPrefix.Values.FirstOrDefault(p => p.Name == name) ?? Commercial;

    /// <summary>The partition of a cluster's regions.</summary>
    public static AwsPartition Of(CrdbCluster cluster) =>
        OfRegion(cluster.Regions.Count > 0 ? cluster.Regions[0].Name : "");

    /// <summary>The principal that stands for a whole account.</summary>
    public string Root(string accountId) => $"arn:{Name}:iam::{accountId}:root";

    /// <summary>The ARN of a role.</summary>
    /// <param name="path">The role's path, beginning and ending with a slash.</param>
    public string Role(string accountId, string path, string name) => $"arn:{Name}:iam::{accountId}:role{path}{name}";
}
