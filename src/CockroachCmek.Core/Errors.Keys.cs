using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys;

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

    /// <summary>Nothing in the customer's cloud lets the cluster use a key yet.</summary>
    /// <param name="cloud">The cloud for people.</param>
    /// <param name="name">The name that was asked for; null for the default one and those that are known.</param>
    public static CmekException ClusterHasNoRole(CrdbCluster cluster, string cloud, string? name) =>
        Make(
            CmekErrorKind.NotFound,
            cluster.Name,
            $"'{cluster.Name}' has no identity {(name is null ? "" : $"'{name}' ")}in {cloud}, as far as these "
                + "credentials can see.",
            name is null
                ? $"{Find(cluster)} | New-CrdbCmekRole"
                : $"{Find(cluster)} | New-CrdbCmekRole -Name {ShellQuote.PowerShell(name)}"
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

    /// <summary>The cloud would generate the material of a key that comes from elsewhere.</summary>
    /// <param name="origin">The origin as a part of a sentence: "was imported".</param>
    /// <param name="cluster">The cluster that uses the key.</param>
    /// <param name="newKey">A new key was asked for, not a new version.</param>
    public static CmekException OriginWouldChange(
        string key,
        string origin,
        string cloud,
        CrdbCluster cluster,
        bool newKey
    ) =>
        Make(
            CmekErrorKind.InvalidState,
            key,
            $"{key} {origin}. Its new {(newKey ? "key" : "version")} would be generated in {cloud}. "
                + "Nothing was rotated.",
            $"Create the new material where the old one comes from, and import it: {MoveToKey(cluster)}   "
                + $"(or {(newKey ? ReplaceByNewKey(cluster) : $"{Find(cluster)} | Invoke-CrdbCmekRotation -ReplaceOrigin")})"
        );

    /// <summary>The cloud would generate the key of a region that joins, and the key in force comes from elsewhere.</summary>
    /// <param name="key">The key in force.</param>
    /// <param name="origin">Its origin as a part of a sentence: "was imported".</param>
    /// <param name="regions">The regions whose key would be generated.</param>
    public static CmekException OriginWouldChange(
        string key,
        string origin,
        string cloud,
        KeyRequest request,
        IReadOnlyList<string> regions
    ) =>
        Make(
            CmekErrorKind.InvalidState,
            key,
            $"{key} {origin}. The key for {string.Join(", ", regions)} would be generated in {cloud}. No key was created, "
                + "and no region was added.",
            $"Create the key where the one in force comes from, then give it: {AddRegions(request)} -KeyUri <key> -Grant   "
                + $"(or {AddRegions(request)} -ReplaceOrigin)"
        );

    /// <summary>The keys in force have different origins, so none of them tells where the next key comes from.</summary>
    /// <param name="inForce">The keys in force with their origins.</param>
    public static CmekException OriginWouldChange(
        IReadOnlyList<(CmekRegionSpec Key, KeyOrigin Origin)> inForce,
        string cloud,
        KeyRequest request
    )
    {
        var origins = inForce
            .GroupBy(k => k.Origin.Kind)
            .Select(g => $"{string.Join(", ", g.Select(k => k.Key.Region))} (the key {g.First().Origin.Detail})");
        return Make(
            CmekErrorKind.InvalidState,
            request.Cluster.Name,
            $"The keys in force of '{request.Cluster.Name}' have different origins: {string.Join("; ", origins)}. "
                + $"None of them decides where the key for {string.Join(", ", request.Regions)} comes from. No key was "
                + "created, and no region was added.",
            $"Create the key where it shall come from, then give it: {AddRegions(request)} -KeyUri <key> -Grant   "
                + $"(or {AddRegions(request)} -ReplaceOrigin, for a key of {cloud})"
        );
    }

    /// <summary>The command that adds the regions of a request, with their nodes.</summary>
    private static string AddRegions(KeyRequest request)
    {
        var nodes = request.Cluster.Regions.First(r => request.Regions.Contains(r.Name)).NodeCount;
        return $"Add-CrdbCmekRegion {string.Join(",", request.Regions.Select(ShellQuote.PowerShell))} -Cluster "
            + $"{ShellQuote.PowerShell(request.Cluster.Id)} -NodeCount {nodes}";
    }

    /// <summary>The command that moves a cluster to a key that exists. By id: names need not be unique.</summary>
    internal static string MoveToKey(CrdbCluster cluster) =>
        $"{Find(cluster)} | New-CrdbCmekKey -AuthPrincipal (Get-CrdbCmek "
        + $"{ShellQuote.PowerShell(cluster.Id)}).Regions[0].Keys[0].AuthPrincipal -KeyUri <new key> -Grant | "
        + "New-CrdbCmekManifest | Invoke-CrdbCmekRotation";

    /// <summary>The command that has the cloud generate a new key in place of one that comes from elsewhere.</summary>
    internal static string ReplaceByNewKey(CrdbCluster cluster) =>
        $"{Find(cluster)} | Invoke-CrdbCmekRotation -NewKey -ReplaceOrigin";

    private static string Find(CrdbCluster cluster) => $"Get-CrdbCluster {ShellQuote.PowerShell(cluster.Id)}";

    /// <summary>The material of a key cannot be replaced by the cloud itself.</summary>
    /// <param name="reason">Why, as a clause: "its versions are imported".</param>
    public static CmekException KeyCannotRotate(string key, string cloud, string reason, string remedy) =>
        Make(
            CmekErrorKind.InvalidState,
            key,
            $"{cloud} cannot create new material for {key}: {reason}. Nothing was rotated.",
            remedy
        );

    /// <summary>A key of HashiCorp Vault is to be rotated, and the session has no Vault.</summary>
    public static CmekException VaultNotConnected(string key) =>
        Make(
            CmekErrorKind.InvalidState,
            key,
            $"{key} was generated in HashiCorp Vault, which rotates it. This session is not connected to Vault. "
                + "Nothing was rotated.",
            "Connect-CrdbCloud -VaultAddress https://<host>:8200, then run the same command again   "
                + "(-NewKey -ReplaceOrigin has the cloud generate a new key instead)"
        );

    /// <summary>A region is to get a key like one of HashiCorp Vault, and the session has no Vault.</summary>
    public static CmekException VaultNotConnected(string key, KeyRequest request) =>
        Make(
            CmekErrorKind.InvalidState,
            key,
            $"{key} was generated in HashiCorp Vault, and so is the key of a region that joins. This session is not "
                + "connected to Vault. No key was created, and no region was added.",
            "Connect-CrdbCloud -VaultAddress https://<host>:8200, then run the same command again   "
                + $"(or {AddRegions(request)} -ReplaceOrigin has the cloud generate the key)"
        );
}
