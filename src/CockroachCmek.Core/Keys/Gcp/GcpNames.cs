namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// Names of what the module creates in Google Cloud. They are deterministic, so that a second run finds it again.
/// </summary>
internal static class GcpNames
{
    /// <summary>Key ring for all clusters: a key ring cannot be deleted.</summary>
    public const string DefaultRing = "crdb-cmek";

    /// <summary>Role that lets the service account use a key.</summary>
    public const string UseRole = "roles/cloudkms.cryptoKeyEncrypterDecrypter";

    /// <summary>Role that lets CockroachDB Cloud act as the service account.</summary>
    public const string TrustRole = "roles/iam.serviceAccountTokenCreator";

    /// <summary>How the names of Cockroach Labs' own service accounts begin.</summary>
    public const string ClusterAccountPrefix = "crl-kms-user-";

    /// <summary>
    /// Name of the cluster's service account and key. Cockroach Labs names things after the same twelve digits.
    /// </summary>
    public static string Default(CrdbCluster cluster) => $"crdb-cmek-{LastTwelve(cluster)}";

    /// <summary>The service account of Cockroach Labs that acts as the customer's.</summary>
    /// <remarks>
    /// The documentation says the whole cluster id, which does not fit into the 30 characters of a name.
    /// </remarks>
    public static ServiceAccountEmail ClusterAccount(CrdbCluster cluster) =>
        ServiceAccountEmail.Of($"{ClusterAccountPrefix}{LastTwelve(cluster)}", cluster.AccountId);

    private static string LastTwelve(CrdbCluster cluster) => cluster.Id.Substring(Math.Max(0, cluster.Id.Length - 12));
}
