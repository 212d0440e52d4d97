using CockroachCmek.Core.Access;

namespace CockroachCmek.Core;

// Errors about keys and clusters that every cloud raises in the same words.
internal static partial class Errors
{
    /// <summary>Everybody may do something with the key, whatever else is in the request.</summary>
    public static CmekException KeyOpen(KeyAccess access, string remedy) =>
        Make(
            CmekErrorKind.InvalidState,
            access.Key,
            $"{access.Key} is open to everybody: {string.Join("; ", access.Wider.Where(w => w.IsOpen))}.",
            remedy
        );

    /// <summary>A cluster of a shared plan has no account of its own that could be granted access.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="account">What it lacks, in the cloud's words: "AWS account", "Google Cloud project".</param>
    internal static CmekException ClusterHasNoAccount(CrdbCluster cluster, string account) =>
        Make(
            CmekErrorKind.InvalidArgument,
            cluster.Name,
            $"'{cluster.Name}' has no {account} of its own (plan {cluster.Plan}). CMEK needs an ADVANCED cluster.",
            "Get-CrdbCluster | Where-Object Plan -eq ADVANCED"
        );

    /// <summary>Key, identity and cluster are in parts of a cloud that are separated from each other.</summary>
    public static CmekException KeyPartitionDiffers(string cluster, string problem) =>
        Make(
            CmekErrorKind.InvalidArgument,
            cluster,
            problem,
            $"Get-CrdbCluster {cluster} | New-CrdbCmekRole | New-CrdbCmekKey   (with credentials of the cluster's own "
                + "partition)"
        );

    /// <summary>The identity serves another cluster, which would lose it.</summary>
    /// <param name="owner">Whom it serves, for people: a cluster, an account.</param>
    public static CmekException RoleBelongsToAnother(string identity, string cluster, string owner) =>
        Make(
            CmekErrorKind.Exists,
            identity,
            $"{identity} serves {owner}, not '{cluster}'. It was not changed, and -Update does not change it either: "
                + $"{owner} would lose it.",
            $"Get-CrdbCluster {cluster} | New-CrdbCmekRole -Name <another name>"
        );

    /// <summary>Several keys were given, but none for the region.</summary>
    public static CmekException KeyUriMissing(string cluster, string region) =>
        Make(
            CmekErrorKind.InvalidArgument,
            region,
            $"No key was given for region {region} of '{cluster}'.",
            "New-CrdbCmekKey -KeyUri <one key ARN for each region>"
        );

    /// <summary>The key is in a state other than enabled.</summary>
    public static CmekException KeyNotEnabled(string arn, string state) =>
        Make(
            CmekErrorKind.InvalidState,
            arn,
            $"{arn} is {state}, but must be Enabled.",
            "Run the same command again in a minute"
        );

    /// <summary>The key is asymmetric, or for signing.</summary>
    public static CmekException KeyNotSymmetric(string arn, string kind) =>
        Make(
            CmekErrorKind.InvalidArgument,
            arn,
            $"{arn} is {kind}; CMEK needs a symmetric key for encryption and decryption.",
            "New-CrdbCmekKey   (creates one)"
        );
}
