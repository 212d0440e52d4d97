using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Core.Keys.Azure;
using CockroachCmek.Core.Keys.Gcp;
using CockroachCmek.Core.Keys.Vault;

namespace CockroachCmek.Core.Keys;

/// <summary>How the customer's own clouds are reached, and with whose credentials. Without anything set: each cloud's usual chain.</summary>
public sealed record CustomerClouds
{
    /// <summary>AWS.</summary>
    public AwsConnection Aws { get; init; } = new();

    /// <summary>Google Cloud.</summary>
    public GcpConnection Gcp { get; init; } = new();

    /// <summary>Azure.</summary>
    public AzureConnection Azure { get; init; } = new();

    /// <summary>HashiCorp Vault, where the session has one of its own; null where it is looked for when it is needed.</summary>
    public VaultConnection? Vault { get; init; }

    /// <summary>The customer's half of CMEK on the cluster's cloud.</summary>
    /// <exception cref="CmekException">CloudNotSupported.</exception>
    public ICmekKeyProvider ProviderOf(CrdbCluster cluster) =>
        (cluster ?? throw new ArgumentNullException(nameof(cluster))).CloudProvider switch
        {
            "AWS" => new AwsKeyProvider(Aws),
            "GCP" => new GcpKeyProvider(Gcp),
            "AZURE" => new AzureKeyProvider(Azure),
            _ => throw Errors.CloudNotSupported(cluster.Name, cluster.CloudProvider),
        };
}
