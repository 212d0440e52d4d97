using CockroachCmek.Core.Keys.Aws;

namespace CockroachCmek.Core.Keys;

/// <summary>How the customer's own clouds are reached, and with whose credentials. Without anything set: each cloud's usual chain.</summary>
public sealed record CustomerClouds
{
    /// <summary>AWS.</summary>
    public AwsConnection Aws { get; init; } = new();

    /// <summary>The customer's half of CMEK on the cluster's cloud.</summary>
    /// <exception cref="CmekException">CloudNotSupported.</exception>
    public ICmekKeyProvider ProviderOf(CrdbCluster cluster) => (cluster ?? throw new ArgumentNullException(nameof(cluster))).CloudProvider switch
    {
        "AWS" => new AwsKeyProvider(Aws),
        _ => throw Errors.CloudNotSupported(cluster.Name, cluster.CloudProvider),
    };
}
