using CockroachCmek.Core.Checks;
using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Manifest;

namespace CockroachCmek.Core.Cmek;

/// <summary>Checks the CMEK of a cluster, before and after it is enabled. Reads only.</summary>
internal sealed class CmekHealth(CrdbCloudClient client, ManifestCheck manifestCheck)
{
    /// <summary>CMEK that was enabled within this time after the cluster was created came before the data.</summary>
    private static readonly TimeSpan BeforeTheData = TimeSpan.FromDays(1);

    /// <summary>Runs every check. What the caller is not allowed to read is Unknown.</summary>
    public async Task<IReadOnlyList<CmekCheck>> CheckAsync(
        CrdbCluster named,
        ICmekKeyProvider keys,
        HealthOptions options,
        OperationContext context
    )
    {
        var cluster = await client.GetRecentClusterAsync(named.Id, context);
        var results = new CheckList(cluster);
        if (await CmekAsync(cluster, results, context) is not { } info)
        {
            manifestCheck.CheckCluster(cluster, results);
            return results.All;
        }

        if (info.Status is CmekStatus.Disabled or CmekStatus.EnableFailed)
            return [.. results.All, .. await PreflightAsync(info, keys, options, context)];
        manifestCheck.CheckCluster(cluster, results);
        Status(info, results);
        foreach (var region in cluster.Regions)
            Coverage(info, region.Name, results);
        DataBefore(info, results);
        Age(info, options, results, context);
        var operations = new OperationChecks(client);
        var backups = operations.BackupsAsync(cluster, context);
        var readiness = new RevocationReadiness(keys, context).CheckAsync(info);
        var sharing = (options.Sharing ?? new KeySharing()).CheckAsync(info, keys, context);
        var live = await Task.WhenAll(
            LiveChecks.Requests(info, options).Select(r => LiveChecks.RunAsync(keys, r, context))
        );
        List<CmekCheck> found = [.. results.All, .. live.SelectMany(c => c), .. await sharing, .. await readiness];
        found.AddRange((await backups).All);
        if (options.MinBackupRetention is { } least)
            found.AddRange((await operations.RetentionAsync(cluster, least, context)).All);
        // A request for each cluster of a fleet, so only where a key may have failed them.
        if (options.IncludesNodes || found.Exists(c => c.Status == CmekCheckStatus.Fail))
            found.AddRange((await operations.NodesAsync(cluster, context)).All);
        return found;
    }

    private async Task<CmekInfo?> CmekAsync(CrdbCluster cluster, CheckList results, OperationContext context)
    {
        try
        {
            var info = await client.GetCmekForCheckAsync(cluster, context);
            results.Pass(
                CmekCheckName.ApiKeyRole,
                "",
                "The API key can read CMEK, so its service account is Cluster Admin or Cluster Operator and can change it "
                    + "too."
            );
            return info;
        }
        catch (CmekException fault) when (fault.Kind == CmekErrorKind.PermissionDenied)
        {
            results.Unknown(CmekCheckName.ApiKeyRole, "", fault.Message, fault.RecommendedAction);
            return null;
        }
    }

    /// <summary>Checks what CMEK needs, before it is enabled.</summary>
    private async Task<IReadOnlyList<CmekCheck>> PreflightAsync(
        CmekInfo info,
        ICmekKeyProvider keys,
        HealthOptions options,
        OperationContext context
    )
    {
        var cluster = info.Cluster;
        var results = new CheckList(cluster);
        if (info.Status == CmekStatus.EnableFailed)
            Status(info, results);
        else
            results.Warn(
                CmekCheckName.CmekEnabled,
                "CmekNotEnabled",
                "",
                $"CMEK on '{cluster.Name}' is {info.Status}: the cluster's data is encrypted with keys of Cockroach "
                    + "Labs.",
                $"Get-CrdbCluster {cluster.Name} | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest | "
                    + $"Enable-CrdbCmek -Wait"
            );
        if (options.Manifest is not { } manifest)
        {
            manifestCheck.CheckCluster(cluster, results);
            return results.All;
        }

        return [.. results.All, .. await CheckManifestAsync(cluster, manifest, keys, options.OrganizationId, context)];
    }

