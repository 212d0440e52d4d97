using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Keys.Gcp;

namespace CockroachCmek.Core.Manifest;

/// <summary>Everything about a manifest and its cluster that can be known without asking a cloud.</summary>
public sealed class ManifestCheck : IManifestCheck
{
    /// <inheritdoc/>
    public IReadOnlyList<CmekCheck> Check(CrdbCluster cluster, CmekManifest manifest)
    {
        if (cluster is null)
            throw new ArgumentNullException(nameof(cluster));
        if (manifest is null)
            throw new ArgumentNullException(nameof(manifest));
        var results = new CheckList(cluster);
        if (manifest.Cluster is { } made && made.Id != cluster.Id)
            results.Fail(
                "ManifestForOtherCluster",
                "",
                $"The manifest was made for '{made.Name}', not for '{cluster.Name}'.",
                $"Get-CrdbCluster {cluster.Name} | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest"
            );
        Cluster(cluster, results);
        foreach (var region in cluster.Regions)
            Region(cluster, region.Name, manifest, results);
        foreach (var spec in manifest.RegionSpecs)
        {
            if (!cluster.Regions.Any(r => r.Name == spec.Region))
                results.Fail(
                    "RegionUnknown",
                    spec.Region,
                    $"The cluster has no region '{spec.Region}'.",
                    $"(Get-CrdbCluster {cluster.Name}).Regions"
                );
            Key(cluster, spec, manifest.IsPlanned, results);
        }

        return results.All;
    }

    /// <summary>What the cluster itself must be, whatever its keys.</summary>
    internal static void Cluster(CrdbCluster cluster, CheckList results)
    {
        switch (cluster.Plan)
        {
            case "ADVANCED" or "DEDICATED": // the plan's name before 2024-09-16
                results.Pass("Plan", "", $"The plan is {cluster.Plan}.");
                break;
            case "":
                results.Unknown(
                    "Plan",
                    "",
                    "The API tells no plan; CMEK needs ADVANCED.",
                    $"Get-CrdbCluster {cluster.Name}"
                );
                break;
            default:
                results.Fail(
                    "PlanNotSupported",
                    "",
                    $"The plan is {cluster.Plan}; CMEK needs an ADVANCED cluster.",
                    "Create an Advanced cluster with advanced security features: https://www.cockroachlabs.com/docs/cockroachcloud/create-an-advanced-cluster"
                );
                break;
        }

        // The only sign of advanced security features in the API, and on AWS only: GCP is always private, and Azure knows no private clusters.
        if (cluster.CloudProvider == "AWS" && cluster.NetworkVisibility == "PUBLIC")
            results.Fail(
                "AdvancedSecurityMissing",
                "",
                "The cluster is not private: it was created without advanced security features, which cannot be added later.",
                "Create a new cluster with advanced security features: https://www.cockroachlabs.com/docs/cockroachcloud/create-an-advanced-cluster"
            );
        if (cluster.State is "CREATED" or "LOCKED")
            results.Pass("State", "", $"The cluster is {cluster.State}.");
        else
            results.Fail(
                "ClusterNotReady",
                "",
                $"The cluster is {(cluster.State.Length == 0 ? "in an unknown state" : cluster.State)}.",
                $"Get-CrdbCluster {cluster.Name}"
            );
    }

    private static void Region(CrdbCluster cluster, string region, CmekManifest manifest, CheckList results)
    {
        switch (manifest.RegionSpecs.Count(s => s.Region == region))
        {
            case 1:
                results.Pass("RegionCovered", region, $"The region '{region}' has a key.");
                break;
            case 0:
                results.Fail(
                    "RegionMissing",
                    region,
                    $"The region '{region}' has no key; every region of the cluster needs one.",
                    $"Get-CrdbCluster {cluster.Name} | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest"
                );
                break;
            default:
                results.Fail(
                    "RegionTwice",
                    region,
                    $"The region '{region}' stands more than once.",
                    "Keep one region spec for each region"
                );
                break;
        }
    }

    private static void Key(CrdbCluster cluster, CmekRegionSpec spec, bool planned, CheckList results)
    {
        var expected = KeyTypeOf(cluster.CloudProvider);
        if (spec.KeySpec.Type == "NULL_KMS")
        {
            results.Fail("NullKmsRefused", spec.Region, "NULL_KMS is no key of yours.", "New-CrdbCmekKey");
            return;
        }

        if (expected is not null && spec.KeySpec.Type != expected)
        {
            results.Fail(
                "ProviderMismatch",
                spec.Region,
                $"The key is {spec.KeySpec.Type}; a cluster on {cluster.CloudProvider} needs {expected}.",
                $"Get-CrdbCluster {cluster.Name} | New-CrdbCmekRole | New-CrdbCmekKey"
            );
            return;
        }

        var uri = KeyUri.Parse(spec.KeySpec.Uri);
        if (!planned)
            KeyShape(spec, uri, results);
        if (KeyUri.PrincipalProblem(spec.KeySpec.Type, spec.KeySpec.AuthPrincipal) is { } problem)
            results.Fail(
                "PrincipalMalformed",
                spec.Region,
                $"'{spec.KeySpec.AuthPrincipal}' is no principal for {spec.KeySpec.Type}: {problem}.",
                $"Get-CrdbCluster {cluster.Name} | New-CrdbCmekRole"
            );
        else if (
            uri.KeyType == "AWS_KMS"
            && KeyUri.AccountOfRole(spec.KeySpec.AuthPrincipal) is { } account
            && account != uri.Account
        )
            results.Warn(
                "AccountsDiffer",
                spec.Region,
                $"The role is in account {account}, the key in {uri.Account}: the role needs a policy of its own too.",
                $"Test-CrdbCmekManifest   (with credentials of both accounts)"
            );
    }

    private static void KeyShape(CmekRegionSpec spec, KeyUri uri, CheckList results)
    {
        if (uri.Problem is { } problem)
            results.Fail(
                "KeyUriMalformed",
                spec.Region,
                $"'{spec.KeySpec.Uri}' is no URI of a key: {problem}.",
                "New-CrdbCmekKey -KeyUri <key>   (finds the right one)"
            );
        else if (uri.KeyType != spec.KeySpec.Type)
            results.Fail(
                "KeyUriMalformed",
                spec.Region,
                $"'{spec.KeySpec.Uri}' is a key of {uri.KeyType}, but the type says {spec.KeySpec.Type}.",
                "New-CrdbCmekManifest"
            );
        else if (
            uri.Location is { } location
            && location != spec.Region
            && !(uri.KeyType == "GCP_CLOUD_KMS" && GcpLocations.Serves(location, spec.Region))
        )
            results.Warn(
                "KeyElsewhere",
                spec.Region,
                $"The key lives in '{location}', the nodes in '{spec.Region}': it works, but depends on two regions.",
                uri.KeyType == "AWS_KMS" ? "New-CrdbCmekKey -MultiRegion" : "New-CrdbCmekKey"
            );
        else
            results.Pass("KeyUri", spec.Region, "The key's URI has the right shape.");
    }

    /// <summary>The type of key that a cloud's clusters take; null for a cloud that is newer than this module.</summary>
    public static string? KeyTypeOf(string cloudProvider) =>
        cloudProvider switch
        {
            "AWS" => "AWS_KMS",
            "GCP" => "GCP_CLOUD_KMS",
            "AZURE" => "AZURE_KEY_VAULT",
            _ => null,
        };
}
