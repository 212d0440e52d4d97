using CockroachCmek.Core.Checks;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Manifest;

/// <summary>Checks everything about a manifest and its cluster that is known without asking a cloud.</summary>
internal sealed class ManifestCheck(CustomerCloudTable clouds)
{
    /// <summary>Runs every check, not only until the first failure.</summary>
    public IReadOnlyList<CmekCheck> Check(CrdbCluster cluster, CmekManifest manifest)
    {
        var results = new CheckList(cluster);
        if (manifest.Cluster is { } made && made.Id != cluster.Id)
            results.Fail(
                CmekCheckName.ManifestCluster,
                "ManifestForOtherCluster",
                "",
                $"The manifest was made for '{made.Name}', not for '{cluster.Name}'.",
                $"Get-CrdbCluster {cluster.Name} | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest"
            );
        CheckCluster(cluster, results);
        foreach (var region in cluster.Regions)
            Region(cluster, region.Name, manifest, results);
        foreach (var spec in manifest.RegionSpecs)
        {
            if (!cluster.Regions.Any(r => r.Name == spec.Region))
                results.Fail(
                    CmekCheckName.RegionKnown,
                    "RegionUnknown",
                    spec.Region,
                    $"The cluster has no region '{spec.Region}'.",
                    $"(Get-CrdbCluster {cluster.Name}).Regions"
                );
            Key(cluster, spec, manifest.IsPlanned, results);
        }

        return results.All;
    }

    /// <summary>Checks the cluster itself.</summary>
    internal void CheckCluster(CrdbCluster cluster, CheckList results)
    {
        switch (cluster.Plan)
        {
            case "ADVANCED" or "DEDICATED": // the plan's name before 2024-09-16
                results.Pass(CmekCheckName.Plan, "", $"The plan is {cluster.Plan}.");
                break;
            case "":
                results.Unknown(
                    CmekCheckName.Plan,
                    "",
                    "The API does not report the plan; CMEK needs ADVANCED.",
                    $"Get-CrdbCluster {cluster.Name}"
                );
                break;
            default:
                results.Fail(
                    CmekCheckName.Plan,
                    "PlanNotSupported",
                    "",
                    $"The plan is {cluster.Plan}; CMEK needs an ADVANCED cluster.",
                    "Create an Advanced cluster with advanced security features: "
                        + "https://www.cockroachlabs.com/docs/cockroachcloud/create-an-advanced-cluster"
                );
                break;
        }

        if (clouds.Find(cluster)?.LacksAdvancedSecurity(cluster) == true)
            results.Fail(
                CmekCheckName.AdvancedSecurity,
                "AdvancedSecurityMissing",
                "",
                "The cluster is not private: it was created without advanced security features, which cannot be added "
                    + "later.",
                "Create a new cluster with advanced security features: "
                    + "https://www.cockroachlabs.com/docs/cockroachcloud/create-an-advanced-cluster"
            );
        if (cluster.State is "CREATED" or "LOCKED")
            results.Pass(CmekCheckName.State, "", $"The cluster is {cluster.State}.");
        else
            results.Fail(
                CmekCheckName.State,
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
                results.Pass(CmekCheckName.RegionCovered, region, $"The region '{region}' has a key.");
                break;
            case 0:
                results.Fail(
                    CmekCheckName.RegionCovered,
                    "RegionMissing",
                    region,
                    $"The region '{region}' has no key; every region of the cluster needs one.",
                    $"Get-CrdbCluster {cluster.Name} | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest"
                );
                break;
            default:
                results.Fail(
                    CmekCheckName.RegionCovered,
                    "RegionTwice",
                    region,
                    $"The region '{region}' appears more than once.",
                    "Keep one region spec for each region"
                );
                break;
        }
    }

    private void Key(CrdbCluster cluster, CmekRegionSpec spec, bool planned, CheckList results)
    {
        var expected = clouds.Find(cluster)?.KeyType;
        if (spec.KeySpec.Type == "NULL_KMS")
        {
            results.Fail(
                CmekCheckName.KeyType,
                "NullKmsRefused",
                spec.Region,
                "NULL_KMS is not a key of yours.",
                "New-CrdbCmekKey"
            );
            return;
        }

        if (expected is not null && spec.KeySpec.Type != expected)
        {
            results.Fail(
                CmekCheckName.KeyType,
                "ProviderMismatch",
                spec.Region,
                $"The key is {spec.KeySpec.Type}; a cluster on {cluster.CloudProvider} needs {expected}.",
                $"Get-CrdbCluster {cluster.Name} | New-CrdbCmekRole | New-CrdbCmekKey"
            );
            return;
        }

        var uri = clouds.ParseKeyUri(spec.KeySpec.Uri);
        var cloud = clouds.OfKeyType(spec.KeyType);
        if (cloud?.SeparationProblem(uri, spec.AuthPrincipal, cluster) is { } separation)
            results.Fail(CmekCheckName.KeyLocation, spec.Region, Errors.KeyPartitionDiffers(cluster.Name, separation));
        else if (!planned)
            KeyShape(spec, uri, results);
        if (cloud?.PrincipalProblem(spec.AuthPrincipal, cluster) is { } problem)
            results.Fail(
                CmekCheckName.Principal,
                "PrincipalMalformed",
                spec.Region,
                $"'{spec.AuthPrincipal}' cannot be the principal of an {spec.KeyType} key: {problem}.",
                $"Get-CrdbCluster {cluster.Name} | New-CrdbCmekRole"
            );
        else if (cloud?.KeyType == uri.KeyType && cloud?.KeyAccountProblem(uri, spec.AuthPrincipal) is { } warning)
            results.Warn(
                CmekCheckName.KeyAccount,
                "AccountsDiffer",
                spec.Region,
                warning,
                "Test-CrdbCmekManifest   (with credentials of both accounts)"
            );
    }

    private void KeyShape(CmekRegionSpec spec, KeyUri uri, CheckList results)
    {
        if (uri.Problem is { } problem)
            results.Fail(
                CmekCheckName.KeyUri,
                "KeyUriMalformed",
                spec.Region,
                $"'{spec.KeySpec.Uri}' is not a key URI: {problem}.",
                "New-CrdbCmekKey -KeyUri <key>   (finds the right one)"
            );
        else if (uri.KeyType != spec.KeySpec.Type)
            results.Fail(
                CmekCheckName.KeyUri,
                "KeyUriMalformed",
                spec.Region,
                $"'{spec.KeySpec.Uri}' is a key of {uri.KeyType}, but the type says {spec.KeySpec.Type}.",
                "New-CrdbCmekManifest"
            );
        else if (
            uri.Location is { } location
            && clouds.OfKeyType(spec.KeyType) is { } cloud
            && !cloud.Serves(location, spec.Region)
        )
            results.Warn(
                CmekCheckName.KeyLocation,
                "KeyElsewhere",
                spec.Region,
                $"The key lives in '{location}', the nodes in '{spec.Region}': it works, but depends on two regions.",
                cloud.KeyLocationRemedy
            );
        else
            results.Pass(CmekCheckName.KeyUri, spec.Region, "The key URI has the right form.");
    }
}