    private static void Status(CmekInfo info, CheckList results)
    {
        foreach (var region in info.Regions)
        {
            var failed = region.Keys.FirstOrDefault(k => CmekStatus.IsFailed(k.Status));
            if (CmekStatus.IsFailed(region.Status))
                results.Fail(
                    CmekCheckName.CmekEnabled,
                    "CmekOperationFailed",
                    region.Region,
                    $"CMEK in {region.Region} is {region.Status}. CockroachDB Cloud says: {(failed?.UserMessage is { Length: > 0 } said ? said : "nothing")}",
                    "When the cause is gone, run the failed command again"
                );
        }

        if (info.Status == CmekStatus.Enabled)
            results.Pass(CmekCheckName.CmekEnabled, "", $"CMEK on '{info.ClusterName}' is ENABLED.");
        else if (info.Status is CmekStatus.Revoked or CmekStatus.Revoking)
            results.Fail(
                CmekCheckName.CmekEnabled,
                "CmekRevoked",
                "",
                $"CMEK on '{info.ClusterName}' is {info.Status}. Only Cockroach Labs support can bring a revoked "
                    + "cluster back.",
                "https://support.cockroachlabs.com/"
            );
        else if (CmekStatus.IsRunning(info.Status))
            results.Warn(
                CmekCheckName.CmekEnabled,
                "CmekBusy",
                "",
                $"CMEK on '{info.ClusterName}' is {info.Status} just now.",
                $"Wait-CrdbCmek {info.ClusterName}"
            );
        else if (!info.Regions.Any(r => CmekStatus.IsFailed(r.Status)))
            results.Fail(
                CmekCheckName.CmekEnabled,
                "CmekOperationFailed",
                "",
                $"CMEK on '{info.ClusterName}' is {info.Status}.",
                $"Get-CrdbCluster {info.ClusterName} | Get-CrdbCmek"
            );
    }

    private static void Coverage(CmekInfo info, string region, CheckList results)
    {
        var state = info.Regions.FirstOrDefault(r => r.Region == region);
        if (state is null || state.Keys.Count == 0)
            results.Fail(
                CmekCheckName.RegionCovered,
                "RegionMissing",
                region,
                $"The region '{region}' has no key of yours.",
                $"Get-CrdbCluster {info.ClusterName} | Get-CrdbCmek"
            );
        else
            results.Pass(CmekCheckName.RegionCovered, region, $"The region '{region}' uses {state.Keys[0].KeyUri}.");
    }

    /// <summary>CMEK "has no impact on existing data" (cmek.md).</summary>
    private static void DataBefore(CmekInfo info, CheckList results)
    {
        var enabled = info.Regions.SelectMany(r => r.Keys).Min(k => k.CreatedAt);
        if (enabled is not { } first || info.Cluster.CreatedAt is not { } made)
            results.Unknown(
                CmekCheckName.CmekBeforeData,
                "",
                "The API does not report when CMEK was enabled.",
                $"Get-CrdbCluster {info.ClusterName} | Get-CrdbCmek"
            );
        else if (first - made > BeforeTheData)
            results.Warn(
                CmekCheckName.CmekBeforeData,
                "DataOlderThanCmek",
                "",
                $"The cluster was created on {made:yyyy-MM-dd}, CMEK was enabled on {first:yyyy-MM-dd}. Data that was "
                    + "written in between is not encrypted with your key until it is rewritten.",
                "https://www.cockroachlabs.com/docs/cockroachcloud/cmek"
            );
        else
            results.Pass(CmekCheckName.CmekBeforeData, "", "CMEK was enabled with the cluster.");
    }

    private static void Age(CmekInfo info, HealthOptions options, CheckList results, OperationContext context)
    {
        foreach (var region in info.Regions.Where(r => r.Keys.Count > 0))
        {
            if (region.WrappedAt() is not { } since)
            {
                results.Unknown(
                    CmekCheckName.KeyAge,
                    region.Region,
                    "The API does not report when the region last wrapped with its key.",
                    $"Get-CrdbCluster {info.ClusterName} | Get-CrdbCmek"
                );
                continue;
            }

            var age = context.Time.GetUtcNow() - since;
            var text =
                $"The region last wrapped with its key on {since:yyyy-MM-dd}, {(int)Math.Max(0, age.TotalDays)} days ago";
            if (options.MaxKeyAge is { } limit && age > limit)
                results.Fail(
                    CmekCheckName.KeyAge,
                    "KeyTooOld",
                    region.Region,
                    $"{text}; at most {limit.TotalDays:0.#} days are allowed.",
                    $"Get-CrdbCluster {info.ClusterName} | Invoke-CrdbCmekRotation -Region {region.Region} -Wait"
                );
            else
                results.Pass(CmekCheckName.KeyAge, region.Region, $"{text}.");
        }
    }

    /// <summary>
    /// Checks a manifest: everything that is known without asking a cloud, then the keys that it names.
    /// </summary>
    /// <param name="keys">The provider of the cluster's cloud; null to ask no cloud.</param>
    public async Task<IReadOnlyList<CmekCheck>> CheckManifestAsync(
        CrdbCluster cluster,
        CmekManifest manifest,
        ICmekKeyProvider? keys,
        string? organizationId,
        OperationContext context
    )
    {
        var offline = manifestCheck.Check(cluster, manifest);
        if (keys is null || manifest.IsPlanned || offline.Any(c => c.Status == CmekCheckStatus.Fail))
            return offline;
        var live = await Task.WhenAll(
            manifest.RegionSpecs.Select(spec =>
                LiveChecks.RunAsync(
                    keys,
                    new KeyCheckRequest
                    {
                        Cluster = cluster,
                        OrganizationId = organizationId,
                        Spec = spec,
                    },
                    context
                )
            )
        );
        return [.. offline, .. live.SelectMany(c => c)];
    }
}
