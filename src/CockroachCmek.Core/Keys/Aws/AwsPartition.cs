using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>What differs between the partitions of AWS, in one place. Source: botocore's partitions and the IAM endpoint rules.</summary>
internal sealed record AwsPartition(string Name, string IamHost, string IamSigningRegion)
{
    private static readonly AwsPartition Commercial = new("aws", "iam.amazonaws.com", "us-east-1");

    private static readonly AwsPartition[] All =
    [
        Commercial,
        new("aws-cn", "iam.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        new("aws-us-gov", "iam.us-gov.amazonaws.com", "us-gov-west-1"),
        new("aws-eusc", "iam.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1"),
        new("aws-iso", "iam.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"),
        new("aws-iso-b", "iam.us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1"),
    ];

    /// <summary>The partition of a region.</summary>
    public static AwsPartition OfRegion(string region) =>
        All.First(p =>
            p.Name
            == Regex.Match(region, "^(cn|us-gov|eusc|us-isob|us-iso)-").Groups[1].Value switch
            {
                "cn" => "aws-cn",
                "us-gov" => "aws-us-gov",
                "eusc" => "aws-eusc",
                "us-isob" => "aws-iso-b",
                "us-iso" => "aws-iso",
                _ => "aws",
            }
        );

    /// <summary>The account as a whole.</summary>
    public string Root(string accountId) => $"arn:{Name}:iam::{accountId}:root";
}

/// <summary>The ARN of a role, parsed once.</summary>
internal sealed record RoleArn(string Text, string Partition, string AccountId, string Name)
{
    private static readonly Regex Form = new(
        @"^arn:(?<partition>aws[a-z-]*):iam::(?<account>\d{12}):role/(?:[\x21-\x7e]*/)?(?<name>[\w+=,.@-]{1,64})$",
        RegexOptions.CultureInvariant
    );

    /// <exception cref="CmekException">RoleArnMalformed.</exception>
    public static RoleArn Parse(string text) =>
        Form.Match(text) is { Success: true } match
            ? new RoleArn(
                text,
                match.Groups["partition"].Value,
                match.Groups["account"].Value,
                match.Groups["name"].Value
            )
            : throw AwsErrors.RoleArnMalformed(text);
}

/// <summary>Names and tags of what the module makes in AWS: the one place, so that a second run finds what the first has made.</summary>
internal static class AwsNames
{
    public const string ClusterIdTag = "crdb:cluster-id";
    public const string ClusterNameTag = "crdb:cluster-name";
    public const string ManagedByTag = "crdb:managed-by";
    public const string ManagedBy = "CockroachCmek";

    /// <summary>On a key that was made to replace another, until it has taken that one's aliases: the other's id.</summary>
    public const string ReplacesTag = "crdb:replaces";

    /// <summary>Name of the role, and of the alias behind "alias/": the last twelve digits of the id are what Cockroach Labs names things after, too.</summary>
    public static string Default(CrdbCluster cluster) =>
        $"crdb-cmek-{cluster.Id.Substring(Math.Max(0, cluster.Id.Length - 12))}";

    public static string Alias(CrdbCluster cluster, string? name) => $"alias/{name ?? Default(cluster)}";

    public static IReadOnlyDictionary<string, string> Tags(
        CrdbCluster cluster,
        IReadOnlyDictionary<string, string> further
    )
    {
        var tags = new Dictionary<string, string>
        {
            [ClusterIdTag] = cluster.Id,
            [ClusterNameTag] = cluster.Name,
            [ManagedByTag] = ManagedBy,
        };
        foreach (var tag in further)
            tags[tag.Key] = tag.Value;
        return tags;
    }
}
